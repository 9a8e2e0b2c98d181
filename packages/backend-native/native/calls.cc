#include "calls.hpp"

#include <algorithm>
#include <cstring>

#include "block-reader.hpp"
#include "cpu.hpp"

// The argument structs, which are the same in every namespace of the kernels.
#define DROPWISE_ISA scalar
#include <dropwise/binary.hpp>
#include <dropwise/copy.hpp>
#include <dropwise/dropout.hpp>
#include <dropwise/mask-layout.hpp>
#include <dropwise/matmul.hpp>
#include <dropwise/optimizer.hpp>
#include <dropwise/reduce.hpp>
#include <dropwise/softmax.hpp>
#include <dropwise/unary.hpp>

namespace dropwise {

using namespace scalar;

namespace {

/// A call estimated to be shorter than this is not worth waking anybody for.
constexpr double kWorthSharingNs = 15000;
/// What a chunk should take: short, since the end of a call is waited for, and long against the price of a claim.
constexpr double kChunkNs = 5000;
/// Chunks of elements are multiples of this, a step of the widest generator: 48 blocks, which is also whole cache lines.
constexpr size_t kChunkElements = 192;

/// About what an element takes, in ns, with vectors of four floats; wider ones are quicker in proportion.
constexpr double kDropoutNs = 1.1, kBinaryNs = 0.15, kSumNs = 0.3, kArgmaxNs = 1, kSoftmaxNs = 3, kSgdNs = 0.4, kAdamNs = 1, kCopyNs = 0.5;
constexpr double kUnaryNs[] = {0.1, 0.1, 0.4, 0.1, 2, 2.5, 3, 0.4, 0.4, 0.4, 0.2, 3, 3, 0.8};
constexpr double kMultiplyAddNs = 0.04;

/// What dropout with and without a layout have in common; the number of elements.
size_t readDropout(BlockReader& block, DropoutArgs& a) {
  a.seedLo = block.word();
  a.seedHi = block.word();
  a.callLo = block.word();
  a.callHi = block.word();
  a.threshold = block.word();
  a.keepScale = block.real();
  a.keepShift = block.real();
  a.dropValue = block.real();
  a.elementOffset = block.count();
  a.xStep = block.below(2);
  a.rank = block.below(kMaxRank + 1);
  size_t n = 1, last = a.elementOffset;  // the largest mask index
  for (uint32_t d = 0; d < a.rank; d++) {
    a.shape[d] = block.count();
    a.maskStrides[d] = block.count();
    n = block.product(n, a.shape[d]);
    if (a.shape[d] > 0) last = block.product(last + block.product(a.shape[d] - 1, a.maskStrides[d]), 1);
  }
  a.x = block.floats(a.xStep == 1 ? n : n > 0);
  a.out = block.floats(n);
  if (a.rank == 0) block.refuse("expected at least one dimension");
  return n;
}

/// Whether x and out leave the caches anyhow. The memory is then what threads wait for; one thread waits for its arithmetic.
bool outgrows(const DropoutArgs& a, size_t n, size_t cacheBytes) { return a.x != a.out && a.rank == 1 && n * sizeof(float) >= 2 * cacheBytes; }

}  // namespace

Backend::Backend(const KernelTable& kernels, unsigned threads, const double* block, size_t blockLength)
    : kernels_(kernels), block_(block), blockLength_(blockLength), cacheBytes_(cacheBytes()), pool_(threads, kernels.matmulScratch) {}

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
    case KernelId::sumPieces:
    case KernelId::count: break;
  }
  return "expected the number of an operation";
}

void Backend::share(KernelId id, const void* args, size_t units, double unitNs) {
  if (units == 0) return;
  const Kernel kernel = kernels_[id];
  if (pool_.threads() == 1 || double(units) * unitNs < kWorthSharingNs) return kernel(args, 0, units, scratch_.get());
  size_t chunk = std::max<size_t>(1, size_t(kChunkNs / unitNs));
  if (chunk > kChunkElements) chunk = (chunk + kChunkElements - 1) / kChunkElements * kChunkElements;
  pool_.run(kernel, args, units, chunk, double(units) * unitNs, scratch_.get());
}

const char* Backend::dropout(BlockReader& block) {
  DropoutArgs a;
  const size_t n = readDropout(block, a);
  if (block.fault() != nullptr || n == 0) return block.fault();
  a.around = pool_.threads() > 1 && outgrows(a, n, cacheBytes_);
  // Wide vectors draw more than a few elements need.
  if (n <= 8) return kScalarKernels[KernelId::dropout](&a, 0, n, nullptr), nullptr;
  share(KernelId::dropout, &a, n, kDropoutNs * 4 / double(kernels_.lanes));
  return nullptr;
}

