#include "calls.hpp"

#include <algorithm>

#include "block-reader.hpp"
#include "cpu.hpp"

namespace dropwise {

namespace {

/// A call estimated to be shorter than this is not worth waking anybody for.
constexpr double kWorthSharingNs = 15000;
/// What a chunk should take: short, since the end of a call is waited for, and long against the price of a claim.
constexpr double kChunkNs = 5000;
/// Chunks of elements are multiples of this, a step of the widest generator: 48 blocks, which is also whole cache lines.
constexpr size_t kChunkElements = 192;

}  // namespace

Backend::Backend(const KernelTable& kernels, unsigned threads, const double* block, size_t blockLength)
    : kernels_(kernels), block_(block), blockLength_(blockLength), cacheBytes_(cacheBytes()), pool_(threads, kernels.scratch) {}

size_t Backend::attach(uint8_t* data, size_t bytes) {
  size_t slab = slabs_.size();
  if (!freeSlabs_.empty()) {
    slab = freeSlabs_.back();
    freeSlabs_.pop_back();
  } else {
    slabs_.emplace_back();
    freeSlabs_.reserve(slabs_.size());  // so that detach cannot fail
  }
  slabs_[slab] = {data, bytes};
  return slab;
}

bool Backend::detach(size_t slab) {
  if (slab >= slabs_.size() || slabs_[slab].data == nullptr) return false;
  slabs_[slab] = {};
  freeSlabs_.push_back(slab);
  return true;
}

const char* Backend::run() {
  BlockReader block(*this);
  const auto id = KernelId(block.below(uint32_t(KernelId::count)));
  if (block.fault() != nullptr) return block.fault();
  switch (id) {
    case KernelId::dropout: return dropout(block);
    case KernelId::unary: return unary(block);
    case KernelId::binary: return binary(block);
    case KernelId::reduce: return reduce(block);
    case KernelId::softmax:
    case KernelId::softmaxGrad: return softmax(block, id);
    case KernelId::sgd: return sgd(block);
    case KernelId::adam: return adam(block);
    case KernelId::matmul: return matmul(block);
    case KernelId::copy: return copy(block);
    case KernelId::dropoutLayout: return dropoutLayout(block);
    case KernelId::normalize: return normalize(block);
    case KernelId::normalizeGrad: return normalizeGrad(block);
    case KernelId::lstm:
    case KernelId::lstmGrad: return lstm(block, id);
    case KernelId::attention:
    case KernelId::attentionGrad: return attention(block, id);
    case KernelId::convolution: return convolution(block);
    case KernelId::convolutionWeights: return convolutionWeights(block);
    case KernelId::pool: return pool(block);
    case KernelId::activation: return activation(block);
    case KernelId::where: return where(block);
    case KernelId::gather:
    case KernelId::scatterAdd: return gather(block, id);
    case KernelId::sumPieces:
    case KernelId::count: break;
  }
  return "expected the number of an operation";
}

bool Backend::hasScratch() {
  if (scratch_ == nullptr) scratch_ = newScratch(kernels_.scratch);
  return scratch_ != nullptr;
}

void Backend::share(KernelId id, const void* args, size_t units, double unitNs) {
  if (units == 0) return;
  const Kernel kernel = kernels_[id];
  if (pool_.threads() == 1 || double(units) * unitNs < kWorthSharingNs) return kernel(args, 0, units, scratch_.get());
  size_t chunk = std::max<size_t>(1, size_t(kChunkNs / unitNs));
  if (chunk > kChunkElements) chunk = (chunk + kChunkElements - 1) / kChunkElements * kChunkElements;
  pool_.run(kernel, args, units, chunk, double(units) * unitNs, scratch_.get());
}

}  // namespace dropwise
