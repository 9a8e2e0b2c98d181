// Vector logarithms for float32: log, log1p and softplus, within 2 units in the last place for every operand, and one in double. log of 0 is -infinity, of
// what is below NaN. Nothing is fused; the polynomial is a least-maximum fit of relative error made for its interval.
#pragma once

#include <dropwise/math.hpp>

DROPWISE_BEGIN

/// ln(2^n (1 + f)) + low for f in [sqrt(1/2) - 1, sqrt(2) - 1], where `low` is far below f: n ln 2 + f - f^2/2 + f^3 p(f).
template <class V>
DROPWISE_SHARED typename V::F32 logOfParts(typename V::F32 n, typename V::F32 f, typename V::F32 low) {
  using F = typename V::F32;
  F p = V::splat(-0.0763467401f);
  p = V::add(V::mul(p, f), V::splat(0.127616704f));
  p = V::add(V::mul(p, f), V::splat(-0.131601527f));
  p = V::add(V::mul(p, f), V::splat(0.142017409f));
  p = V::add(V::mul(p, f), V::splat(-0.166233584f));
  p = V::add(V::mul(p, f), V::splat(0.200012282f));
  p = V::add(V::mul(p, f), V::splat(-0.250008196f));
  p = V::add(V::mul(p, f), V::splat(0.333333313f));
  const F z = V::mul(f, f);
  F y = V::add(V::mul(n, V::splat(3.19461833e-05f)), low);
  y = V::add(V::sub(V::mul(V::mul(z, f), p), V::mul(z, V::splat(0.5f))), y);
  // ln 2 in two parts: n times the first, which has 12 bits, is exact.
  return V::add(V::add(f, y), V::mul(n, V::splat(0.693115234f)));
}

/// n and 1 + f of a normal x > 0. The words of sqrt(1/2) are taken off first, so that n goes up by one where 1 + f would be sqrt(2).
template <class V>
DROPWISE_INLINE void logParts(typename V::F32 x, typename V::F32& n, typename V::F32& oneMore) {
  constexpr int32_t kRoot = 0x3F3504F3;
  const Words<V> words = wordsOf<V>(x) - kRoot;
  // As a float: 1.5 * 2^23 more than n in words, then in numbers less.
  n = V::sub(floatsOf<V>((words >> 23) + 0x4B400000), V::splat(12582912.0f));
  oneMore = floatsOf<V>((words & 0x7FFFFF) + kRoot);
}

/// What is no normal number above 0 gets its result here: subnormal ones are scaled up, others have one of their own.
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
DROPWISE_INLINE typename V::F32 log1pNear(typename V::F32 x) {
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
  const typename V::F32 e = expOf<V>(V::neg(V::abs(x)));
  return V::add(V::greater(V::splat(0.0f), x), log1pNear<V>(e));
}

/// The natural logarithm of a normal x > 0, in double, to about 1e-13: x = 2^n * m with m near 1, and ln m = 2 artanh((m - 1) / (m + 1)).
/// For one number per row of a log-softmax; NaN and infinity come back as they are.
DROPWISE_SHARED double logInDouble(double x) {
  uint64_t bits;
  __builtin_memcpy(&bits, &x, sizeof bits);
  if (!(x < 1.7976931348623157e308)) return x;
  int n = int(bits >> 52) - 1023;
  bits = (bits & 0xFFFFFFFFFFFFFull) | 0x3FF0000000000000ull;
  double m;
  __builtin_memcpy(&m, &bits, sizeof m);
  if (m > 1.4142135623730951) {
    m *= 0.5;
    n++;
  }
  const double s = (m - 1) / (m + 1), z = s * s;  // |s| < 0.172: each term is 1/34 of the one before
  double sum = 0;
  for (int k = 17; k >= 1; k -= 2) sum = sum * z + 1.0 / k;
  return n * 0.6931471805599453 + 2 * s * sum;
}

DROPWISE_END
