// Reads the calls of selections by a condition.
#include "../block-reader.hpp"
#include "../kernel-args.hpp"

namespace dropwise {

using namespace scalar;

namespace {

/// About what an element takes, in ns.
constexpr double kWhereNs = 0.3;

}  // namespace

const char* Backend::where(BlockReader& block) {
  WhereArgs a;
  const uint32_t rank = block.below(kMaxRank + 1);
  size_t n = 1, extents[3] = {1, 1, 1};
  // Neighbouring dimensions that all three operands step through as one are merged as they are read, from the first on.
  a.rank = 0;
  for (uint32_t d = 0; d < rank; d++) {
    const size_t size = block.count();
    size_t steps[3];
    for (int i = 0; i < 3; i++) {
      steps[i] = block.count();
      if (size > 0) extents[i] = block.product(extents[i] + block.product(size - 1, steps[i]), 1);
    }
    n = block.product(n, size);
    if (size == 1 || block.fault() != nullptr) continue;
    const uint32_t p = a.rank - 1;
    const bool merges = a.rank > 0 && a.conditionStrides[p] == steps[0] * size && a.aStrides[p] == steps[1] * size && a.bStrides[p] == steps[2] * size;
    const uint32_t at = merges ? p : a.rank++;
    a.shape[at] = merges ? a.shape[at] * size : size;
    a.conditionStrides[at] = steps[0];
    a.aStrides[at] = steps[1];
    a.bStrides[at] = steps[2];
  }
  const uint32_t constant = block.below(3);  // 1: a is a number, 2: b is
  const float value = block.real();
  a.condition = static_cast<const uint8_t*>(block.memory(n > 0 ? extents[0] : 0, 1));
  a.a = constant == 1 ? &value : block.floats(n > 0 ? extents[1] : 0);
  a.b = constant == 2 ? &value : block.floats(n > 0 ? extents[2] : 0);
  a.out = block.floats(n);
  for (uint32_t d = 0; d < a.rank; d++) {
    if ((constant == 1 && a.aStrides[d] != 0) || (constant == 2 && a.bStrides[d] != 0)) block.refuse("expected strides of 0 for a number");
  }
  if (block.fault() != nullptr || n == 0) return block.fault();
  if (a.rank == 0) {
    a.shape[0] = 1;
    a.conditionStrides[0] = a.aStrides[0] = a.bStrides[0] = 0;
    a.rank = 1;
  }
  share(KernelId::where, &a, n, kWhereNs);
  return nullptr;
}

}  // namespace dropwise