const char* Backend::dropoutLayout(BlockReader& block) {
  LayoutArgs a;
  a.kind = block.below(uint32_t(LayoutKind::flat) + 1);
  a.width = block.word();
  a.threads = block.word();
  a.shift = block.below(2);
  a.low = block.word();
  a.thresholdHi = block.word();
  const size_t n = readDropout(block, a.dropout);
  if (!isKnown(a)) block.refuse("expected a layout of masks");
  if (block.fault() != nullptr || n == 0) return block.fault();
  a.dropout.around = pool_.threads() > 1 && outgrows(a.dropout, n, cacheBytes_);
  if (n <= 8) return kScalarKernels[KernelId::dropoutLayout](&a, 0, layoutUnits(a, n), nullptr), nullptr;
  share(KernelId::dropoutLayout, &a, layoutUnits(a, n), layoutBlocksOfUnit(a, n) * kDropoutNs * 16 / double(kernels_.lanes));
  return nullptr;
}

const char* Backend::unary(BlockReader& block) {
  UnaryArgs a;
  a.op = UnaryOp(block.below(uint32_t(std::size(kUnaryNs))));
  const size_t n = block.count();
  a.x = block.floats(n);
  a.out = block.floats(n);
  if (block.fault() != nullptr) return block.fault();
  share(KernelId::unary, &a, n, kUnaryNs[size_t(a.op)] * 4 / double(kernels_.lanes));
  return nullptr;
}

const char* Backend::binary(BlockReader& block) {
  BinaryArgs a;
  float constants[2];
  a.op = BinaryOp(block.below(uint32_t(BinaryOp::ge) + 1));
  const uint32_t rank = block.below(kMaxRank + 1);
  size_t n = 1, extentA = 1, extentB = 1;
  // Neighbouring dimensions that both operands step through as one are merged as they are read, from the first on.
  a.rank = 0;
  for (uint32_t d = 0; d < rank; d++) {
    const size_t size = block.count(), strideA = block.count(), strideB = block.count();
    n = block.product(n, size);
    if (size > 0) {
      extentA = block.product(extentA + block.product(size - 1, strideA), 1);
      extentB = block.product(extentB + block.product(size - 1, strideB), 1);
    }
    if (size == 1 || block.fault() != nullptr) continue;
    const uint32_t p = a.rank - 1;
    if (a.rank > 0 && a.aStrides[p] == strideA * size && a.bStrides[p] == strideB * size) {
      a.shape[p] *= size;
      a.aStrides[p] = strideA;
      a.bStrides[p] = strideB;
    } else {
      a.shape[a.rank] = size;
      a.aStrides[a.rank] = strideA;
      a.bStrides[a.rank++] = strideB;
    }
  }
  const bool isComparison = a.op >= BinaryOp::eq;
  const uint32_t constant = block.below(3);  // 1: a is a number, 2: b is
  constants[0] = constants[1] = block.real();
  a.a = constant == 1 ? constants : block.floats(n > 0 ? extentA : 0);
  a.b = constant == 2 ? constants : block.floats(n > 0 ? extentB : 0);
  a.out = block.memory(n, isComparison ? 1 : sizeof(float));
  for (uint32_t d = 0; d < a.rank; d++) {
    if ((constant == 1 && a.aStrides[d] != 0) || (constant == 2 && a.bStrides[d] != 0)) block.refuse("expected strides of 0 for a number");
  }
  if (block.fault() != nullptr || n == 0) return block.fault();
  if (a.rank == 0) {
    a.shape[0] = 1;
    a.aStrides[0] = a.bStrides[0] = 0;
    a.rank = 1;
  }
  share(KernelId::binary, &a, n, kBinaryNs);
  return nullptr;
}

const char* Backend::reduce(BlockReader& block) {
  ReduceArgs a;
  a.op = ReduceOp(block.below(uint32_t(ReduceOp::argmax) + 1));
  a.outer = block.count();
  a.size = block.count();
  a.inner = block.count();
  const size_t results = block.product(a.outer, a.inner);
  a.x = block.floats(block.product(results, a.size));
  a.out = block.memory(results, sizeof(float));  // float, or int32 for argmax
  if (a.op != ReduceOp::sum && a.size == 0) block.refuse("expected at least one element to reduce");
  if (block.fault() != nullptr || results == 0) return block.fault();
  const size_t pieces = reducePieces(a), units = reduceUnits(a);
  std::unique_ptr<double[]> partials;
  if (pieces > 1) {
    partials.reset(new (std::nothrow) double[a.outer * pieces]);
    if (partials == nullptr) return "expected memory for the partial sums, got none";
  }
  a.partials = partials.get();
  const double ns = a.op == ReduceOp::argmax ? kArgmaxNs : kSumNs;
  share(KernelId::reduce, &a, units, double(results) * double(a.size) * ns / double(units) + 1);
  if (pieces > 1) kernels_[KernelId::sumPieces](&a, 0, a.outer, nullptr);
  return nullptr;
}

