// The largest element of each window, or the sum of its elements, and the gradient of either, float32, over up to three dimensions. A unit is a plane.
//
// Forward, the rows of a window are first combined into one line, in vectors, and then the elements of that. NaN wins, and what lies outside takes no part:
// a window with nothing inside gives -Infinity, or 0. Sums are float32 along columns and double along lines. The gradient of a maximum goes to the first of
// equals, in row-major order, or to the first NaN, which is found again.
#pragma once

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

/// Floats of a line: longer ones are combined in pieces.
constexpr size_t kLine = 8192;
constexpr size_t kPoolScratch = kLine + kWindowSlack;

/// The elements [first, end) of a window that lie inside, and where the window begins.
struct Reach {
  size_t first, end;
  ptrdiff_t start;
};

DROPWISE_INLINE Reach reachOf(const ConvolutionAxis& axis, size_t place) {
  const ptrdiff_t start = ptrdiff_t(place * axis.stride) - ptrdiff_t(axis.padding), step = ptrdiff_t(axis.dilation);
  const ptrdiff_t left = ptrdiff_t(axis.input) - start;
  const size_t first = start >= 0 ? 0 : size_t((step - 1 - start) / step), end = left <= 0 ? 0 : size_t((left + step - 1) / step);
  return {first, smaller(end, axis.kernel), start};
}

DROPWISE_INLINE float moreOf(float best, float x) { return x > best || x != x ? x : best; }

/// A run of places of one row of windows. `line`: the elements of all of them, combined over the rows; `more`: `out` has those of earlier pieces.
template <class V, bool kMax>
DROPWISE_INLINE void poolLine(const float* line, size_t places, size_t stride, size_t taps, size_t dilation, bool more, float* out) {
  size_t i = 0;
  if (stride == 1) {
    for (; i + V::kLanes <= places; i += V::kLanes) {
      typename V::F32 all = more ? V::load(out + i) : V::splat(kMax ? -__builtin_inff() : 0.0f);
      for (size_t t = 0; t < taps; t++) {
        const typename V::F32 x = V::load(line + i + t * dilation);
        all = kMax ? V::maximum(all, x) : V::add(all, x);
      }
      V::store(out + i, all);
    }
  }
  if (kMax && taps == 2 && dilation == 1 && !more) {
    for (; i < places; i++) out[i] = moreOf(line[i * stride], line[i * stride + 1]);
  }
  for (; i < places; i++) {
    const float* const from = line + i * stride;
    if (kMax) {
      float all = more ? out[i] : -__builtin_inff();
      for (size_t t = 0; t < taps; t++) all = moreOf(all, from[t * dilation]);
      out[i] = all;
    } else {
      double all = more ? double(out[i]) : 0.0;
      for (size_t t = 0; t < taps; t++) all += double(from[t * dilation]);
      out[i] = float(all);
    }
  }
}

