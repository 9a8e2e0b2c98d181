// Reads the calls of convolutions and of their gradients.
#include <memory>
#include <new>

#include "../window-axes.hpp"

namespace dropwise {

using namespace scalar;

namespace {

/// About what a multiplication with its sum takes, in ns, with vectors of four floats; wider ones are quicker in proportion.
constexpr double kMultiplyAddNs = 0.05;

constexpr const char* kNoMemory = "expected memory for the panels, got none";

Planes readSizes(BlockReader& block, ConvolutionArgs& a) {
  a.phase = 0;
  a.batch = block.count();
  a.groups = block.count();
  a.inChannels = block.count();
  a.outChannels = block.count();
  const Planes planes = readAxes(block, a.axes);
  if (planes.kernel > kMostTaps) block.refuse("expected kernels of at most 16384 elements");
  return planes;
}

size_t elements(BlockReader& block, size_t a, size_t b, size_t c, size_t d) { return block.product(block.product(a, b), block.product(c, d)); }

}  // namespace

const char* Backend::convolution(BlockReader& block) {
  ConvolutionArgs a;
  a.kind = block.below(2);
  const bool hasBias = block.below(2) != 0, back = ConvolutionKind(a.kind) == ConvolutionKind::gradInput;
  const Planes planes = readSizes(block, a);
  const size_t input = elements(block, a.batch, a.groups, a.inChannels, planes.input);
  const size_t output = elements(block, a.batch, a.groups, a.outChannels, planes.output);
  const size_t results = back ? input : output;
  a.x = block.floats(back ? output : input);
  a.y = block.floats(elements(block, a.groups, a.outChannels, a.inChannels, planes.kernel));
  a.out = block.floats(results);
  a.bias = hasBias ? block.floats(block.product(a.groups, back ? a.inChannels : a.outChannels)) : nullptr;
  if (block.fault() != nullptr || results == 0) return block.fault();
  if (!hasScratch()) return kNoMemory;
  const double products = double(output) * double(a.inChannels) * double(planes.kernel);
  const size_t phases = back ? a.axes[0].stride * a.axes[1].stride * a.axes[2].stride : 1;
  for (; a.phase < phases; a.phase++) {
    planConvolution(a);
    if (a.units > 0) {
      share(KernelId::convolution, &a, a.units, products / double(phases) / double(a.units) * kMultiplyAddNs * 4 / double(kernels_.lanes) + 1);
    }
  }
  return nullptr;
}

const char* Backend::convolutionWeights(BlockReader& block) {
  ConvolutionArgs a;
  a.kind = size_t(ConvolutionKind::gradWeight);
  a.bias = nullptr;
  const Planes planes = readSizes(block, a);
  const size_t output = elements(block, a.batch, a.groups, a.outChannels, planes.output);
  const size_t weights = elements(block, a.groups, a.outChannels, a.inChannels, planes.kernel);
  a.x = block.floats(elements(block, a.batch, a.groups, a.inChannels, planes.input));
  a.y = block.floats(output);
  float* const out = block.floats(weights);
  if (block.fault() != nullptr || weights == 0) return block.fault();
  planConvolution(a);
  std::unique_ptr<float[]> sums;
  if (a.pieces > 1) {
    sums.reset(new (std::nothrow) float[a.pieces * weights]);
    if (sums == nullptr) return "expected memory for the partial sums, got none";
  }
  if (!hasScratch()) return kNoMemory;
  a.out = a.pieces > 1 ? sums.get() : out;
  const double products = double(output) * double(a.inChannels) * double(planes.kernel);
  share(KernelId::convolutionWeights, &a, a.units, products / double(a.units) * kMultiplyAddNs * 4 / double(kernels_.lanes) + 1);
  if (a.pieces == 1) return nullptr;
  ReduceArgs total;
  total.op = ReduceOp::sum;
  total.x = sums.get();
  total.out = out;
  total.partials = nullptr;
  total.outer = 1;
  total.size = a.pieces;
  total.inner = weights;
  const size_t units = reduceUnits(total);
  share(KernelId::reduce, &total, units, double(a.pieces) * double(weights) / double(units) * 0.3 + 1);
  return nullptr;
}

}  // namespace dropwise
