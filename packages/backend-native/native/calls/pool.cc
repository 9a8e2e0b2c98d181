// Reads the calls of pooling and of its gradient.
#include "../window-axes.hpp"

namespace dropwise {

using namespace scalar;

namespace {

/// About what an element of a window takes, in ns.
constexpr double kElementNs = 0.8;

}  // namespace

const char* Backend::pool(BlockReader& block) {
  PoolArgs a;
  const bool back = block.below(2) != 0;
  a.op = block.below(2);
  const bool reads = !back || PoolOp(a.op) == PoolOp::max;
  a.planes = block.count();
  const Planes planes = readAxes(block, a.axes);
  if (planes.input > UINT32_MAX) block.refuse("expected planes of fewer than 2^32 elements");
  const size_t input = block.product(a.planes, planes.input), output = block.product(a.planes, planes.output);
  a.x = reads ? block.floats(input) : nullptr;
  a.grad = back ? block.floats(output) : nullptr;
  a.out = block.floats(back ? input : output);
  if (block.fault() != nullptr || a.planes == 0) return block.fault();
  if (!hasScratch()) return "expected memory for a line, got none";
  share(KernelId::pool, &a, a.planes, double(planes.output) * double(planes.kernel) * kElementNs + 1);
  return nullptr;
}

}  // namespace dropwise
