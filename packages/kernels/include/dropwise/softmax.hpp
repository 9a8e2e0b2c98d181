// Softmax over the middle of [outer, size, inner], float32 and contiguous, or its logarithm, and the gradient of either:
//
//     y = e^(x - max x) / sum e^(x - max x)        log: y = x - max x - ln(sum e^(x - max x))
//     out = y * (grad - sum(grad * y))             log: out = grad - e^y * sum(grad)
//
// Sums are taken in double. `out` may be `x` (or `grad`). A unit is a row for inner = 1, else kLanes neighbouring columns of one outer index.
#pragma once

#include <dropwise/math.hpp>
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
template <class V>
DROPWISE_INLINE size_t softmaxUnits(const SoftmaxArgs& a) {
  return a.outer * (a.inner == 1 ? 1 : (a.inner + V::kLanes - 1) / V::kLanes);
}

template <class V>
DROPWISE_INLINE void softmaxRow(const float* x, float* out, size_t size, bool log) {
  using F = typename V::F32;
  constexpr size_t L = V::kLanes;
  const F top = V::splat(extremeOfRow<V, true>(x, size));
  typename V::Wide wide = V::wideZero();
  const size_t whole = size - size % L;
  const int rest = int(size % L);
  for (size_t i = 0; i < whole; i += L) {
    const F shifted = V::sub(V::load(x + i), top), e = expOf<V>(shifted);
    wide = V::wideAdd(wide, e);
    V::store(out + i, log ? shifted : e);
  }
  double sum = V::wideTotal(wide);
  if (rest > 0) {
    const F shifted = V::sub(V::loadPart(x + whole, rest), top), e = expOf<V>(shifted);
    V::storePart(out + whole, rest, log ? shifted : e);
    float lanes[L];
    V::store(lanes, e);
    for (int i = 0; i < rest; i++) sum += double(lanes[i]);
  }
  if (log) {
    const F shift = V::splat(float(logOf(sum)));
    for (size_t i = 0; i < whole; i += L) V::store(out + i, V::sub(V::load(out + i), shift));
    if (rest > 0) V::storePart(out + whole, rest, V::sub(V::loadPart(out + whole, rest), shift));
  } else {
    const F total = V::splat(float(sum));
    for (size_t i = 0; i < whole; i += L) V::store(out + i, V::div(V::load(out + i), total));
    if (rest > 0) V::storePart(out + whole, rest, V::div(V::loadPart(out + whole, rest), total));
  }
}

/// Up to kLanes neighbouring columns.
template <class V>
DROPWISE_INLINE void softmaxColumns(const float* x, float* out, size_t size, size_t inner, bool log, int count) {
  using F = typename V::F32;
  const bool whole = count == V::kLanes;
  auto load = [&](const float* p) { return whole ? V::load(p) : V::loadPart(p, count); };
  auto store = [&](float* p, F v) {
    if (whole) V::store(p, v);
    else V::storePart(p, count, v);
  };
  F top = load(x);
  for (size_t s = 1; s < size; s++) top = V::maximum(top, load(x + s * inner));
  typename V::Wide sum = V::wideZero();
  for (size_t s = 0; s < size; s++) {
    const F shifted = V::sub(load(x + s * inner), top), e = expOf<V>(shifted);
    sum = V::wideAdd(sum, e);
    store(out + s * inner, log ? shifted : e);
  }
  F total = V::wideRound(sum);
  if (log) {
    float lanes[V::kLanes];
    V::store(lanes, total);
    for (float& lane : lanes) lane = float(logOf(double(lane)));
    total = V::load(lanes);
  }
  for (size_t s = 0; s < size; s++) {
    const F v = load(out + s * inner);
    store(out + s * inner, log ? V::sub(v, total) : V::div(v, total));
  }
}

template <class V>
DROPWISE_NOINLINE void softmax(const SoftmaxArgs& a, size_t begin, size_t end) {
  const size_t blocks = a.inner == 1 ? 1 : (a.inner + V::kLanes - 1) / V::kLanes;
  for (size_t unit = begin; unit < end; unit++) {
    const size_t left = unit % blocks * V::kLanes;
    const size_t at = unit / blocks * a.size * a.inner + left;
    if (a.inner == 1) softmaxRow<V>(a.x + at, a.out + at, a.size, a.log != 0);
    else softmaxColumns<V>(a.x + at, a.out + at, a.size, a.inner, a.log != 0, int(smaller<size_t>(V::kLanes, a.inner - left)));
  }
}

/// One gradient vector, given the sum of its row or column.
template <class V>
DROPWISE_INLINE typename V::F32 softmaxGradOf(typename V::F32 y, typename V::F32 grad, typename V::F32 sum, bool log) {
  return log ? V::sub(grad, V::mul(expOf<V>(y), sum)) : V::mul(y, V::sub(grad, sum));
}

/// Rows when inner = 1 (stepping by lanes through one row), else up to kLanes neighbouring columns (stepping by rows).
template <class V>
DROPWISE_NOINLINE void softmaxGrad(const SoftmaxArgs& a, size_t begin, size_t end) {
  using F = typename V::F32;
  constexpr size_t L = V::kLanes;
  const bool rows = a.inner == 1, log = a.log != 0;
  const size_t blocks = rows ? 1 : (a.inner + L - 1) / L;
  for (size_t unit = begin; unit < end; unit++) {
    const size_t left = unit % blocks * L;
    const size_t at = unit / blocks * a.size * a.inner + left;
    const float* const y = a.x + at;
    const float* const grad = a.grad + at;
    float* const out = a.out + at;
    const size_t step = rows ? L : a.inner, end1 = rows ? a.size : a.size * a.inner;
    auto lanesAt = [&](size_t i) { return int(smaller(L, rows ? a.size - i : a.inner - left)); };
    auto load = [&](const float* p, int n) { return n == int(L) ? V::load(p) : V::loadPart(p, n); };
    typename V::Wide wide = V::wideZero();
    for (size_t i = 0; i < end1; i += step) {
      const int n = lanesAt(i);
      const F g = load(grad + i, n);
      wide = V::wideAdd(wide, log ? g : V::mul(g, load(y + i, n)));
    }
    const F sum = rows ? V::splat(float(V::wideTotal(wide))) : V::wideRound(wide);
    for (size_t i = 0; i < end1; i += step) {
      const int n = lanesAt(i);
      const F result = softmaxGradOf<V>(load(y + i, n), load(grad + i, n), sum, log);
      if (n == int(L)) V::store(out + i, result);
      else V::storePart(out + i, n, result);
    }
  }
}

DROPWISE_END
