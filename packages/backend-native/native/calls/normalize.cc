// Reads the calls of normalisation and of its gradients.
#include <memory>
#include <new>

#include "../block-reader.hpp"
#include "../kernel-args.hpp"

namespace dropwise {

using namespace scalar;

namespace {

/// About what an element takes, in ns, with vectors of four floats; wider ones are quicker in proportion.
constexpr double kNormalizeNs = 1, kNormalizeGradNs = 1.5, kSumNs = 0.3;

/// The sizes of a call and how its weights lie; the number of elements.
template <class Args>
size_t readSizes(BlockReader& block, Args& a) {
  a.outer = block.count();
  a.groups = block.count();
  a.inner = block.count();
  a.eps = block.real();
  a.perInner = block.below(2);
  if (a.perInner != 0 && a.outer != 1) block.refuse("expected an outer size of 1 beside weights for places");
  return block.product(block.product(a.outer, a.groups), a.inner);
}

}  // namespace

const char* Backend::normalize(BlockReader& block) {
  NormalizeArgs a;
  const size_t n = readSizes(block, a), weights = a.perInner != 0 ? a.inner : a.groups;
  const bool hasWeight = block.below(2) != 0, hasBias = block.below(2) != 0;
  a.x = block.floats(n);
  a.weight = hasWeight ? block.floats(weights) : nullptr;
  a.bias = hasBias ? block.floats(weights) : nullptr;
  a.out = block.floats(n);
  a.stats = block.floats(block.product(2, a.groups));
  if (block.fault() != nullptr || n == 0) return block.fault();
  share(KernelId::normalize, &a, a.groups, double(n) / double(a.groups) * kNormalizeNs * 4 / double(kernels_.lanes));
  return nullptr;
}

const char* Backend::normalizeGrad(BlockReader& block) {
  NormalizeGradArgs a;
  const size_t n = readSizes(block, a), weights = a.perInner != 0 ? a.inner : a.groups;
  const bool hasWeight = block.below(2) != 0, toX = block.below(2) != 0, toWeight = block.below(2) != 0, toBias = block.below(2) != 0;
  a.grad = block.floats(n);
  a.x = block.floats(n);
  a.weight = hasWeight ? block.floats(weights) : nullptr;
  a.stats = block.floats(block.product(2, a.groups));
  a.gradX = toX ? block.floats(n) : nullptr;
  a.gradWeight = toWeight ? block.floats(weights) : nullptr;
  a.gradBias = toBias ? block.floats(weights) : nullptr;
  if (block.fault() != nullptr || n == 0) return block.fault();
  const size_t units = normalizeGradUnits(a);
  std::unique_ptr<float[]> partials;
  if (a.perInner != 0) {
    partials.reset(new (std::nothrow) float[units * 2 * a.inner]);
    if (partials == nullptr) return "expected memory for the partial sums, got none";
  }
  a.partials = partials.get();
  share(KernelId::normalizeGrad, &a, units, double(n) / double(units) * kNormalizeGradNs * 4 / double(kernels_.lanes));
  if (a.perInner == 0) return nullptr;
  float* const outs[] = {a.gradBias, a.gradWeight};
  for (size_t k = 0; k < 2; k++) {
    if (outs[k] == nullptr) continue;
    const ReduceArgs sum = {ReduceOp::sum, a.partials + k * units * a.inner, outs[k], nullptr, 1, units, a.inner};
    share(KernelId::reduce, &sum, reduceUnits(sum), double(units) * double(a.inner) * kSumNs / double(reduceUnits(sum)));
  }
  return nullptr;
}

}  // namespace dropwise
