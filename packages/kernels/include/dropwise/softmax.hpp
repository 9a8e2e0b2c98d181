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

/// Elements of a row whose exponentials are made and summed at a time.
constexpr size_t kSoftmaxRun = 512;

/// out[i] = f(x[i], i) for n elements; `out` may be x.
template <class V, class F>
DROPWISE_INLINE void mapRow(const float* x, float* out, size_t n, F f) {
  for (size_t i = 0; i < n; i += V::kLanes) storeUpTo<V>(out + i, n - i, f(loadUpTo<V>(x + i, n - i), i));
}

template <class V>
DROPWISE_INLINE void softmaxRow(const float* x, float* out, size_t size, bool log) {
  using F = typename V::F32;
  const F top = V::splat(extremeOfRow<V, true>(x, size));
  double sum = 0;
  for (size_t i = 0; i < size; i += kSoftmaxRun) {
    // The logarithm needs x once more, where `out` may be.
    float apart[kSoftmaxRun];
    float* const to = log ? apart : out + i;
    const size_t n = smaller(kSoftmaxRun, size - i);
    mapRow<V>(x + i, to, n, [&](F v, size_t) { return expOf<V>(V::sub(v, top)); });
    sum += sumRow<V>(to, n);
  }
  if (log) {
    const F shift = V::splat(float(logInDouble(sum)));
    mapRow<V>(x, out, size, [&](F v, size_t) { return V::sub(V::sub(v, top), shift); });
  } else {
    const F scale = V::splat(float(1 / sum));
    mapRow<V>(out, out, size, [&](F v, size_t) { return V::mul(v, scale); });
  }
}

template <class V>
DROPWISE_INLINE void softmaxColumns(const float* x, float* out, size_t size, size_t inner, size_t columns, bool log) {
  using F = typename V::F32;
  float top[kColumnBlock], last[kColumnBlock];
  extremesOfColumns<V, true>(x, size, inner, columns, top);
  ColumnSums<V> sums;
  for (size_t s = 0; s < size; s += kRows) {
    sums.add(smaller(kRows, size - s), columns, [&](size_t r, size_t c, size_t n) {
      const size_t at = (s + r) * inner + c;
      const F e = expOf<V>(V::sub(loadUpTo<V>(x + at, n), V::load(top + c)));
      if (!log) storeUpTo<V>(out + at, n, e);
      return e;
    });
  }
  for (size_t c = 0; c < columns; c++) last[c] = float(log ? logInDouble(sums.totals[c]) : 1 / sums.totals[c]);
  for (size_t s = 0; s < size; s++) {
    if (log) {
      mapRow<V>(x + s * inner, out + s * inner, columns, [&](F v, size_t c) { return V::sub(V::sub(v, V::load(top + c)), V::load(last + c)); });
    } else {
      mapRow<V>(out + s * inner, out + s * inner, columns, [&](F v, size_t c) { return V::mul(v, V::load(last + c)); });
    }
  }
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

/// n elements of one row, or of a row of columns: `sum(i)` is the vector of their sums.
template <class V, class Sum>
DROPWISE_INLINE void softmaxGradRow(const float* y, const float* grad, float* out, size_t n, bool log, Sum sum) {
  using F = typename V::F32;
  if (log) {
    mapRow<V>(y, out, n, [&](F v, size_t i) { return V::sub(loadUpTo<V>(grad + i, n - i), V::mul(expOf<V>(v), sum(i))); });
  } else {
    mapRow<V>(y, out, n, [&](F v, size_t i) { return V::mul(v, V::sub(loadUpTo<V>(grad + i, n - i), sum(i))); });
  }
}

template <class V>
DROPWISE_NOINLINE void softmaxGrad(const SoftmaxArgs& a, size_t begin, size_t end) {
  using F = typename V::F32;
  const bool log = a.log != 0;
  const size_t blocks = columnBlocks(a.inner);
  for (size_t unit = begin; unit < end; unit++) {
    const size_t left = unit % blocks * kColumnBlock, at = unit / blocks * a.size * a.inner + left;
    const float* const y = a.x + at;
    const float* const grad = a.grad + at;
    float* const out = a.out + at;
    const auto term = [&](size_t i, size_t n) {
      const F g = loadUpTo<V>(grad + i, n);
      return log ? g : V::mul(g, loadUpTo<V>(y + i, n));
    };
    if (a.inner == 1) {
      const F sum = V::splat(float(sumOf<V>(a.size, term)));
      softmaxGradRow<V>(y, grad, out, a.size, log, [&](size_t) { return sum; });
      continue;
    }
    const size_t columns = smaller(a.inner - left, kColumnBlock);
    ColumnSums<V> sums;
    for (size_t s = 0; s < a.size; s += kRows) {
      sums.add(smaller(kRows, a.size - s), columns, [&](size_t r, size_t c, size_t n) { return term((s + r) * a.inner + c, n); });
    }
    for (size_t c = 0; c < columns; c++) sums.sums[c] = float(sums.totals[c]);
    for (size_t s = 0; s < a.size; s++) {
      const size_t row = s * a.inner;
      softmaxGradRow<V>(y + row, grad + row, out + row, columns, log, [&](size_t c) { return V::load(sums.sums + c); });
    }
  }
}

DROPWISE_END
