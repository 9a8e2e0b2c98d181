// Vector exponentials for float32: exp, expm1, sigmoid and tanh, within 2 units in the last place for every operand, subnormal results included; NaN for NaN.
// Nothing is fused, so that all instruction sets give the same bits. The polynomials are least-maximum fits of relative error made for these intervals.
#pragma once

#include <dropwise/config.hpp>

DROPWISE_BEGIN

/// The lanes of a vector as words that can be calculated with by operators.
template <class V>
using Words = typename VectorOf<uint32_t, V::kLanes>::Type;

/// Halves, quarters and so on of words with signs, rounded down.
template <class V>
DROPWISE_INLINE Words<V> signedShift(Words<V> words, int bits) {
  using Signed = typename VectorOf<int32_t, V::kLanes>::Type;
  return Words<V>(Signed(words) >> bits);
}

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
  return floatsOf<V>(wordsOf<V>(x) | (wordsOf<V>(y) & 0x80000000u));
}

/// (((c0 x + c1) x + c2) x + ...), each step rounded twice.
template <class V, int kCount>
DROPWISE_INLINE typename V::F32 polynomial(typename V::F32 x, const float (&constants)[kCount]) {
  const float* const c = inMemory(constants);
  typename V::F32 y = V::repeat(c);
  DROPWISE_UNROLL for (int i = 1; i < kCount; i++) y = V::add(V::mul(y, x), V::repeat(c + i));
  return y;
}

/// 1 / ln 2; ln 2 in two parts, of which n times the first, which has 12 bits, is exact; and 1.5 * 2^23 + 127: added to n, it leaves n + 127, the exponent of
/// 2^n, as the last bits. Then 1, and the squares of the farthest operands of `expNear` and `sigmoidNear`.
static const float kPower[] = {1.44269504f, 0.693115234f, 3.19461833e-05f, 12583039.0f, 1.0f, 7656.25f, 256.0f};
/// (e^r - 1 - r) / r^2.
static const float kExponential[] = {0.00138145406f, 0.00836874545f, 0.041668389f, 0.166665211f, 0.49999994f};

/// e^x = 2^n * e^r with n the nearest integer to x / ln 2, so |r| <= ln 2 / 2.
template <class V>
struct Power {
  typename V::F32 r, placed;  // placed: n as in kPower
  DROPWISE_MEMBER explicit Power(typename V::F32 x) {
    const float* const c = inMemory(kPower);
    placed = V::add(V::mul(x, V::repeat(c)), V::repeat(c + 3));
    const typename V::F32 n = V::sub(placed, V::repeat(c + 3));
    r = V::sub(V::sub(x, V::mul(n, V::repeat(c + 1))), V::mul(n, V::repeat(c + 2)));
  }
  /// 2^n for n in [-126, 127].
  DROPWISE_MEMBER typename V::F32 scale() const { return floatsOf<V>(wordsOf<V>(placed) << 23); }
  /// e^r - 1.
  DROPWISE_MEMBER typename V::F32 lessOne() const { return V::add(r, V::mul(V::mul(r, r), polynomial<V>(r, kExponential))); }
};

/// e^x for |x| <= 87.5, and NaN for NaN.
template <class V>
DROPWISE_INLINE typename V::F32 expNear(typename V::F32 x) {
  const Power<V> p(x);
  return V::mul(V::add(p.lessOne(), V::repeat(inMemory(kPower) + 4)), p.scale());
}

/// e^x for any x. 2^n may be out of range, so it comes in two halves; only the last product rounds.
template <class V>
DROPWISE_NOINLINE typename V::F32 expFar(typename V::F32 x) {
  // Beyond these the result is infinity or 0 anyhow.
  const Power<V> p(V::lesser(V::splat(89.0f), V::greater(V::splat(-104.0f), x)));
  const Words<V> n = wordsOf<V>(p.placed) - 0x4B40007Fu, half = signedShift<V>(n, 1);
  const typename V::F32 e = V::mul(V::add(p.lessOne(), V::splat(1.0f)), floatsOf<V>((half + 127u) << 23));
  return V::mul(e, floatsOf<V>((n - half + 127u) << 23));
}

/// e^x: the same bits as `expFar` by a shorter way where the whole vector is near.
template <class V>
DROPWISE_INLINE typename V::F32 expOf(typename V::F32 x) {
  if (V::any(V::lt(V::repeat(inMemory(kPower) + 5), V::mul(x, x)))) return expFar<V>(x);
  return expNear<V>(x);
}

/// The same bits once more, for where code is better small than fast.
template <class V>
DROPWISE_INLINE typename V::F32 expSmall(typename V::F32 x) {
  return kIsCompact ? expFar<V>(x) : expOf<V>(x);
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
  const F one = V::repeat(inMemory(kPower) + 4);
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
  if (V::any(V::lt(V::repeat(inMemory(kPower) + 6), V::mul(x, x)))) return sigmoidFar<V>(x);
  return sigmoidNear<V>(x);
}

/// (1 - e) / (1 + e) with e = e^-2|x|, and the sign of x; from 0.55 on as 1 - 2e / (1 + e), which is closer to 1, where gradients ask for 1 - y^2. From 10 on
/// it is 1.
template <class V>
DROPWISE_INLINE typename V::F32 tanhOf(typename V::F32 x) {
  using F = typename V::F32;
  const F one = V::repeat(inMemory(kPower) + 4), size = V::lesser(V::splat(10.0f), V::abs(x));
  const Power<V> p(V::mul(size, V::splat(-2.0f)));
  const F scale = p.scale(), rest = V::mul(scale, p.lessOne()), e = V::add(scale, rest);
  const auto isSmall = V::lt(size, V::splat(0.55f));
  const F y = V::div(V::select(isSmall, V::sub(V::sub(one, scale), rest), V::add(e, e)), V::add(V::add(one, scale), rest));
  return withSign<V>(V::select(isSmall, y, V::sub(one, y)), x);
}

DROPWISE_END
