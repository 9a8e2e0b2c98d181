// out[i] = f(x[i]), or grad[i] times the derivative of f at x[i], for activations that are made of several functions. float32, contiguous; `out` may be `x` or
// `grad`. A unit is an element.
//
//     gelu      x Phi(x)               Phi(x) + x phi(x), of the normal distribution; as exact as float32 lets 1 + erf be: Phi within 1e-7
//     geluTanh  x s(2u)                s + x s (1 - s) 2u', where s is the sigmoid of 2u, u = sqrt(2 / pi) (x + 0.044715 x^3)
//     silu      x s(x)                 s + x s (1 - s)
#pragma once

#include <dropwise/math.hpp>

DROPWISE_BEGIN

/// Numbered as in the tables of the backends.
enum class ActivationOp : uint32_t { gelu, geluTanh, silu };

struct ActivationArgs {
  ActivationOp op;
  const float* x;
  const float* grad;  // null for the function itself
  float* out;
};

/// The normal distribution function: 1/2 + x P(x^2) / Q(x^2), a least-maximum fit of absolute error for |x| <= 5.5; below it is 0.
template <class V>
DROPWISE_INLINE typename V::F32 normalBelow(typename V::F32 x) {
  using F = typename V::F32;
  const F end = V::splat(5.5f), near = V::lesser(end, V::greater(V::neg(end), x)), z = V::mul(near, near);
  F p = V::splat(2.27851881e-08f);
  p = V::add(V::mul(p, z), V::splat(6.33834091e-06f));
  p = V::add(V::mul(p, z), V::splat(0.000167789236f));
  p = V::add(V::mul(p, z), V::splat(0.00467104691f));
  p = V::add(V::mul(p, z), V::splat(0.0337579684f));
  p = V::add(V::mul(p, z), V::splat(0.398942256f));
  F q = V::splat(1.19750847e-06f);
  q = V::add(V::mul(q, z), V::splat(7.32774751e-05f));
  q = V::add(V::mul(q, z), V::splat(0.00187870085f));
  q = V::add(V::mul(q, z), V::splat(0.028590538f));
  q = V::add(V::mul(q, z), V::splat(0.251284786f));
  q = V::add(V::mul(q, z), V::splat(1.0f));
  const F y = V::add(V::div(V::mul(near, p), q), V::splat(0.5f));
  return V::clear(V::lt(x, V::neg(end)), y);
}

/// 2u and its derivative, for `geluTanh`.
template <class V>
DROPWISE_INLINE typename V::F32 tanhOperand(typename V::F32 x) {
  return V::mul(x, V::add(V::mul(V::mul(x, x), V::splat(0.0713548163f)), V::splat(1.59576912f)));
}

template <class V>
DROPWISE_INLINE typename V::F32 tanhSlope(typename V::F32 x) {
  return V::add(V::mul(V::mul(x, x), V::splat(0.214064449f)), V::splat(1.59576912f));
}

template <class V, class F>
DROPWISE_INLINE void mapActivation(const ActivationArgs& a, size_t n, F f) {
  for (size_t i = 0; i < n; i += V::kLanes) V::store(a.out + i, f(i, V::load(a.x + i)));
}

/// n elements, a multiple of kLanes.
template <class V>
DROPWISE_NOINLINE void activationVectors(const ActivationArgs& a, size_t n) {
  using F = typename V::F32;
  const F one = V::splat(1.0f);
  const auto grad = [&](size_t i, F slope) { return V::mul(V::load(a.grad + i), slope); };
  // The slope s + s (1 - s) w, where s is a sigmoid and w is x times the derivative of its operand.
  const auto gateSlope = [&](F s, F w) { return V::add(s, V::mul(V::mul(s, V::sub(one, s)), w)); };
  if (a.grad == nullptr) {
    switch (a.op) {
      case ActivationOp::gelu: return mapActivation<V>(a, n, [&](size_t, F x) { return V::mul(x, normalBelow<V>(x)); });
      case ActivationOp::geluTanh: return mapActivation<V>(a, n, [&](size_t, F x) { return V::mul(x, sigmoidOf<V>(tanhOperand<V>(x))); });
      case ActivationOp::silu: return mapActivation<V>(a, n, [&](size_t, F x) { return V::mul(x, sigmoidOf<V>(x)); });
    }
  }
  switch (a.op) {
    case ActivationOp::gelu:
      return mapActivation<V>(a, n, [&](size_t i, F x) {
        const F density = V::mul(expOf<V>(V::mul(V::mul(x, x), V::splat(-0.5f))), V::splat(0.39894228f));
        return grad(i, V::add(normalBelow<V>(x), V::mul(x, density)));
      });
    case ActivationOp::geluTanh:
      return mapActivation<V>(a, n, [&](size_t i, F x) { return grad(i, gateSlope(sigmoidOf<V>(tanhOperand<V>(x)), V::mul(x, tanhSlope<V>(x)))); });
    case ActivationOp::silu: return mapActivation<V>(a, n, [&](size_t i, F x) { return grad(i, gateSlope(sigmoidOf<V>(x), x)); });
  }
}

/// Whole vectors, then the rest by way of a vector's worth of memory, so that each function has one loop.
template <class V>
DROPWISE_NOINLINE void activation(const ActivationArgs& args, size_t begin, size_t end) {
  ActivationArgs a = args;
  a.x += begin;
  a.out += begin;
  if (a.grad != nullptr) a.grad += begin;
  const size_t whole = (end - begin) - (end - begin) % V::kLanes;
  activationVectors<V>(a, whole);
  const int rest = int(end - begin - whole);
  if (rest == 0) return;
  float x[V::kLanes], grad[V::kLanes];
  V::store(x, V::loadPart(a.x + whole, rest));
  if (a.grad != nullptr) V::store(grad, V::loadPart(a.grad + whole, rest));
  activationVectors<V>({a.op, x, a.grad == nullptr ? nullptr : grad, x}, V::kLanes);
  V::storePart(a.out + whole, rest, V::load(x));
}

DROPWISE_END
