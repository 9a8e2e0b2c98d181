// Reads the calls of gather and of scatterAdd, and looks at every index before anything is written.
#include "../block-reader.hpp"
#include "../kernel-args.hpp"

namespace dropwise {

using namespace scalar;

namespace {

/// About what an element takes, in ns.
constexpr double kGatherNs = 0.5;

bool areInside(const GatherArgs& a) {
  // Steps of 0 come to the same index again.
  const size_t outer = a.steps[0] == 0 ? 1 : a.outer, count = a.steps[1] == 0 ? 1 : a.count, inner = a.steps[2] == 0 ? 1 : a.inner;
  for (size_t o = 0; o < outer; o++) {
    for (size_t j = 0; j < count; j++) {
      const int32_t* const index = a.index + o * a.steps[0] + j * a.steps[1];
      for (size_t i = 0; i < inner; i++) {
        if (index[i * a.steps[2]] < 0 || size_t(index[i * a.steps[2]]) >= a.along) return false;
      }
    }
  }
  return true;
}

}  // namespace

const char* Backend::gather(BlockReader& block, KernelId id) {
  GatherArgs a;
  a.outer = block.count();
  a.along = block.count();
  a.count = block.count();
  a.inner = block.count();
  size_t extent = 1;
  const size_t sizes[] = {a.outer, a.count, a.inner};
  for (int d = 0; d < 3; d++) {
    a.steps[d] = block.count();
    if (sizes[d] > 0) extent = block.product(extent + block.product(sizes[d] - 1, a.steps[d]), 1);
  }
  const size_t rows = block.product(a.outer, a.count), picked = block.product(rows, a.inner);
  const size_t table = block.product(block.product(a.outer, a.along), a.inner);
  a.index = static_cast<const int32_t*>(block.memory(picked > 0 ? extent : 0, sizeof(int32_t)));
  a.x = block.floats(id == KernelId::gather ? table : picked);
  a.out = block.floats(id == KernelId::gather ? picked : table);
  if (block.fault() != nullptr || picked == 0) return block.fault();
  if (!areInside(a)) return "expected indices of elements that are there";
  const size_t units = id == KernelId::gather ? rows : scatterUnits(a);
  share(id, &a, units, double(picked) / double(units) * kGatherNs);
  return nullptr;
}

}  // namespace dropwise
