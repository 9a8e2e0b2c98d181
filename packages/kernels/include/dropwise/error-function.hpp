// The error function of vectors of float32, within 2 units in the last place for every operand; NaN for NaN.
// Nothing is fused. The polynomials are least-maximum fits made for these intervals.
#pragma once

#include <dropwise/math.hpp>

DROPWISE_BEGIN

/// Below 1: x + x p(x^2). Above: 1 - e^-p(|x|), with the sign of x; from 4 on that is 1.
template <class V>
DROPWISE_INLINE typename V::F32 erfOf(typename V::F32 x) {
  using F = typename V::F32;
  const F one = V::splat(1.0f), size = V::lesser(V::splat(4.0f), V::abs(x)), z = V::mul(x, x);
  F p = V::splat(7.85386437e-05f);
  p = V::add(V::mul(p, z), V::splat(-0.000801019429f));
  p = V::add(V::mul(p, z), V::splat(0.00518832775f));
  p = V::add(V::mul(p, z), V::splat(-0.0268538129f));
  p = V::add(V::mul(p, z), V::splat(0.112835854f));
  p = V::add(V::mul(p, z), V::splat(-0.37612626f));
  p = V::add(V::mul(p, z), V::splat(0.128379166f));
  F q = V::splat(0.000186378675f);
  q = V::add(V::mul(q, size), V::splat(-0.00294765341f));
  q = V::add(V::mul(q, size), V::splat(0.0218380447f));
  q = V::add(V::mul(q, size), V::splat(-0.103106715f));
  q = V::add(V::mul(q, size), V::splat(-0.638144851f));
  q = V::add(V::mul(q, size), V::splat(-1.12708914f));
  q = V::add(V::mul(q, size), V::splat(-0.000341528299f));
  const F large = withSign<V>(V::sub(one, expNear<V>(q)), x);
  return V::select(V::lt(size, one), V::add(x, V::mul(x, p)), large);
}

DROPWISE_END
