// The largest element of each window, or the sum of its elements, and the gradient of either, float32, over up to three dimensions. A unit is a plane.
//
// NaN wins, and what lies outside takes no part: a window with nothing inside gives -Infinity, or 0. Sums are double, rounded once. The gradient of a
// maximum goes to the first of equals, in row-major order, or to the first NaN, which is found again. Windows of 2 x 2 have a way of their own. A plane has
// fewer than 2^32 elements.
#pragma once

#include <dropwise/pool-pairs.hpp>
#include <dropwise/windows.hpp>

DROPWISE_BEGIN

enum class PoolOp : uint32_t { max, sum };

struct PoolArgs {
  const float* x;     // [planes, ...input]; null for the gradient of a sum
  const float* grad;  // [planes, ...output], or null forward
  float* out;
  size_t op;  // a PoolOp
  size_t planes;
  ConvolutionAxis axes[3];
};

/// Windows of a row that are combined at a time, and the scratch memory that takes, in floats.
constexpr size_t kPoolPlaces = 2048, kPoolScratch = 3 * kPoolPlaces;

/// The elements [first, end) of a window that lie inside, and where the window begins.
struct Reach {
  size_t first, end;
  ptrdiff_t start;
};

DROPWISE_INLINE Reach reachOf(const ConvolutionAxis& axis, size_t place) {
  const ptrdiff_t start = ptrdiff_t(place * axis.stride) - ptrdiff_t(axis.padding), step = ptrdiff_t(axis.dilation);
  const ptrdiff_t left = ptrdiff_t(axis.input) - start;
  if (start >= 0 && left > ptrdiff_t(axis.kernel - 1) * step) return {0, axis.kernel, start};  // without a division
  const size_t first = start >= 0 ? 0 : size_t((step - 1 - start) / step), end = left <= 0 ? 0 : size_t((left + step - 1) / step);
  return {first, smaller(end, axis.kernel), start};
}

/// Whether these are windows for `poolPairs`; with images of one plane each.
DROPWISE_INLINE bool arePairs(const PoolArgs& a) {
  const ConvolutionAxis &d = a.axes[0], &h = a.axes[1], &w = a.axes[2];
  const auto halves = [](const ConvolutionAxis& axis) {
    return axis.kernel == 2 && axis.stride == 2 && axis.dilation == 1 && axis.padding == 0 && axis.output == axis.input / 2;
  };
  return PoolOp(a.op) == PoolOp::max && d.input == 1 && d.output == 1 && d.kernel == 1 && d.padding == 0 && halves(h) && halves(w) && w.input >= 4;
}

/// The planes [begin, end), or with `grad` their gradients: row by row of windows, element by element of them. `scratch`: kPoolScratch floats.
template <class V>
DROPWISE_NOINLINE void pool(const PoolArgs& a, size_t begin, size_t end, float* scratch) {
  constexpr uint32_t kNone = UINT32_MAX;
  const ConvolutionAxis &d = a.axes[0], &h = a.axes[1], &w = a.axes[2];
  const size_t input = d.input * h.input * w.input, rows = d.output * h.output, output = rows * w.output;
  const bool max = PoolOp(a.op) == PoolOp::max, back = a.grad != nullptr;
  if (arePairs(a)) {
    return poolPairs<V>(a.x + begin * input, back ? a.grad + begin * output : nullptr, a.out + begin * (back ? input : output), end - begin, h.input, w.input);
  }
  double* const all = reinterpret_cast<double*>(scratch);
  uint32_t* const at = reinterpret_cast<uint32_t*>(scratch + 2 * kPoolPlaces);
  for (size_t unit = begin * rows; unit < end * rows; unit++) {
    const float* const x = max || !back ? a.x + unit / rows * input : nullptr;
    float* const to = a.out + unit / rows * input;
    if (back && unit % rows == 0) __builtin_memset(to, 0, input * sizeof(float));
    const Reach depth = reachOf(d, unit % rows / h.output), height = reachOf(h, unit % h.output);
    for (size_t place = 0; place < w.output; place += kPoolPlaces) {
      const size_t places = smaller(kPoolPlaces, w.output - place);
      const float* const grad = back ? a.grad + unit * w.output + place : nullptr;
      float* const out = a.out + unit * w.output + place;
      for (size_t i = 0; i < places; i++) all[i] = max ? -__builtin_inf() : 0.0, at[i] = kNone;
      for (size_t kd = depth.first; kd < depth.end; kd++) {
        for (size_t kh = height.first; kh < height.end; kh++) {
          const ptrdiff_t row = (depth.start + ptrdiff_t(kd * d.dilation)) * ptrdiff_t(h.input) + height.start + ptrdiff_t(kh * h.dilation);
          for (size_t kw = 0; kw < w.kernel; kw++) {
            // The windows whose element lies inside.
            const ptrdiff_t start = ptrdiff_t(place * w.stride + kw * w.dilation) - ptrdiff_t(w.padding), step = ptrdiff_t(w.stride);
            const ptrdiff_t left = ptrdiff_t(w.input) - start;
            const size_t before = start < 0 ? size_t((step - 1 - start) / step) : 0, until = left <= 0 ? 0 : smaller(places, size_t((left + step - 1) / step));
            uint32_t from = uint32_t(row * ptrdiff_t(w.input) + start + ptrdiff_t(before) * step);
            // Padding before the first element is as large as any -Infinity.
            const bool first = kd + kh + kw == 0;
            for (size_t i = before; i < until; i++, from += uint32_t(step)) {
              if (max) {
                const double value = double(x[from]), old = all[i];
                const bool wins = first | (value > old) | ((value != value) & (old == old));
                all[i] = wins ? value : old;
                at[i] = wins ? from : at[i];
              } else if (back) to[from] += grad[i];
              else all[i] += double(x[from]);
            }
          }
        }
      }
      for (size_t i = 0; i < places; i++) {
        if (!back) out[i] = float(all[i]);
        else if (at[i] != kNone) to[at[i]] += grad[i];
      }
    }
  }
}

DROPWISE_END
