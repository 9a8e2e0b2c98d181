// Normalisation of float32, contiguous, seen as [outer, groups, inner]: every group has one mean and one biased variance, over outer and inner,
//
//     out = (x - mean) / sqrt(variance + eps) * weight + bias
//
// with a weight and a bias for each group (batch norm: outer images, groups channels) or for each place of inner (layer norm: groups rows, outer 1), or
// none. The statistics, means first, are an output, too: the gradient reads them. `out` may not be `x`.
//
// Limits: at least one element; sums are float32 in vectors, within pieces of kNormPiece of them, and double from piece to piece, so that their error
// does not grow with the size. The variance is of what is left when the mean is taken off: nothing cancels. A unit is a group.
#pragma once

#include <dropwise/parts.hpp>

DROPWISE_BEGIN

/// Vectors whose sum is taken in float32.
constexpr size_t kNormPiece = 128;

struct NormalizeArgs {
  const float* x;
  const float* weight;  // or null, as the bias
  const float* bias;
  float* out;
  float* stats;  // [2, groups]: means, variances
  size_t outer, groups, inner;
  float eps;
  uint32_t perInner;  // 1: weight and bias have inner elements, else groups
};

/// The first n lanes, added up.
template <class V>
DROPWISE_SHARED double totalOf(typename V::F32 sums, size_t n) {
  if (n == size_t(V::kLanes)) return V::wideTotal(V::wideAdd(V::wideZero(), sums));  // in halves: rows are short, and what follows waits for it
  float lanes[V::kLanes];
  V::store(lanes, sums);
  double total = 0;
  for (size_t i = 0; i < n; i++) total += lanes[i];
  return total;
}

/// A sum over the elements of one row: of (x[i] - xLess) * (y[i] - yLess) * w[i], without the factors whose pointers are null.
template <class V>
struct Factors {
  using F = typename V::F32;
  const float *x, *y, *w;
  F xLess, yLess;

  DROPWISE_MEMBER F at(size_t i, size_t n) const {
    F product = V::sub(loadUpTo<V>(x + i, n), xLess);
    if (w != nullptr) product = V::mul(product, loadUpTo<V>(w + i, n));
    return y == nullptr ? product : V::mul(product, V::sub(loadUpTo<V>(y + i, n), yLess));
  }
};

template <class V>
DROPWISE_NOINLINE double sumOf(const Factors<V>& given, size_t count) {
  constexpr size_t L = V::kLanes;
  const Factors<V> factors = given;
  double total = 0;
  for (size_t begin = 0; begin < count; begin += kNormPiece * L) {
    const size_t end = smaller(count, begin + kNormPiece * L);
    typename V::F32 a = V::splat(0), b = a;
    size_t i = begin;
    for (; i + 2 * L <= end; i += 2 * L) {
      a = V::add(a, factors.at(i, L));
      b = V::add(b, factors.at(i + L, L));
    }
    if (i + L <= end) a = V::add(a, factors.at(i, L)), i += L;
    if (i < end) total += totalOf<V>(factors.at(i, end - i), end - i);  // lanes that are not there would be off the mean
    total += totalOf<V>(V::add(a, b), L);
  }
  return total;
}

/// 1 / sqrt(variance + eps), in every lane.
template <class V>
DROPWISE_INLINE typename V::F32 rootOf(float variance, float eps) {
  return V::div(V::splat(1), V::sqrt(V::splat(variance + eps)));
}

/// The groups [begin, end).
template <class V>
DROPWISE_NOINLINE void normalize(const NormalizeArgs& args, size_t begin, size_t end) {
  using F = typename V::F32;
  const NormalizeArgs a = args;  // a copy: stores to the output cannot change it
  const size_t step = a.groups * a.inner;
  const double count = double(a.outer) * double(a.inner);
  const F zero = V::splat(0);
  for (size_t g = begin; g < end; g++) {
    const float* const first = a.x + g * a.inner;
    double sum = 0, squares = 0;
    for (size_t o = 0; o < a.outer; o++) sum += sumOf<V>({first + o * step, nullptr, nullptr, zero, zero}, a.inner);
    const float mean = float(sum / count);
    const F means = V::splat(mean);
    for (size_t o = 0; o < a.outer; o++) squares += sumOf<V>({first + o * step, first + o * step, nullptr, means, means}, a.inner);
    const double off = sum / count - double(mean);  // what the mean lost when it was rounded
    const float variance = float(squares / count - off * off);
    a.stats[g] = mean;
    a.stats[a.groups + g] = variance;

    const bool perInner = a.perInner != 0;
    F scale = rootOf<V>(variance, a.eps), shift = V::splat(-0.0f);  // x + -0 is x for every x
    if (!perInner && a.weight != nullptr) scale = V::mul(scale, V::splat(a.weight[g]));
    if (!perInner && a.bias != nullptr) shift = V::splat(a.bias[g]);
    const float* const weight = perInner ? a.weight : nullptr;
    const float* const bias = perInner ? a.bias : nullptr;
    for (size_t o = 0; o < a.outer; o++) {
      const float* const x = first + o * step;
      float* const out = a.out + (x - a.x);
      eachVector<V>(a.inner, [&](size_t i, size_t n) {
        F y = V::mul(V::sub(loadUpTo<V>(x + i, n), means), scale);
        if (weight != nullptr) y = V::mul(y, loadUpTo<V>(weight + i, n));
        storeUpTo<V>(out + i, n, V::add(y, bias != nullptr ? loadUpTo<V>(bias + i, n) : shift));
      });
    }
  }
}

DROPWISE_END
