// The largest element of each window, or the sum of its elements, and the gradient of either, float32, over up to three dimensions. A unit is a plane.
//
// Forward, the rows of a window are first combined into one line, in vectors, and then the elements of that. NaN wins, and what lies outside takes no part:
// a window with nothing inside gives -Infinity, or 0. Sums are float32 along columns and double along lines. The gradient of a maximum goes to the first of
// equals, in row-major order, or to the first NaN, which is found again. Windows of 2 x 2 have a way of their own. A plane has fewer than 2^32 elements.
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
  if (start >= 0 && left > ptrdiff_t(axis.kernel - 1) * step) return {0, axis.kernel, start};  // without a division
  const size_t first = start >= 0 ? 0 : size_t((step - 1 - start) / step), end = left <= 0 ? 0 : size_t((left + step - 1) / step);
  return {first, smaller(end, axis.kernel), start};
}

DROPWISE_INLINE float moreOf(float best, float x) { return x > best || x != x ? x : best; }

/// A run of places of one row of windows. `line`: the elements of all of them, combined over the rows; `more`: `out` has those of earlier pieces.
template <class V>
DROPWISE_INLINE void poolLine(bool max, const float* line, size_t places, size_t stride, size_t taps, size_t dilation, bool more, float* out) {
  const float none = max ? -__builtin_inff() : 0.0f;
  size_t i = 0;
  if (stride == 1) {
    for (; i + V::kLanes <= places; i += V::kLanes) {
      typename V::F32 all = more ? V::load(out + i) : V::splat(none);
      for (size_t t = 0; t < taps; t++) {
        const typename V::F32 x = V::load(line + i + t * dilation);
        all = max ? V::maximum(all, x) : V::add(all, x);
      }
      V::store(out + i, all);
    }
  }
  if (max && taps == 2 && dilation == 1 && !more) {
    for (; i < places; i++) out[i] = moreOf(line[i * stride], line[i * stride + 1]);
  }
  for (; i < places; i++) {
    const float* const from = line + i * stride;
    float most = more ? out[i] : none;
    double sum = double(most);
    for (size_t t = 0; t < taps; t++) {
      if (max) most = moreOf(most, from[t * dilation]);
      else sum += double(from[t * dilation]);
    }
    out[i] = max ? most : float(sum);
  }
}

/// Whether these are windows for `poolPairs`; with images of one plane each.
DROPWISE_INLINE bool arePairs(const PoolArgs& a) {
  const ConvolutionAxis &d = a.axes[0], &h = a.axes[1], &w = a.axes[2];
  const auto halves = [](const ConvolutionAxis& axis) {
    return axis.kernel == 2 && axis.stride == 2 && axis.dilation == 1 && axis.padding == 0 && axis.output == axis.input / 2;
  };
  return PoolOp(a.op) == PoolOp::max && d.input == 1 && d.output == 1 && d.kernel == 1 && d.padding == 0 && halves(h) && halves(w) && w.input >= 4;
}

/// The planes [begin, end). `line`: kPoolScratch floats.
template <class V>
DROPWISE_NOINLINE void pool(const PoolArgs& a, size_t begin, size_t end, float* line) {
  const ConvolutionAxis &d = a.axes[0], &h = a.axes[1], &w = a.axes[2];
  const bool max = PoolOp(a.op) == PoolOp::max;
  if (arePairs(a)) {
    return poolPairs<V>(a.x + begin * h.input * w.input, nullptr, a.out + begin * h.output * w.output, end - begin, h.input, w.input);
  }
  const float none = max ? -__builtin_inff() : 0.0f;
  const size_t most = smaller(w.output, kLine / 2 / w.stride + (w.stride > kLine / 2)), piece = kLine / 2 / w.dilation + (w.dilation > kLine / 2);
  const ptrdiff_t size = ptrdiff_t(w.input);
  const size_t rows = d.output * h.output;
  float* out = a.out + begin * rows * w.output;
  for (size_t unit = begin * rows; unit < end * rows; unit++, out += w.output) {
    const float* const x = a.x + unit / rows * (d.input * h.input * w.input);
    const Reach depth = reachOf(d, unit % rows / h.output), height = reachOf(h, unit % h.output);
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
              V::store(line + i, max ? V::maximum(old, value) : V::add(old, value));
            }
            for (; i < until; i++) {
              const float old = first ? none : line[i];
              line[i] = max ? moreOf(old, from[i]) : old + from[i];
            }
          }
        }
        for (size_t i = 0; i < length; i++) {
          if (first || i < before || i >= until) line[i] = none;
          else i = until - 1;
        }
        poolLine<V>(max, line, places, w.stride, taps, w.dilation, t > 0, out + place);
      }
    }
  }
}

