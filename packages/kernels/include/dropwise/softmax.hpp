// Softmax over the middle of [outer, size, inner], float32 and contiguous, or its logarithm, and the gradient of either:
//
//     y = e^(x - max x) / sum e^(x - max x)        log: y = x - max x - ln(sum e^(x - max x))
//     out = y * (grad - sum(grad * y))             log: out = grad - e^y * sum(grad)
//
// Sums are taken as in reduce.hpp. `out` may be `x` (or `grad`). A unit is a row for inner = 1, else kColumnBlock neighbouring columns of one outer index,
// which are worked through row by row.
#pragma once

#include <dropwise/logarithm.hpp>
#include <dropwise/reduce.hpp>

DROPWISE_BEGIN

struct SoftmaxArgs {
  const float* x;     // for the gradient: y
  const float* grad;  // for the gradient only
  float* out;
  size_t outer, size, inner;
  uint32_t log;
};

/// Units of `softmax` and `softmaxGrad`.
DROPWISE_INLINE size_t softmaxUnits(const SoftmaxArgs& a) { return a.outer * columnBlocks(a.inner); }

/// Elements of a row that are made and summed at a time.
constexpr size_t kSoftmaxRun = 512;
static_assert(kSoftmaxRun >= 4 * kColumnBlock, "four rows of a block fit, too");

/// out[i] = f(x[i], i) for n elements; `out` may be x.
template <class V, class F>
DROPWISE_INLINE void mapRow(const float* x, float* out, size_t n, F f) {
  for (size_t i = 0; i < n; i += V::kLanes) storeUpTo<V>(out + i, n - i, f(loadUpTo<V>(x + i, n - i), i));
}

/// Where the numbers are that are taken off a row and multiplied with it, or taken off: one number repeated (step 0), or one for each column.
struct Along {
  const float* numbers;
  size_t step;
  template <class V>
  DROPWISE_MEMBER typename V::F32 at(size_t i) const { return V::load(numbers + i * step); }
};

/// out = e^(x - top).
template <class V>
DROPWISE_SHARED void expRow(const float* x, float* out, size_t n, Along top) {
  mapRow<V>(x, out, n, [&](typename V::F32 v, size_t i) { return expOf<V>(V::sub(v, top.at<V>(i))); });
}

/// The last pass: out = (x - top) - last, or e * last, where e is in `out`.
template <class V>
DROPWISE_SHARED void finishRow(const float* x, float* out, size_t n, bool log, Along top, Along last) {
  mapRow<V>(log ? x : out, out, n, [&](typename V::F32 v, size_t i) {
    return log ? V::sub(V::sub(v, top.at<V>(i)), last.at<V>(i)) : V::mul(v, last.at<V>(i));
  });
}

/// What the last pass takes, in place of n sums; whole vectors are written.
template <class V>
DROPWISE_SHARED void lastsOf(float* sums, size_t n, bool log) {
  for (size_t i = 0; i < n; i += V::kLanes) {
    const typename V::F32 sum = V::load(sums + i);
    V::store(sums + i, log ? logFar<V>(sum) : V::div(V::splat(1.0f), sum));
  }
}

template <class V>
DROPWISE_NOINLINE void softmaxRow(const float* x, float* out, size_t size, bool log) {
  float tops[V::kLanes], lasts[V::kLanes];
  bool isNumber;  // a NaN comes by again in the sum
  V::store(tops, V::splat(nearlyLargestOf<V>(x, size, 0.0f, isNumber)));
  double sum = 0;
  for (size_t i = 0; i < size; i += kSoftmaxRun) {
    // The logarithm needs x once more, where `out` may be.
    float apart[kSoftmaxRun];
    float* const to = log ? apart : out + i;
    const size_t n = smaller(kSoftmaxRun, size - i);
    expRow<V>(x + i, to, n, {tops, 0});
    sum += sumRow<V>(to, n);
  }
  V::store(lasts, V::splat(float(sum)));
  lastsOf<V>(lasts, 1, log);
  finishRow<V>(x, out, size, log, {tops, 0}, {lasts, 0});
}

