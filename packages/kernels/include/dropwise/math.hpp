// Vector exp, sigmoid and tanh for float32: relative error below 2e-7, right for NaN, infinities, and results that are subnormal.
// The polynomials are least-maximum fits of relative error made for these intervals.
#pragma once

#include <dropwise/config.hpp>

DROPWISE_BEGIN

/// e^x = 2^n * e^r with n the nearest integer to x / ln 2, so |r| <= ln 2 / 2, and e^r = 1 + r + r^2 q(r).
template <class V>
DROPWISE_SHARED typename V::F32 expOf(typename V::F32 x) {
  using F = typename V::F32;
  // Beyond these the result is infinity or 0 anyhow; NaN passes both.
  x = V::minimum(V::maximum(x, V::splat(-104.0f)), V::splat(89.0f));
  const F n = V::nearest(V::mul(x, V::splat(1.44269504f)));
  // ln 2 in two parts: n times the first, which has 12 bits, is exact.
  F r = V::sub(x, V::mul(n, V::splat(0.693115234f)));
  r = V::sub(r, V::mul(n, V::splat(3.19461833e-05f)));
  F q = V::splat(0.00138144649f);
  q = V::add(V::mul(q, r), V::splat(0.00836874545f));
  q = V::add(V::mul(q, r), V::splat(0.0416683890f));
  q = V::add(V::mul(q, r), V::splat(0.166665196f));
  q = V::add(V::mul(q, r), V::splat(0.499999926f));
  const F e = V::add(V::splat(1.0f), V::add(r, V::mul(V::mul(r, r), q)));
  // In two halves, since 2^n itself may be out of range; only the last product rounds.
  const F half = V::nearest(V::mul(n, V::splat(0.5f)));
  return V::mul(V::mul(e, V::exponent2(half)), V::exponent2(V::sub(n, half)));
}

/// 1 / (1 + e^-x), with the exponential of a negative number only, so that small results keep their digits.
template <class V>
DROPWISE_SHARED typename V::F32 sigmoidOf(typename V::F32 x) {
  using F = typename V::F32;
  const F one = V::splat(1.0f);
  const F e = expOf<V>(V::neg(V::abs(x)));
  return V::div(V::select(V::lt(x, V::splat(0.0f)), e, one), V::add(one, e));
}

/// 1 - 2 / (e^2|x| + 1) with the sign of x, and near 0, where that would cancel, x * (1 + x^2 q(x^2)).
template <class V>
DROPWISE_SHARED typename V::F32 tanhOf(typename V::F32 x) {
  using F = typename V::F32;
  const F one = V::splat(1.0f), size = V::abs(x);
  const F e = expOf<V>(V::add(size, size));
  const F large = V::sub(one, V::div(V::splat(2.0f), V::add(e, one)));
  const F z = V::mul(x, x);
  F q = V::splat(-0.00570497848f);
  q = V::add(V::mul(q, z), V::splat(0.0206390787f));
  q = V::add(V::mul(q, z), V::splat(-0.0537397116f));
  q = V::add(V::mul(q, z), V::splat(0.133314416f));
  q = V::add(V::mul(q, z), V::splat(-0.333332807f));
  const F small = V::mul(x, V::add(one, V::mul(z, q)));  // a product, so that -0 stays -0
  const F signedLarge = V::select(V::lt(x, V::splat(0.0f)), V::neg(large), large);
  return V::select(V::lt(size, V::splat(0.625f)), small, signedLarge);
}

/// The natural logarithm of a normal x > 0, in double, to about 1e-13: x = 2^n * m with m near 1, and ln m = 2 artanh((m - 1) / (m + 1)).
/// For one number per row of a log-softmax; NaN and infinity come back as they are.
DROPWISE_SHARED double logOf(double x) {
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
