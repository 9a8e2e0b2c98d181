// The gradients of `normalize`, from the incoming gradient, x and the statistics that the forward wrote. With h = (x - mean) / sqrt(variance + eps) and
// g = grad * weight, over the n elements of a group:
//
//     gradX = (g - sum(g) / n - h * sum(g * h) / n) / sqrt(variance + eps)     gradBias = sum(grad)     gradWeight = sum(grad * h)
//
// the last two over all that a weight was used for. Those that are not wanted are null; `gradX` may be `grad`.
//
// Without weights for places of inner, a unit is a group. With them outer is 1 and a unit is kNormRows groups, the rows, or more: each writes its share of gradBias
// and gradWeight to `partials`, [2, units, inner], which are then summed up by the columns, as `reduce` does it.
#pragma once

#include <dropwise/normalize.hpp>

DROPWISE_BEGIN

/// Rows of a unit, whose share of the gradients of weight and bias is summed in float32, and the most units there are: with more rows, each has more.
constexpr size_t kNormRows = 32, kMaxNormUnits = 1024;

struct NormalizeGradArgs {
  const float* grad;
  const float* x;
  const float* weight;  // or null
  const float* stats;
  float* gradX;  // or null, as the next two
  float* gradWeight;
  float* gradBias;
  float* partials;  // null where perInner is 0
  size_t outer, groups, inner;
  float eps;
  uint32_t perInner;
};

DROPWISE_INLINE size_t rowsOfUnit(const NormalizeGradArgs& a) {
  return a.groups <= kNormRows * kMaxNormUnits ? kNormRows : partsOf(a.groups, kMaxNormUnits);
}

DROPWISE_INLINE size_t normalizeGradUnits(const NormalizeGradArgs& a) {
  return a.perInner == 0 ? a.groups : partsOf(a.groups, rowsOfUnit(a));
}

/// One group with one weight.
template <class V>
DROPWISE_INLINE void gradOfGroup(const NormalizeGradArgs& a, size_t g) {
  using F = typename V::F32;
  const size_t first = g * a.inner, step = a.groups * a.inner;
  const F zero = V::splat(0), means = V::splat(a.stats[g]), root = rootOf<V>(a.stats[a.groups + g], a.eps);
  double sum = 0, product = 0;
  for (size_t o = 0; o < a.outer; o++) {
    const float* const grad = a.grad + first + o * step;
    const float* const x = a.x + first + o * step;
    sum += sumOf<V>({grad, nullptr, nullptr, zero, zero}, a.inner);
    product += sumOf<V>({grad, x, nullptr, zero, means}, a.inner);
  }
  float lanes[V::kLanes];
  V::store(lanes, root);
  const double r = lanes[0], count = double(a.outer) * double(a.inner);
  if (a.gradBias != nullptr) a.gradBias[g] = float(sum);
  if (a.gradWeight != nullptr) a.gradWeight[g] = float(product * r);
  if (a.gradX == nullptr) return;
  const double scale = a.weight == nullptr ? r : r * double(a.weight[g]);
  const F byGrad = V::splat(float(scale)), byX = V::splat(float(scale * product * r * r / count)), less = V::splat(float(scale * sum / count));
  for (size_t o = 0; o < a.outer; o++) {
    const size_t at = first + o * step;
    eachVector<V>(a.inner, [&](size_t i, size_t n) {
      const F d = V::sub(loadUpTo<V>(a.x + at + i, n), means);
      storeUpTo<V>(a.gradX + at + i, n, V::sub(V::sub(V::mul(loadUpTo<V>(a.grad + at + i, n), byGrad), V::mul(d, byX)), less));
    });
  }
}

/// Rows [row, end), whose places have a weight or a bias each.
template <class V>
DROPWISE_INLINE void gradOfRows(const NormalizeGradArgs& a, size_t row, size_t end, float* gradBias, float* gradWeight) {
  using F = typename V::F32;
  const F zero = V::splat(0);
  for (size_t i = 0; i < a.inner; i++) gradBias[i] = gradWeight[i] = 0;
  for (; row < end; row++) {
    const float* const grad = a.grad + row * a.inner;
    const float* const x = a.x + row * a.inner;
    const F means = V::splat(a.stats[row]), root = rootOf<V>(a.stats[a.groups + row], a.eps);
    const double sum = sumOf<V>({grad, nullptr, a.weight, zero, zero}, a.inner);
    const double product = sumOf<V>({grad, x, a.weight, zero, means}, a.inner);
    // h is (x - mean) * root, and so is its share: product * root.
    const F less = V::splat(float(sum / double(a.inner))), byNormal = V::mul(V::splat(float(product / double(a.inner))), root);
    eachVector<V>(a.inner, [&](size_t i, size_t n) {
      const F h = V::mul(V::sub(loadUpTo<V>(x + i, n), means), root), g = loadUpTo<V>(grad + i, n);
      storeUpTo<V>(gradBias + i, n, V::add(loadUpTo<V>(gradBias + i, n), g));
      storeUpTo<V>(gradWeight + i, n, V::add(loadUpTo<V>(gradWeight + i, n), V::mul(g, h)));
      if (a.gradX == nullptr) return;
      const F weighted = a.weight == nullptr ? g : V::mul(g, loadUpTo<V>(a.weight + i, n));
      storeUpTo<V>(a.gradX + row * a.inner + i, n, V::mul(V::sub(V::sub(weighted, less), V::mul(h, byNormal)), root));
    });
  }
}

/// The units [begin, end).
template <class V>
DROPWISE_NOINLINE void normalizeGrad(const NormalizeGradArgs& args, size_t begin, size_t end) {
  const NormalizeGradArgs a = args;
  for (size_t unit = begin; unit < end; unit++) {
    if (a.perInner == 0) gradOfGroup<V>(a, unit);
    else {
      float* const partial = a.partials + unit * a.inner;
      const size_t rows = rowsOfUnit(a);
      gradOfRows<V>(a, unit * rows, smaller(a.groups, (unit + 1) * rows), partial, partial + normalizeGradUnits(a) * a.inner);
    }
  }
}

DROPWISE_END
