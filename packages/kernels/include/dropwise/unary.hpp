// out[i] = op(x[i]) for contiguous float32; `out` may be `x`. A unit is an element.
#pragma once

#include <dropwise/error-function.hpp>
#include <dropwise/logarithm.hpp>
#include <dropwise/math.hpp>
#include <dropwise/trigonometry.hpp>

DROPWISE_BEGIN

/// Numbered as in the tables of the backends.
enum class UnaryOp : uint32_t { neg, abs, sqrt, relu, exp, sigmoid, tanh, floor, ceil, round, sign, sin, cos, rsqrt, expm1, log, log1p, erf, softplus };

struct UnaryArgs {
  UnaryOp op;
  const float* x;
  float* out;
};

/// The nearest whole number, halves to the even neighbour: beside 2^23 floats have no fractions. Larger ones, NaN and zeros are as they were.
template <class V>
DROPWISE_INLINE typename V::F32 roundOf(typename V::F32 x) {
  using F = typename V::F32;
  const F last = V::splat(8388608.0f), size = V::abs(x), y = V::sub(V::add(size, last), last);
  const F whole = V::select(V::lt(x, V::splat(0.0f)), V::neg(y), y);
  return V::select(V::lt(size, last), V::select(V::eq(whole, x), x, whole), x);
}

template <class V>
DROPWISE_INLINE typename V::F32 floorOf(typename V::F32 x) {
  const typename V::F32 y = roundOf<V>(x);
  return V::select(V::lt(x, y), V::sub(y, V::splat(1.0f)), y);
}

/// +0 for NaN and -0, as PyTorch has it.
template <class V>
DROPWISE_INLINE typename V::F32 signOf(typename V::F32 x) {
  const typename V::F32 zero = V::splat(0.0f);
  return V::select(V::lt(zero, x), V::splat(1.0f), V::select(V::lt(x, zero), V::splat(-1.0f), zero));
}

template <class V>
DROPWISE_INLINE void mapTurn(const float* x, float* out, size_t n, bool cosine) {
  for (size_t i = 0; i < n; i += V::kLanes) V::store(out + i, turnOf<V>(x + i, cosine));
}

template <class V, class F>
DROPWISE_INLINE void mapUnary(const float* x, float* out, size_t n, F f) {
  for (size_t i = 0; i < n; i += V::kLanes) V::store(out + i, f(V::load(x + i)));
}

/// n elements, a multiple of kLanes.
template <class V>
DROPWISE_NOINLINE void unaryVectors(UnaryOp op, const float* x, float* out, size_t n) {
  using F = typename V::F32;
  switch (op) {
    case UnaryOp::neg: return mapUnary<V>(x, out, n, [](F v) { return V::neg(v); });
    case UnaryOp::abs: return mapUnary<V>(x, out, n, [](F v) { return V::abs(v); });
    case UnaryOp::sqrt: return mapUnary<V>(x, out, n, [](F v) { return V::sqrt(v); });
    case UnaryOp::relu: return mapUnary<V>(x, out, n, [](F v) { return V::select(V::lt(v, V::splat(0.0f)), V::splat(0.0f), v); });  // NaN stays
    case UnaryOp::exp: return mapUnary<V>(x, out, n, [](F v) { return expOf<V>(v); });
    case UnaryOp::sigmoid: return mapUnary<V>(x, out, n, [](F v) { return sigmoidOf<V>(v); });
    case UnaryOp::tanh: return mapUnary<V>(x, out, n, [](F v) { return tanhOf<V>(v); });
    case UnaryOp::floor: return mapUnary<V>(x, out, n, [](F v) { return floorOf<V>(v); });
    case UnaryOp::ceil: return mapUnary<V>(x, out, n, [](F v) { return V::neg(floorOf<V>(V::neg(v))); });
    case UnaryOp::round: return mapUnary<V>(x, out, n, [](F v) { return roundOf<V>(v); });
    case UnaryOp::sign: return mapUnary<V>(x, out, n, [](F v) { return signOf<V>(v); });
    case UnaryOp::sin: return mapTurn<V>(x, out, n, false);
    case UnaryOp::cos: return mapTurn<V>(x, out, n, true);
    case UnaryOp::rsqrt: return mapUnary<V>(x, out, n, [](F v) { return V::div(V::splat(1.0f), V::sqrt(v)); });
    case UnaryOp::expm1: return mapUnary<V>(x, out, n, [](F v) { return expm1Of<V>(v); });
    case UnaryOp::log: return mapUnary<V>(x, out, n, [](F v) { return logOf<V>(v); });
    case UnaryOp::log1p: return mapUnary<V>(x, out, n, [](F v) { return log1pOf<V>(v); });
    case UnaryOp::erf: return mapUnary<V>(x, out, n, [](F v) { return erfOf<V>(v); });
    case UnaryOp::softplus: return mapUnary<V>(x, out, n, [](F v) { return softplusOf<V>(v); });
  }
}

/// Whole vectors, then the rest by way of a vector's worth of memory, so that each function has one loop.
template <class V>
DROPWISE_NOINLINE void unary(const UnaryArgs& a, size_t begin, size_t end) {
  const size_t whole = (end - begin) - (end - begin) % V::kLanes;
  unaryVectors<V>(a.op, a.x + begin, a.out + begin, whole);
  const size_t rest = end - begin - whole;
  if (rest == 0) return;
  float last[V::kLanes];
  V::store(last, V::loadPart(a.x + begin + whole, int(rest)));
  unaryVectors<V>(a.op, last, last, V::kLanes);
  V::storePart(a.out + begin + whole, int(rest), V::load(last));
}

DROPWISE_END
