// Reads the dimensions of windows from an argument block: what convolutions and pooling share.
#pragma once

#include "block-reader.hpp"
#include "kernel-args.hpp"

namespace dropwise {

/// Three dimensions; refuses sizes beyond those that the kernels count with. Returns the elements of the input, the output and the kernel of a plane.
struct Planes {
  size_t input = 1, output = 1, kernel = 1;
};

inline Planes readAxes(BlockReader& block, scalar::ConvolutionAxis (&axes)[3]) {
  constexpr size_t kMost = size_t(1) << 31;
  Planes planes;
  for (scalar::ConvolutionAxis& axis : axes) {
    axis.input = block.count();
    axis.output = block.count();
    axis.kernel = block.count();
    axis.stride = block.count();
    axis.dilation = block.count();
    axis.padding = block.count();
    if (block.fault() != nullptr) return planes;
    const bool positive = axis.kernel > 0 && axis.stride > 0 && axis.dilation > 0 && axis.input > 0 && axis.output > 0;
    const bool small = axis.input < kMost && axis.output < kMost && axis.kernel < kMost && axis.stride < kMost && axis.dilation < kMost && axis.padding < kMost;
    if (!positive || !small || (axis.output - 1) * axis.stride + (axis.kernel - 1) * axis.dilation >= kMost) {
      block.refuse("expected windows within 2^31 places");
      return planes;
    }
    planes.input = block.product(planes.input, axis.input);
    planes.output = block.product(planes.output, axis.output);
    planes.kernel = block.product(planes.kernel, axis.kernel);
  }
  return planes;
}

}  // namespace dropwise
