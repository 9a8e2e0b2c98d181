// The error function of vectors of float32, within 2 units in the last place for every operand; NaN for NaN.
// Nothing is fused. The polynomials are least-maximum fits made for these intervals.
#pragma once

#include <dropwise/math.hpp>

DROPWISE_BEGIN

/// erf(x) / x - 1 of x^2, for |x| <= 1.
static const float kErrorSmall[] = {7.85386437e-05f, -0.000801019429f, 0.00518832775f, -0.0268538129f, 0.112835854f, -0.37612626f, 0.128379166f};
/// ln(1 - erf(x)) for x in [1, 4].
static const float kErrorLarge[] = {0.000186378675f, -0.00294765341f, 0.0218380447f, -0.103106715f, -0.638144851f, -1.12708914f, -0.000341528299f};

/// Below 1: x + x p(x^2). Above: 1 - e^q(|x|), with the sign of x; from 4 on that is 1.
template <class V>
DROPWISE_INLINE typename V::F32 erfOf(typename V::F32 x) {
  using F = typename V::F32;
  const F one = V::splat(1.0f), size = V::lesser(V::splat(4.0f), V::abs(x)), z = V::mul(x, x);
  const F large = withSign<V>(V::sub(one, expNear<V>(polynomial<V>(size, kErrorLarge))), x);
  return V::select(V::lt(size, one), V::add(x, V::mul(x, polynomial<V>(z, kErrorSmall))), large);
}

DROPWISE_END
