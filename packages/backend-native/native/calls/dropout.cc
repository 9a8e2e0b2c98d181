// Reads the calls of dropout, with a layout of masks and without.
#include "../block-reader.hpp"
#include "../kernel-args.hpp"

namespace dropwise {

using namespace scalar;

namespace {

/// About what an element takes, in ns, with vectors of four floats; wider ones are quicker in proportion.
constexpr double kDropoutNs = 1.1;

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

}  // namespace dropwise
