// Reads the calls of an LSTM over a sequence, and of its gradient.
#include <algorithm>

#include "../block-reader.hpp"
#include "../kernel-args.hpp"

namespace dropwise {

using namespace scalar;

namespace {

/// About what a gate takes beside its product, and a multiplication with its sum, in ns, with vectors of four floats; wider ones are quicker in proportion.
constexpr double kGateNs = 3, kMultiplyAddNs = 0.04;

}  // namespace

const char* Backend::lstm(BlockReader& block, KernelId id) {
  LstmArgs a = {};
  a.steps = block.count();
  a.batch = block.count();
  a.hidden = block.count();
  a.reverse = block.below(2);
  const bool isGrad = id == KernelId::lstmGrad;
  const size_t state = block.product(a.batch, a.hidden), all = block.product(a.steps, state), gates = block.product(4, all);
  a.x = isGrad ? nullptr : block.floats(gates);
  a.weight = block.floats(block.product(block.product(4, a.hidden), a.hidden));
  a.h0 = isGrad ? nullptr : block.floats(state);
  a.c0 = block.floats(state);
  a.gates = block.floats(gates);
  a.states = block.floats(block.product(2, all));
  if (isGrad) {
    a.gradStates = block.floats(block.product(2, all));
    a.gradX = block.floats(gates);
    a.gradH0 = block.floats(state);
    a.gradC0 = block.floats(state);
  }
  if (block.fault() != nullptr || all == 0) return block.fault();
  if (!hasScratch()) return "expected memory for the panels, got none";
  a.rows = std::min(kBlockRows, partsOf(a.batch, pool_.threads()));
  const double each = double(gates) * (kGateNs + double(a.hidden) * kMultiplyAddNs) * 4 / double(kernels_.lanes);
  share(id, &a, lstmUnits(a), each / double(lstmUnits(a)));
  return nullptr;
}

}  // namespace dropwise
