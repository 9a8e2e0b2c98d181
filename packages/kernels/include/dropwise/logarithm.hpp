// Vector logarithms for float32: log, log1p and softplus, within 2 units in the last place for every operand. log of 0 is -infinity, of
// what is below NaN. Nothing is fused; the polynomial is a least-maximum fit of relative error made for its interval.
#pragma once

#include <dropwise/math.hpp>

DROPWISE_BEGIN

/// (ln(1 + f) - f + f^2 / 2) / f^3.
static const float kLogarithm[] = {-0.0763467401f, 0.127616704f, -0.131601527f, 0.142017409f, -0.166233584f, 0.200012282f, -0.250008196f, 0.333333313f};

/// ln(2^n (1 + f)) + low for f in [sqrt(1/2) - 1, sqrt(2) - 1], where `low` is far below f: n ln 2 + f - f^2/2 + f^3 p(f).
template <class V>
DROPWISE_INLINE typename V::F32 logOfParts(typename V::F32 n, typename V::F32 f, typename V::F32 low) {
  using F = typename V::F32;
  const F z = V::mul(f, f);
  const float* const c = inMemory(kPower);
  F y = V::add(V::mul(n, V::repeat(c + 2)), low);
  y = V::add(V::sub(V::mul(V::mul(z, f), polynomial<V>(f, kLogarithm)), V::mul(z, V::splat(0.5f))), y);
  return V::add(V::add(f, y), V::mul(n, V::repeat(c + 1)));
}

/// n and 1 + f of a normal x > 0. The words of sqrt(1/2) are taken off first, so that n goes up by one where 1 + f would be sqrt(2).
template <class V>
DROPWISE_INLINE void logParts(typename V::F32 x, typename V::F32& n, typename V::F32& oneMore) {
  constexpr uint32_t kRoot = 0x3F3504F3;
  const Words<V> words = wordsOf<V>(x) - kRoot;
  // As a float: 1.5 * 2^23 more than n in words, then in numbers less.
  n = V::sub(floatsOf<V>(signedShift<V>(words, 23) + 0x4B400000u), V::splat(12582912.0f));
  oneMore = floatsOf<V>((words & 0x7FFFFFu) + kRoot);
}

/// Of any x: subnormal numbers are scaled up, and what is no number above 0 gets a result of its own.
template <class V>
DROPWISE_NOINLINE typename V::F32 logFar(typename V::F32 x) {
  using F = typename V::F32;
  const F zero = V::splat(0.0f), infinity = V::splat(__builtin_inff());
  const auto isSmall = V::lt(x, V::splat(1.17549435e-38f));
  F n, m;
  logParts<V>(V::select(isSmall, V::mul(x, V::splat(8388608.0f)), x), n, m);
  F y = logOfParts<V>(V::select(isSmall, V::sub(n, V::splat(23.0f)), n), V::sub(m, V::splat(1.0f)), zero);
  y = V::select(V::lt(x, infinity), y, x);  // infinity and NaN
  y = V::select(V::eq(x, zero), V::neg(infinity), y);
  return V::select(V::lt(x, zero), V::sub(infinity, infinity), y);
}

template <class V>
DROPWISE_INLINE typename V::F32 logOf(typename V::F32 x) {
  using F = typename V::F32;
  // Within the normal numbers x is what it is when held to them; NaN is not.
  const F least = V::splat(1.17549435e-38f), most = V::splat(3.40282347e38f);
  if (!V::all(V::eq(x, V::lesser(V::greater(x, least), most)))) return logFar<V>(x);
  F n, m;
  logParts<V>(x, n, m);
  return logOfParts<V>(n, V::sub(m, V::splat(1.0f)), V::splat(0.0f));
}

/// ln(1 + x) for x in [0, 1] or -1/4 < x, without the special numbers: what 1 + x loses in rounding is given back as a part of the result.
template <class V>
DROPWISE_SHARED typename V::F32 log1pNear(typename V::F32 x) {
  using F = typename V::F32;
  const F one = V::splat(1.0f), u = V::add(one, x);
  F n, m;
  logParts<V>(u, n, m);
  const F lost = V::sub(x, V::sub(u, one));
  // With n = 0 it is left out of f instead, which then is x itself.
  const auto isWhole = V::eq(n, V::splat(0.0f));
  return logOfParts<V>(n, V::select(isWhole, x, V::sub(m, one)), V::select(isWhole, V::splat(0.0f), V::div(lost, u)));
}

template <class V>
DROPWISE_INLINE typename V::F32 log1pOf(typename V::F32 x) {
  using F = typename V::F32;
  const F zero = V::splat(0.0f), infinity = V::splat(__builtin_inff());
  F y = log1pNear<V>(x);
  y = V::select(V::lt(V::splat(-1.0f), x), y, V::select(V::eq(x, V::splat(-1.0f)), V::neg(infinity), V::sub(infinity, infinity)));
  // -0, infinity and NaN stay.
  return V::select(V::eq(x, zero), x, V::select(V::lt(x, infinity), y, x));
}

/// ln(1 + e^x) = max(x, 0) + ln(1 + e^-|x|).
template <class V>
DROPWISE_INLINE typename V::F32 softplusOf(typename V::F32 x) {
  const typename V::F32 e = expSmall<V>(V::neg(V::abs(x)));
  return V::add(V::greater(V::splat(0.0f), x), log1pNear<V>(e));
}

DROPWISE_END
