// Reads the calls of strided copies.
#include "../block-reader.hpp"
#include "../kernel-args.hpp"

namespace dropwise {

using namespace scalar;

namespace {

/// About what an element takes, in ns.
constexpr double kCopyNs = 0.5;

}  // namespace

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