template <class V>
DROPWISE_NOINLINE void softmaxColumns(const float* x, float* out, size_t size, size_t inner, size_t columns, bool log) {
  float tops[kColumnBlock], lasts[kColumnBlock], apart[4 * kColumnBlock];
  extremesOfColumns<V>(x, size, inner, columns, true, tops);
  ColumnSums<V> sums;
  for (size_t s = 0; s < size; s += 4) {
    const size_t rows = smaller<size_t>(4, size - s), stride = log ? kColumnBlock : inner;
    float* const to = log ? apart : out + s * inner;
    for (size_t r = 0; r < rows; r++) expRow<V>(x + (s + r) * inner, to + r * stride, columns, {tops, 1});
    sums.add(to, rows, stride, columns);
  }
  sums.finish();
  for (size_t c = 0; c < columns; c++) lasts[c] = float(sums.totals[c]);
  lastsOf<V>(lasts, columns, log);
  for (size_t s = 0; s < size; s++) finishRow<V>(x + s * inner, out + s * inner, columns, log, {tops, 1}, {lasts, 1});
}

template <class V>
DROPWISE_NOINLINE void softmax(const SoftmaxArgs& a, size_t begin, size_t end) {
  const size_t blocks = columnBlocks(a.inner);
  for (size_t unit = begin; unit < end; unit++) {
    const size_t left = unit % blocks * kColumnBlock, at = unit / blocks * a.size * a.inner + left;
    if (a.inner == 1) softmaxRow<V>(a.x + at, a.out + at, a.size, a.log != 0);
    else softmaxColumns<V>(a.x + at, a.out + at, a.size, a.inner, smaller(a.inner - left, kColumnBlock), a.log != 0);
  }
}

/// out = y * grad.
template <class V>
DROPWISE_SHARED void weightedRow(const float* y, const float* grad, float* out, size_t n) {
  mapRow<V>(y, out, n, [&](typename V::F32 v, size_t i) { return V::mul(v, loadUpTo<V>(grad + i, n - i)); });
}

/// The gradient of one row, or of a row of columns.
template <class V>
DROPWISE_SHARED void softmaxGradRow(const float* y, const float* grad, float* out, size_t n, bool log, Along sum) {
  using F = typename V::F32;
  if (log) mapRow<V>(y, out, n, [&](F v, size_t i) { return V::sub(loadUpTo<V>(grad + i, n - i), V::mul(expSmall<V>(v), sum.at<V>(i))); });
  else mapRow<V>(y, out, n, [&](F v, size_t i) { return V::mul(v, V::sub(loadUpTo<V>(grad + i, n - i), sum.at<V>(i))); });
}

template <class V>
DROPWISE_NOINLINE void softmaxGrad(const SoftmaxArgs& a, size_t begin, size_t end) {
  const bool log = a.log != 0;
  const size_t blocks = columnBlocks(a.inner);
  for (size_t unit = begin; unit < end; unit++) {
    const size_t left = unit % blocks * kColumnBlock, at = unit / blocks * a.size * a.inner + left;
    const float* const y = a.x + at;
    const float* const grad = a.grad + at;
    float* const out = a.out + at;
    float apart[kSoftmaxRun];
    if (a.inner == 1) {
      double sum = 0;
      for (size_t i = 0; i < a.size; i += kSoftmaxRun) {
        const size_t n = smaller(kSoftmaxRun, a.size - i);
        if (!log) weightedRow<V>(y + i, grad + i, apart, n);
        sum += sumRow<V>(log ? grad + i : apart, n);
      }
      V::store(apart, V::splat(float(sum)));
      softmaxGradRow<V>(y, grad, out, a.size, log, {apart, 0});
      continue;
    }
    const size_t columns = smaller(a.inner - left, kColumnBlock), stride = log ? a.inner : kColumnBlock;
    ColumnSums<V> sums;
    for (size_t s = 0; s < a.size; s += 4) {
      const size_t rows = smaller<size_t>(4, a.size - s);
      for (size_t r = 0; r < rows && !log; r++) weightedRow<V>(y + (s + r) * a.inner, grad + (s + r) * a.inner, apart + r * stride, columns);
      sums.add(log ? grad + s * a.inner : apart, rows, stride, columns);
    }
    sums.finish();
    for (size_t c = 0; c < columns; c++) sums.sums[c] = float(sums.totals[c]);
    for (size_t s = 0; s < a.size; s++) {
      const size_t row = s * a.inner;
      softmaxGradRow<V>(y + row, grad + row, out + row, columns, log, {sums.sums, 1});
    }
  }
}

DROPWISE_END
