// One step of SGD or Adam on one parameter, in place, float32, with the formulas of torch.optim. A unit is an element.
// Coefficients that do not change within a step are worked out in double by the caller and rounded once.
#pragma once

#include <dropwise/config.hpp>

DROPWISE_BEGIN

struct SgdArgs {
  float* param;
  const float* grad;
  float* momentum;  // or null
  float lr, momentumFactor, gradFactor, weightDecay;  // gradFactor: 1 - dampening
  uint32_t nesterov;
  uint32_t first;  // the buffer is set to the gradient, not blended with it
};

struct AdamArgs {
  float* param;
  const float* grad;
  float* mean;
  float* square;
  float beta1, gradFactor, beta2, squareFactor;  // the factors: 1 - beta1, 1 - beta2
  float stepSize;                                // lr / biasCorrection1
  float rootCorrection;                          // sqrt(biasCorrection2)
  float eps;
  float weightDecay;  // added to the gradient, times the parameter; 0 for AdamW
  float shrink;       // AdamW: 1 - lr * weightDecay; Adam: 1
};

/// The gradient with an L2 penalty. Without one nothing is added, since 0 times an infinite parameter is NaN. A branch in the loop costs more than
/// the sum, so each kernel has two loops; in functions of their own, for compilers take less care of what is long. Where code is better small there is one loop,
/// which chooses.
template <class V, bool kDecays>
DROPWISE_INLINE typename V::F32 decayed(typename V::F32 grad, float weightDecay, typename V::F32 param) {
  if constexpr (!kDecays) return grad;
  const typename V::F32 sum = V::add(grad, V::mul(V::splat(weightDecay), param));
  return kIsCompact ? V::select(V::eq(V::splat(weightDecay), V::splat(0.0f)), grad, sum) : sum;
}

template <class V, bool kDecays>
DROPWISE_INLINE void sgdVector(const SgdArgs& a, size_t i, int n) {
  using F = typename V::F32;
  const bool whole = n == V::kLanes;
  auto load = [&](const float* p) { return whole ? V::load(p + i) : V::loadPart(p + i, n); };
  auto store = [&](float* p, F v) {
    if (whole) V::store(p + i, v);
    else V::storePart(p + i, n, v);
  };
  const F param = load(a.param);
  F step = decayed<V, kDecays>(load(a.grad), a.weightDecay, param);
  if (a.momentum != nullptr) {
    const F factor = V::splat(a.momentumFactor);
    const F blended = a.first != 0 ? step : V::add(V::mul(factor, load(a.momentum)), V::mul(V::splat(a.gradFactor), step));
    store(a.momentum, blended);
    step = a.nesterov != 0 ? V::add(step, V::mul(factor, blended)) : blended;
  }
  store(a.param, V::sub(param, V::mul(V::splat(a.lr), step)));
}

template <class V, bool kDecays>
DROPWISE_INLINE void adamVector(const AdamArgs& a, size_t i, int n) {
  using F = typename V::F32;
  const bool whole = n == V::kLanes;
  auto load = [&](const float* p) { return whole ? V::load(p + i) : V::loadPart(p + i, n); };
  auto store = [&](float* p, F v) {
    if (whole) V::store(p + i, v);
    else V::storePart(p + i, n, v);
  };
  const F old = load(a.param);
  const F g = decayed<V, kDecays>(load(a.grad), a.weightDecay, old);
  const F m = V::add(V::mul(V::splat(a.beta1), load(a.mean)), V::mul(V::splat(a.gradFactor), g));
  const F v = V::add(V::mul(V::splat(a.beta2), load(a.square)), V::mul(V::splat(a.squareFactor), V::mul(g, g)));
  store(a.mean, m);
  store(a.square, v);
  const F root = V::add(V::div(V::sqrt(v), V::splat(a.rootCorrection)), V::splat(a.eps));
  store(a.param, V::sub(V::mul(old, V::splat(a.shrink)), V::div(V::mul(V::splat(a.stepSize), m), root)));
}

template <class V, bool kDecays>
DROPWISE_NOINLINE void sgdRange(const SgdArgs& args, size_t begin, size_t end) {
  const SgdArgs a = args;  // a copy: stores to the parameter cannot change it
  size_t i = begin;
  for (; i + V::kLanes <= end; i += V::kLanes) sgdVector<V, kDecays>(a, i, V::kLanes);
  if (i < end) sgdVector<V, kDecays>(a, i, int(end - i));
}

template <class V, bool kDecays>
DROPWISE_NOINLINE void adamRange(const AdamArgs& args, size_t begin, size_t end) {
  const AdamArgs a = args;
  size_t i = begin;
  for (; i + V::kLanes <= end; i += V::kLanes) adamVector<V, kDecays>(a, i, V::kLanes);
  if (i < end) adamVector<V, kDecays>(a, i, int(end - i));
}

template <class V>
DROPWISE_NOINLINE void sgd(const SgdArgs& args, size_t begin, size_t end) {
  if (!kIsCompact && args.weightDecay == 0.0f) sgdRange<V, false>(args, begin, end);
  else sgdRange<V, true>(args, begin, end);
}

template <class V>
DROPWISE_NOINLINE void adam(const AdamArgs& args, size_t begin, size_t end) {
  if (!kIsCompact && args.weightDecay == 0.0f) adamRange<V, false>(args, begin, end);
  else adamRange<V, true>(args, begin, end);
}

DROPWISE_END