template <class V, bool kMax>
DROPWISE_NOINLINE void poolPlane(const PoolArgs& a, const float* x, float* out, float* line) {
  const ConvolutionAxis &d = a.axes[0], &h = a.axes[1], &w = a.axes[2];
  const float none = kMax ? -__builtin_inff() : 0.0f;
  const size_t most = smaller(w.output, kLine / 2 / w.stride + (w.stride > kLine / 2)), piece = kLine / 2 / w.dilation + (w.dilation > kLine / 2);
  const ptrdiff_t size = ptrdiff_t(w.input);
  for (size_t z = 0; z < d.output; z++) {
    const Reach depth = reachOf(d, z);
    for (size_t y = 0; y < h.output; y++, out += w.output) {
      const Reach height = reachOf(h, y);
      for (size_t place = 0; place < w.output; place += most) {
        const size_t places = smaller(most, w.output - place);
        for (size_t t = 0; t < w.kernel; t += piece) {
          const size_t taps = smaller(piece, w.kernel - t), length = (places - 1) * w.stride + (taps - 1) * w.dilation + 1;
          const ptrdiff_t start = ptrdiff_t(place * w.stride + t * w.dilation) - ptrdiff_t(w.padding);
          const size_t before = smaller(length, size_t(start < 0 ? -start : 0)), until = start >= size ? 0 : smaller(length, size_t(size - start));
          bool first = true;
          for (size_t kd = depth.first; kd < depth.end; kd++) {
            for (size_t kh = height.first; kh < height.end; kh++, first = false) {
              const ptrdiff_t row = (depth.start + ptrdiff_t(kd * d.dilation)) * ptrdiff_t(h.input) + height.start + ptrdiff_t(kh * h.dilation);
              const float* const from = x + row * size + start;
              size_t i = before;
              for (; i + V::kLanes <= until; i += V::kLanes) {
                const typename V::F32 value = V::load(from + i), old = first ? V::splat(none) : V::load(line + i);
                V::store(line + i, kMax ? V::maximum(old, value) : V::add(old, value));
              }
              for (; i < until; i++) {
                const float old = first ? none : line[i];
                line[i] = kMax ? moreOf(old, from[i]) : old + from[i];
              }
            }
          }
          for (size_t i = 0; i < length; i++) {
            if (first || i < before || i >= until) line[i] = none;
            else i = until - 1;
          }
          poolLine<V, kMax>(line, places, w.stride, taps, w.dilation, t > 0, out + place);
        }
      }
    }
  }
}

/// The planes [begin, end). `line`: kPoolScratch floats.
template <class V>
DROPWISE_NOINLINE void pool(const PoolArgs& a, size_t begin, size_t end, float* line) {
  const size_t input = a.axes[0].input * a.axes[1].input * a.axes[2].input, output = a.axes[0].output * a.axes[1].output * a.axes[2].output;
  const auto plane = PoolOp(a.op) == PoolOp::max ? poolPlane<V, true> : poolPlane<V, false>;
  for (size_t i = begin; i < end; i++) plane(a, a.x + i * input, a.out + i * output, line);
}

/// The gradients of the planes [begin, end).
DROPWISE_SHARED void poolGrad(const PoolArgs& a, size_t begin, size_t end) {
  const ConvolutionAxis &d = a.axes[0], &h = a.axes[1], &w = a.axes[2];
  const size_t input = d.input * h.input * w.input, output = d.output * h.output * w.output;
  const bool max = PoolOp(a.op) == PoolOp::max;
  for (size_t plane = begin; plane < end; plane++) {
    const float* const x = max ? a.x + plane * input : nullptr;
    const float* grad = a.grad + plane * output;
    float* const out = a.out + plane * input;
    __builtin_memset(out, 0, input * sizeof(float));
    for (size_t z = 0; z < d.output; z++) {
      const Reach depth = reachOf(d, z);
      for (size_t y = 0; y < h.output; y++) {
        const Reach height = reachOf(h, y);
        for (size_t place = 0; place < w.output; place++, grad++) {
          const Reach width = reachOf(w, place);
          // Padding before the first element is as large as any -Infinity, and comes before it.
          const bool padded = depth.first + height.first + width.first > 0;
          size_t best = input;
          float most = padded ? -__builtin_inff() : 0.0f;
          for (size_t kd = depth.first; kd < depth.end; kd++) {
            for (size_t kh = height.first; kh < height.end; kh++) {
              const ptrdiff_t row = (depth.start + ptrdiff_t(kd * d.dilation)) * ptrdiff_t(h.input) + height.start + ptrdiff_t(kh * h.dilation);
              size_t at = size_t(row * ptrdiff_t(w.input) + width.start + ptrdiff_t(width.first * w.dilation));
              for (size_t kw = width.first; kw < width.end; kw++, at += w.dilation) {
                if (!max) out[at] += *grad;
                else {
                  const float value = x[at];
                  const bool wins = (!padded & (best == input)) | (value > most) | ((value != value) & (most == most));
                  best = wins ? at : best;
                  most = wins ? value : most;
                }
              }
            }
          }
          if (best < input) out[best] += *grad;
        }
      }
    }
  }
}

DROPWISE_END
