// Reads the calls of optimizer steps.
#include "../block-reader.hpp"
#include "../kernel-args.hpp"

namespace dropwise {

using namespace scalar;

namespace {

/// About what an element takes, in ns, with vectors of four floats; wider ones are quicker in proportion.
constexpr double kSgdNs = 0.4, kAdamNs = 1;

}  // namespace

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

}  // namespace dropwise
