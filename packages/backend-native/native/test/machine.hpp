// A backend with one slab of memory, whose bytes beyond the ends the sanitizer watches.
#pragma once

#include <memory>
#include <vector>

#include "../calls.hpp"
#include "random.hpp"

/// Floats of memory that every test works in.
constexpr size_t kFloats = 120000;

class Machine {
 public:
  Machine(const dropwise::KernelTable& table, unsigned threads)
      : memory_(new float[kFloats]), backend_(table, threads, block_, sizeof block_ / sizeof block_[0]) {
    slab_ = backend_.attach(reinterpret_cast<uint8_t*>(memory_.get()), kFloats * sizeof(float));
  }

  float* memory() { return memory_.get(); }
  double slab() const { return double(slab_); }
  dropwise::Backend& backend() { return backend_; }
  double* block() { return block_; }

  /// The argument block of a call.
  const char* run(const std::vector<double>& numbers) {
    for (size_t i = 0; i < sizeof block_ / sizeof block_[0]; i++) block_[i] = i < numbers.size() ? numbers[i] : 0;
    backend_.pool().forgetLosses();
    return backend_.run();
  }

  void fill(const std::vector<float>& values) { std::copy(values.begin(), values.end(), memory_.get()); }

 private:
  double block_[96] = {};
  std::unique_ptr<float[]> memory_;
  dropwise::Backend backend_;
  size_t slab_ = 0;
};
