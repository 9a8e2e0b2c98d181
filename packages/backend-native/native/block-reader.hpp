// Reads an argument block number by number and keeps the first fault. Nothing it returns after a fault may be used.
#pragma once

#include "calls.hpp"

namespace dropwise {

class BlockReader {
 public:
  explicit BlockReader(const Backend& backend) : backend_(backend), at_(backend.block_), end_(backend.block_ + backend.blockLength_) {}

  const char* fault() const { return fault_; }
  void refuse(const char* fault) {
    if (fault_ == nullptr) fault_ = fault;
  }

  double number() {
    if (at_ == end_) return refuse("the argument block is too short"), 0;
    return *at_++;
  }

  float real() { return float(number()); }

  /// A size, a stride or an index: whole, and exact in a double.
  size_t count() {
    const double value = number();
    if (!(value >= 0 && value <= kMaxCount)) return refuse("expected a whole number in [0, 2^53)"), 0;
    const int64_t whole = int64_t(value);  // signed: one instruction
    if (double(whole) != value) return refuse("expected a whole number in [0, 2^53)"), 0;
    return size_t(whole);
  }

  uint32_t word() {
    const size_t value = count();
    if (value > UINT32_MAX) return refuse("expected a 32-bit word"), 0;
    return uint32_t(value);
  }

  /// A number below `limit`: an operation, a flag.
  uint32_t below(uint32_t limit) {
    const size_t value = count();
    if (value >= limit) return refuse("expected the number of an operation"), 0;
    return uint32_t(value);
  }

  /// The memory of `elements` elements of `size` bytes, given as a slab and a byte offset. Aligned to `size`.
  void* memory(size_t elements, size_t size) {
    const size_t slab = count(), offset = count();
    if (fault_ != nullptr) return nullptr;
    if (slab >= backend_.slabs_.size() || backend_.slabs_[slab].data == nullptr) return refuse("expected attached memory"), nullptr;
    const Slab& s = backend_.slabs_[slab];
    if (offset % size != 0) return refuse("expected an offset on a whole element"), nullptr;
    if (offset > s.bytes || elements > (s.bytes - offset) / size) return refuse("expected an operand inside its memory"), nullptr;
    return s.data + offset;
  }

  float* floats(size_t elements) { return static_cast<float*>(memory(elements, sizeof(float))); }

  /// a * b, refused beyond 2^53.
  size_t product(size_t a, size_t b) {
    if (double(a) * double(b) > kMaxCount) return refuse("expected fewer than 2^53 elements"), 0;
    return a * b;
  }

 private:
  static constexpr double kMaxCount = 9007199254740991.0;
  const Backend& backend_;
  const double* at_;
  const double* const end_;
  const char* fault_ = nullptr;
};

}  // namespace dropwise
