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

/// (Phi(x) - 1/2) / x of x^2, for |x| <= 5.5: a quotient of two polynomials, a least-maximum fit of absolute error.
static const float kNormalAbove[] = {2.27851881e-08f, 6.33834091e-06f, 0.000167789236f, 0.00467104691f, 0.0337579684f, 0.398942256f};
static const float kNormalBelow[] = {1.19750847e-06f, 7.32774751e-05f, 0.00187870085f, 0.028590538f, 0.251284786f, 1.0f};

/// The normal distribution function Phi: 0 below -5.5.
template <class V>
DROPWISE_INLINE typename V::F32 normalOf(typename V::F32 x) {
  using F = typename V::F32;
  const F end = V::splat(5.5f), least = V::splat(-5.5f), near = V::lesser(end, V::greater(least, x)), z = V::mul(near, near);
  const F y = V::add(V::div(V::mul(near, polynomial<V>(z, kNormalAbove)), polynomial<V>(z, kNormalBelow)), V::splat(0.5f));
  return V::clear(V::lt(x, least), y);
}

/// The density of the normal distribution.
template <class V>
DROPWISE_INLINE typename V::F32 densityOf(typename V::F32 x) {
  return V::mul(expOf<V>(V::mul(V::mul(x, x), V::splat(-0.5f))), V::splat(0.39894228f));
}

/// n elements, a multiple of kLanes.
template <class V>
DROPWISE_NOINLINE void activationVectors(const ActivationArgs& a, size_t n) {
  using F = typename V::F32;
  const bool isGradient = a.grad != nullptr;
  if (a.op == ActivationOp::gelu) {
    for (size_t i = 0; i < n; i += V::kLanes) {
      const F x = V::load(a.x + i), part = normalOf<V>(x);
      V::store(a.out + i, isGradient ? V::mul(V::load(a.grad + i), V::add(part, V::mul(x, densityOf<V>(x)))) : V::mul(x, part));
    }
    return;
  }
  const bool isSilu = a.op == ActivationOp::silu;
  for (size_t i = 0; i < n; i += V::kLanes) {
    const F x = V::load(a.x + i);
    // The sigmoid of x w; for the gradient s + s (1 - s) x w' as well, where w' is the slope of x w.
    F w = x, slope = x;
    if (!isSilu) {
      const F z = V::mul(x, x), cubic = V::splat(0.0713548163f), linear = V::splat(1.59576912f);
      w = V::mul(x, V::add(V::mul(z, cubic), linear));
      slope = V::mul(x, V::add(V::mul(z, V::mul(cubic, V::splat(3.0f))), linear));
    }
    const F s = sigmoidOf<V>(w);
    V::store(a.out + i, isGradient ? V::mul(V::load(a.grad + i), V::add(s, V::mul(V::mul(s, V::sub(V::splat(1.0f), s)), slope))) : V::mul(x, s));
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