/// What an element of a window does to each of `places` windows, `step` elements apart in x: its gradient comes in, or it may be the largest so far.
DROPWISE_INLINE void poolTap(const float* x, const float* grad, float* out, uint32_t from, size_t places, size_t step, bool first, float* most, uint32_t* at) {
  if (x == nullptr) {
    for (size_t i = 0; i < places; i++) out[from + i * step] += grad[i];
    return;
  }
  for (size_t i = 0; i < places; i++) {
    const float value = x[from + i * step], old = most[i];
    const bool wins = first | (value > old) | ((value != value) & (old == old));
    most[i] = wins ? value : old;
    at[i] = wins ? from + uint32_t(i * step) : at[i];
  }
}

/// The gradients of the planes [begin, end). Row by row of windows, element by element of them. `scratch`: kPoolScratch floats.
template <class V>
DROPWISE_NOINLINE void poolGrad(const PoolArgs& a, size_t begin, size_t end, float* scratch) {
  constexpr size_t kPlaces = kLine / 2;
  constexpr uint32_t kNone = UINT32_MAX;
  const ConvolutionAxis &d = a.axes[0], &h = a.axes[1], &w = a.axes[2];
  const size_t input = d.input * h.input * w.input, rows = d.output * h.output;
  const bool max = PoolOp(a.op) == PoolOp::max;
  if (arePairs(a)) return poolPairs<V>(a.x + begin * input, a.grad + begin * rows * w.output, a.out + begin * input, end - begin, h.input, w.input);
  float* const most = scratch;
  uint32_t* const at = reinterpret_cast<uint32_t*>(scratch + kPlaces);
  for (size_t unit = begin * rows; unit < end * rows; unit++) {
    const float* const x = max ? a.x + unit / rows * input : nullptr;
    float* const out = a.out + unit / rows * input;
    if (unit % rows == 0) __builtin_memset(out, 0, input * sizeof(float));
    const Reach depth = reachOf(d, unit % rows / h.output), height = reachOf(h, unit % h.output);
    for (size_t place = 0; place < w.output; place += kPlaces) {
      const size_t places = smaller(kPlaces, w.output - place);
      const float* const grad = a.grad + unit * w.output + place;
      if (max) for (size_t i = 0; i < places; i++) most[i] = -__builtin_inff(), at[i] = kNone;
      for (size_t kd = depth.first; kd < depth.end; kd++) {
        for (size_t kh = height.first; kh < height.end; kh++) {
          const ptrdiff_t row = (depth.start + ptrdiff_t(kd * d.dilation)) * ptrdiff_t(h.input) + height.start + ptrdiff_t(kh * h.dilation);
          for (size_t kw = 0; kw < w.kernel; kw++) {
            // The windows whose element lies inside. Padding before the first of them is as large as any -Infinity.
            const ptrdiff_t start = ptrdiff_t(place * w.stride + kw * w.dilation) - ptrdiff_t(w.padding), step = ptrdiff_t(w.stride);
            const ptrdiff_t left = ptrdiff_t(w.input) - start;
            const size_t before = start < 0 ? size_t((step - 1 - start) / step) : 0, end = left <= 0 ? 0 : smaller(places, size_t((left + step - 1) / step));
            if (before >= end) continue;
            const uint32_t from = uint32_t(row * ptrdiff_t(w.input) + start + ptrdiff_t(before) * step);
            const bool first = kd + kh + kw == 0;
            poolTap(x, grad + before, out, from, end - before, w.stride, first, most + before, at + before);
          }
        }
      }
      if (max) for (size_t i = 0; i < places; i++) if (at[i] != kNone) out[at[i]] += grad[i];
    }
  }
}

DROPWISE_END
