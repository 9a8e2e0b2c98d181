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
