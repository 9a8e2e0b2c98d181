// Reads the calls of matrix products.
#include "../block-reader.hpp"
#include "../kernel-args.hpp"

namespace dropwise {

using namespace scalar;

namespace {

/// About what a multiplication with its sum takes, in ns, with vectors of four floats; wider ones are quicker in proportion.
constexpr double kMultiplyAddNs = 0.04;

size_t partsOf(size_t whole, size_t part) { return (whole + part - 1) / part; }

/// One of `shares` parts of `whole`, in multiples of `step`.
size_t shareOf(size_t whole, size_t shares, size_t step) { return partsOf(partsOf(whole, shares), step) * step; }

}  // namespace

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
  if (!hasScratch()) return "expected memory for the panels, got none";
  // Every unit packs what it reads of both operands, so no more of them than are needed to share the work well, and those rather of few columns: a
  // panel of columns that is copied is used by all rows.
  const size_t wanted = pool_.threads() == 1 ? 1 : 2 * pool_.threads();
  const size_t rowBlocks = batches * partsOf(a.m, kBlockRows);
  a.blockColumns = shareOf(a.n, partsOf(wanted, rowBlocks), kernels_.tileColumns);
  a.blockRows = smaller(kBlockRows, shareOf(a.m, partsOf(wanted, batches * partsOf(a.n, a.blockColumns)), kRowStep));
  const size_t units = matmulUnits(a, batches);
  share(KernelId::matmul, &a, units, double(results) * double(a.k) / double(units) * kMultiplyAddNs * 4 / double(kernels_.lanes) + 1);
  return nullptr;
}

}  // namespace dropwise