const char* Backend::softmax(BlockReader& block, KernelId id) {
  SoftmaxArgs a;
  a.log = block.below(2);
  a.outer = block.count();
  a.size = block.count();
  a.inner = block.count();
  const size_t n = block.product(block.product(a.outer, a.inner), a.size);
  a.x = block.floats(n);
  a.grad = id == KernelId::softmaxGrad ? block.floats(n) : nullptr;
  a.out = block.floats(n);
  if (block.fault() != nullptr || n == 0) return block.fault();
  // A unit is a row, or as many neighbouring columns as a vector has lanes.
  const size_t units = a.outer * (a.inner == 1 ? 1 : (a.inner + kernels_.lanes - 1) / kernels_.lanes);
  share(id, &a, units, double(n) / double(units) * kSoftmaxNs * 4 / double(kernels_.lanes));
  return nullptr;
}

const char* Backend::sgd(BlockReader& block) {
  SgdArgs a;
  const size_t n = block.count();
  const bool hasMomentum = block.below(2) != 0;
  a.lr = block.real();
  a.momentumFactor = block.real();
  a.gradFactor = block.real();
  a.weightDecay = block.real();
  a.nesterov = block.below(2);
  a.first = block.below(2);
  a.param = block.floats(n);
  a.grad = block.floats(n);
  a.momentum = hasMomentum ? block.floats(n) : nullptr;
  if (block.fault() != nullptr) return block.fault();
  share(KernelId::sgd, &a, n, kSgdNs);
  return nullptr;
}

const char* Backend::adam(BlockReader& block) {
  AdamArgs a;
  const size_t n = block.count();
  a.beta1 = block.real();
  a.gradFactor = block.real();
  a.beta2 = block.real();
  a.squareFactor = block.real();
  a.stepSize = block.real();
  a.rootCorrection = block.real();
  a.eps = block.real();
  a.weightDecay = block.real();
  a.shrink = block.real();
  a.param = block.floats(n);
  a.grad = block.floats(n);
  a.mean = block.floats(n);
  a.square = block.floats(n);
  if (block.fault() != nullptr) return block.fault();
  share(KernelId::adam, &a, n, kAdamNs);
  return nullptr;
}

const char* Backend::matmul(BlockReader& block) {
  MatmulArgs a;
  const size_t batches = block.count();
  a.m = block.count();
  a.k = block.count();
  a.n = block.count();
  const bool hasBias = block.below(2) != 0;
  a.xRow = block.count();
  a.xColumn = block.count();
  a.xBatch = block.count();
  a.yRow = block.count();
  a.yColumn = block.count();
  a.yBatch = block.count();
  const size_t results = block.product(block.product(batches, a.m), a.n);
  const auto extent = [&](size_t rows, size_t row, size_t columns, size_t column, size_t batch) {
    if (batches == 0 || rows == 0 || columns == 0) return size_t(0);
    const size_t steps = block.product(batches - 1, batch) + block.product(rows - 1, row) + block.product(columns - 1, column);
    return block.product(steps + 1, 1);
  };
  a.x = block.floats(extent(a.m, a.xRow, a.k, a.xColumn, a.xBatch));
  a.y = block.floats(extent(a.k, a.yRow, a.n, a.yColumn, a.yBatch));
  a.out = block.floats(results);
  a.bias = hasBias ? block.floats(a.n) : nullptr;
  if (block.fault() != nullptr || results == 0) return block.fault();
  if (scratch_ == nullptr && (scratch_ = newScratch(kernels_.matmulScratch)) == nullptr) return "expected memory for the panels, got none";
  a.blockRows = kBlockRows;
  // Every unit packs what it reads of both operands, so no more of them than are needed to share the work well.
  const size_t rowBlocks = batches * ((a.m + kBlockRows - 1) / kBlockRows), threads = pool_.threads();
  const size_t wanted = threads == 1 ? 1 : (2 * threads + rowBlocks - 1) / rowBlocks, tile = kernels_.tileColumns;
  a.blockColumns = ((a.n + wanted - 1) / wanted + tile - 1) / tile * tile;
  const size_t units = matmulUnits(a, batches);
  share(KernelId::matmul, &a, units, double(results) * double(a.k) / double(units) * kMultiplyAddNs * 4 / double(kernels_.lanes) + 1);
  return nullptr;
}

const char* Backend::copy(BlockReader& block) {
  CopyArgs a;
  a.rank = block.below(kMaxRank + 1);
  if (a.rank < 2) block.refuse("expected at least two dimensions");
  size_t n = 1, xExtent = 1, outExtent = 1;
  for (uint32_t d = 0; d < a.rank; d++) {
    a.shape[d] = block.count();
    a.xStrides[d] = block.count();
    a.outStrides[d] = block.count();
    n = block.product(n, a.shape[d]);
    if (a.shape[d] == 0) continue;
    xExtent = block.product(xExtent + block.product(a.shape[d] - 1, a.xStrides[d]), 1);
    outExtent = block.product(outExtent + block.product(a.shape[d] - 1, a.outStrides[d]), 1);
  }
  a.x = block.floats(n > 0 ? xExtent : 0);
  a.out = block.floats(n > 0 ? outExtent : 0);
  if (block.fault() != nullptr || n == 0) return block.fault();
  const size_t columns = a.shape[a.rank - 1];
  share(KernelId::copy, &a, n / columns, double(columns) * kCopyNs);
  return nullptr;
}

}  // namespace dropwise
