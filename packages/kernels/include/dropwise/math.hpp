// Vector exponentials for float32: exp, expm1, sigmoid and tanh, within 2 units in the last place for every operand, subnormal results included; NaN for NaN.
// Nothing is fused, so that all instruction sets give the same bits. The polynomials are least-maximum fits of relative error made for these intervals.
#pragma once

#include <dropwise/config.hpp>

DROPWISE_BEGIN

/// The lanes of a vector as words that can be calculated with by operators.
template <class V>
using Words = typename VectorOf<int32_t, V::kLanes>::Type;

template <class V>
DROPWISE_INLINE Words<V> wordsOf(typename V::F32 x) {
  Words<V> words;
  __builtin_memcpy(&words, &x, sizeof x);
  return words;
}

template <class V>
DROPWISE_INLINE typename V::F32 floatsOf(Words<V> words) {
  typename V::F32 x;
  __builtin_memcpy(&x, &words, sizeof x);
  return x;
}

/// x, which has no sign, with that of y.
template <class V>
DROPWISE_INLINE typename V::F32 withSign(typename V::F32 x, typename V::F32 y) {
  return floatsOf<V>(wordsOf<V>(x) | (wordsOf<V>(y) & INT32_MIN));
}

/// n + 1.5 * 2^23 + 127 has n + 127, the exponent of 2^n, as its last bits.
constexpr float kExponentAt = 12583039.0f;

/// e^x = 2^n * e^r with n the nearest integer to x / ln 2, so |r| <= ln 2 / 2.
template <class V>
struct Power {
  typename V::F32 r, placed;  // placed: n + kExponentAt
  DROPWISE_MEMBER explicit Power(typename V::F32 x) {
    placed = V::add(V::mul(x, V::splat(1.44269504f)), V::splat(kExponentAt));
    const typename V::F32 n = V::sub(placed, V::splat(kExponentAt));
    // ln 2 in two parts: n times the first, which has 12 bits, is exact.
    r = V::sub(V::sub(x, V::mul(n, V::splat(0.693115234f))), V::mul(n, V::splat(3.19461833e-05f)));
  }
  /// 2^n for n in [-126, 127].
  DROPWISE_MEMBER typename V::F32 scale() const { return floatsOf<V>(wordsOf<V>(placed) << 23); }
  /// e^r - 1 = r + r^2 q(r).
  DROPWISE_MEMBER typename V::F32 lessOne() const {
    typename V::F32 q = V::splat(0.00138145406f);
    q = V::add(V::mul(q, r), V::splat(0.00836874545f));
    q = V::add(V::mul(q, r), V::splat(0.041668389f));
    q = V::add(V::mul(q, r), V::splat(0.166665211f));
    q = V::add(V::mul(q, r), V::splat(0.49999994f));
    return V::add(r, V::mul(V::mul(r, r), q));
  }
};

/// e^x for |x| <= 87.5, and NaN for NaN.
template <class V>
DROPWISE_INLINE typename V::F32 expNear(typename V::F32 x) {
  const Power<V> p(x);
  return V::mul(V::add(V::splat(1.0f), p.lessOne()), p.scale());
}

/// e^x for any x. 2^n may be out of range, so it comes in two halves; only the last product rounds.
template <class V>
DROPWISE_NOINLINE typename V::F32 expFar(typename V::F32 x) {
  // Beyond these the result is infinity or 0 anyhow.
  const Power<V> p(V::lesser(V::splat(89.0f), V::greater(V::splat(-104.0f), x)));
  const Words<V> n = wordsOf<V>(p.placed) - int32_t(0x4B40007F), half = n >> 1;
  const typename V::F32 e = V::mul(V::add(V::splat(1.0f), p.lessOne()), floatsOf<V>((half + 127) << 23));
  return V::mul(e, floatsOf<V>((n - half + 127) << 23));
}

/// e^x: the same bits as `expFar` by a shorter way where the whole vector is near.
template <class V>
DROPWISE_INLINE typename V::F32 expOf(typename V::F32 x) {
  if (V::any(V::lt(V::splat(87.5f), V::abs(x)))) return expFar<V>(x);
  return expNear<V>(x);
}

/// e^x - 1 = 2^n (e^r - 1) + (2^n - 1), by halves, since 2^n may be out of range.
template <class V>
DROPWISE_INLINE typename V::F32 expm1Of(typename V::F32 x) {
  using F = typename V::F32;
  const F one = V::splat(1.0f), half = V::splat(0.5f);
  Power<V> p(V::lesser(V::splat(89.0f), V::greater(V::splat(-18.0f), x)));
  p.placed = V::sub(p.placed, one);
  const F scale = p.scale(), y = V::add(V::mul(scale, p.lessOne()), V::sub(scale, half));
  return V::select(V::eq(x, V::splat(0.0f)), x, V::add(y, y));  // -0 stays -0
}

/// 1 / (1 + e^-x) = 1 / ((1 + 2^n) + 2^n (e^r - 1)) for -16 <= x <= 87.5: beyond, 1 + 2^n would be rounded.
template <class V>
DROPWISE_INLINE typename V::F32 sigmoidNear(typename V::F32 x) {
  using F = typename V::F32;
  const F one = V::splat(1.0f);
  const Power<V> p(V::neg(x));
  const F scale = p.scale();
  return V::div(one, V::add(V::add(one, scale), V::mul(scale, p.lessOne())));
}

/// Far below 0 it is e^x - e^2x.
template <class V>
DROPWISE_NOINLINE typename V::F32 sigmoidFar(typename V::F32 x) {
  using F = typename V::F32;
  const F least = V::splat(-16.0f), e = expFar<V>(x), y = sigmoidNear<V>(V::lesser(V::splat(87.5f), V::greater(least, x)));
  return V::select(V::lt(x, least), V::sub(e, V::mul(e, e)), y);
}

template <class V>
DROPWISE_INLINE typename V::F32 sigmoidOf(typename V::F32 x) {
  if (V::any(V::lt(V::splat(16.0f), V::abs(x)))) return sigmoidFar<V>(x);
  return sigmoidNear<V>(x);
}

/// (1 - e) / (1 + e) with e = e^-2|x|, and the sign of x. From 10 on it is 1.
template <class V>
DROPWISE_INLINE typename V::F32 tanhOf(typename V::F32 x) {
  using F = typename V::F32;
  const F one = V::splat(1.0f), size = V::lesser(V::splat(10.0f), V::abs(x));
  const Power<V> p(V::mul(size, V::splat(-2.0f)));
  const F scale = p.scale(), rest = V::mul(scale, p.lessOne());
  return withSign<V>(V::div(V::sub(V::sub(one, scale), rest), V::add(V::add(one, scale), rest)), x);
}

DROPWISE_END
