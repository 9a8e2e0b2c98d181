// One backend's memory, threads and kernels, and how a call gets to them.
//
// JavaScript writes a call into the argument block, an array of doubles that both sides see, and then calls `run` without arguments: converting
// arguments through Node-API costs more than a small kernel. Whatever the block says is checked here against the memory that was attached,
// so that no block, however wrong, reads or writes a byte outside of it. The order of the numbers is that of `src/*.ts`.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kernel-table.hpp"
#include "pool.hpp"

namespace dropwise {

/// Memory that JavaScript made and attached.
struct Slab {
  uint8_t* data = nullptr;
  size_t bytes = 0;
};

class BlockReader;

class Backend {
 public:
  Backend(const KernelTable& kernels, unsigned threads, const double* block, size_t blockLength);

  const KernelTable& kernels() const { return kernels_; }
  unsigned threads() const { return pool_.threads(); }

  /// Runs the call in the block. Null when done, else what is wrong with it; then nothing was written.
  const char* run();

  /// Makes memory known under a number.
  size_t attach(uint8_t* data, size_t bytes);
  /// Forgets it. The number may be given out again. False when there is no such memory.
  bool detach(size_t slab);

  /// Ends the threads and frees what they and this one had. A later call works, on this thread alone.
  void stop() {
    pool_.stop();
    scratch_.reset();
  }

  Pool& pool() { return pool_; }

 private:
  friend class BlockReader;
  const char* dropout(BlockReader& block);
  const char* dropoutLayout(BlockReader& block);
  const char* unary(BlockReader& block);
  const char* binary(BlockReader& block);
  const char* reduce(BlockReader& block);
  const char* softmax(BlockReader& block, KernelId id);
  const char* sgd(BlockReader& block);
  const char* adam(BlockReader& block);
  const char* matmul(BlockReader& block);
  const char* copy(BlockReader& block);
  const char* normalize(BlockReader& block);
  const char* normalizeGrad(BlockReader& block);
  const char* lstm(BlockReader& block, KernelId id);
  const char* attention(BlockReader& block, KernelId id);
  const char* convolution(BlockReader& block);
  const char* convolutionWeights(BlockReader& block);
  const char* pool(BlockReader& block);
  const char* activation(BlockReader& block);
  const char* where(BlockReader& block);
  const char* gather(BlockReader& block, KernelId id);

  /// Memory that this thread works in, made when first asked for. False when there is none.
  bool hasScratch();
  /// Runs units [0, units), on several threads where that is worth it. `unitNs`: about what one takes on one thread.
  void share(KernelId id, const void* args, size_t units, double unitNs);

  const KernelTable& kernels_;
  const double* const block_;
  const size_t blockLength_;
  const size_t cacheBytes_;
  std::vector<Slab> slabs_;
  std::vector<size_t> freeSlabs_;
  Scratch scratch_;
  Pool pool_;
};

}  // namespace dropwise
