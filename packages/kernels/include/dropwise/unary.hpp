// out[i] = op(x[i]) for contiguous float32; `out` may be `x`. A unit is an element.
#pragma once

#include <dropwise/math.hpp>

DROPWISE_BEGIN

/// Numbered as in the tables of the backends.
enum class UnaryOp : uint32_t { neg, abs, sqrt, relu, exp, sigmoid, tanh };

struct UnaryArgs {
  UnaryOp op;
  const float* x;
  float* out;
};

template <class V, class F>
DROPWISE_INLINE void mapUnary(const float* x, float* out, size_t n, F f) {
  size_t i = 0;
  for (; i + V::kLanes <= n; i += V::kLanes) V::store(out + i, f(V::load(x + i)));
  if (i < n) V::storePart(out + i, int(n - i), f(V::loadPart(x + i, int(n - i))));
}

template <class V>
DROPWISE_NOINLINE void unary(const UnaryArgs& a, size_t begin, size_t end) {
  using F = typename V::F32;
  const float* x = a.x + begin;
  float* out = a.out + begin;
  const size_t n = end - begin;
  switch (a.op) {
    case UnaryOp::neg: return mapUnary<V>(x, out, n, [](F v) { return V::neg(v); });
    case UnaryOp::abs: return mapUnary<V>(x, out, n, [](F v) { return V::abs(v); });
    case UnaryOp::sqrt: return mapUnary<V>(x, out, n, [](F v) { return V::sqrt(v); });
    case UnaryOp::relu: return mapUnary<V>(x, out, n, [](F v) { return V::select(V::lt(v, V::splat(0.0f)), V::splat(0.0f), v); });  // NaN stays
    case UnaryOp::exp: return mapUnary<V>(x, out, n, [](F v) { return expOf<V>(v); });
    case UnaryOp::sigmoid: return mapUnary<V>(x, out, n, [](F v) { return sigmoidOf<V>(v); });
    case UnaryOp::tanh: return mapUnary<V>(x, out, n, [](F v) { return tanhOf<V>(v); });
  }
}

DROPWISE_END
