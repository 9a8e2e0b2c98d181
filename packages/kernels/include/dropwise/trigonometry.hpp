// Vector sin and cos for float32, of every finite argument: within 1e-7 of the exact value, NaN for infinities and NaN. -0 stays -0 in sin.
#pragma once

#include <dropwise/config.hpp>

DROPWISE_BEGIN

/// Up to here vectors reduce an argument by themselves: the multiple of pi/2 has 13 bits, and its product with a constant of 11 is exact.
constexpr float kNear = 8192.0f;

DROPWISE_INLINE bool isFar(float x) { return (bitsOf(x) & 0x7FFFFFFFu) > bitsOf(kNear); }

/// Any other argument, as Payne and Hanek do: its 24 bits times those 96 of 2/pi that say anything about the quarter turn and what is left of it.
DROPWISE_SHARED void reduceFar(float x, float* rest, float* quarter) {
  static const uint32_t kTwoOverPi[] = {0, 0xA2F9836E, 0x4E441529, 0xFC2757D1, 0xF534DDC0, 0xDB629599, 0x3C439041, 0xFE5163AB};
  const uint32_t bits = bitsOf(x) & 0x7FFFFFFFu;
  *quarter = 0;
  *rest = x - x;  // NaN
  if (bits >= 0x7F800000u) return;
  const uint32_t first = (bits >> 23) - 120, word = first >> 5, shift = first & 31;
  const auto window = [&](uint32_t i) {
    const uint64_t pair = (uint64_t(kTwoOverPi[word + i]) << 32) | kTwoOverPi[word + i + 1];
    return uint32_t(pair << shift >> 32);
  };
  const uint64_t mantissa = (bits & 0x7FFFFFu) | 0x800000u;
  // In units of 2^-62 quarter turns; whole turns are shifted out.
  uint64_t turn = (mantissa * window(0) << 32) + mantissa * window(1) + (mantissa * window(2) >> 32);
  const uint64_t whole = (turn + (uint64_t(1) << 61)) >> 62;
  turn -= whole << 62;
  const float sign = x < 0 ? -1.0f : 1.0f;
  *rest = sign * float(double(int64_t(turn)) * 3.4061215800304286e-19);  // pi/2 * 2^-62
  *quarter = sign * (whole == 3 ? -1.0f : float(whole));
}

/// kLanes sines or cosines: of what is left of x when the nearest quarter turns are taken off, and which of +-sin and +-cos it is by their number.
/// The polynomials are those of Cephes's sinf and cosf (S. L. Moshier).
template <class V>
DROPWISE_SHARED typename V::F32 turnOf(const float* from, bool cosine) {
  using F = typename V::F32;
  const F x = V::load(from), zero = V::splat(0.0f), one = V::splat(1.0f);
  const F n = V::nearest(V::mul(x, V::splat(0.636619772f)));
  F r = V::sub(x, V::mul(n, V::splat(1.5703125f)));
  r = V::sub(r, V::mul(n, V::splat(0.000483751297f)));
  r = V::sub(r, V::mul(n, V::splat(7.54979013e-08f)));
  F q = V::sub(n, V::mul(V::splat(4.0f), V::nearest(V::mul(n, V::splat(0.25f)))));  // -2 to 2
  r = V::select(V::eq(n, zero), x, r);                                              // for -0
  bool far = false;
  for (int i = 0; i < V::kLanes; i++) far |= isFar(from[i]);
  if (far) {
    float rests[V::kLanes], quarters[V::kLanes];
    V::store(rests, r);
    V::store(quarters, q);
    for (int i = 0; i < V::kLanes; i++) {
      if (isFar(from[i])) reduceFar(from[i], rests + i, quarters + i);
    }
    r = V::load(rests);
    q = V::load(quarters);
  }
  const F z = V::mul(r, r);
  F s = V::splat(-1.9515295891e-4f);
  s = V::add(V::mul(s, z), V::splat(8.3321608736e-3f));
  s = V::add(V::mul(s, z), V::splat(-1.6666654611e-1f));
  s = V::mul(r, V::add(one, V::mul(z, s)));  // a product, so that -0 stays -0
  F c = V::splat(2.443315711809948e-5f);
  c = V::add(V::mul(c, z), V::splat(-1.388731625493765e-3f));
  c = V::add(V::mul(c, z), V::splat(4.166664568298827e-2f));
  c = V::add(V::sub(one, V::mul(z, V::splat(0.5f))), V::mul(V::mul(z, z), c));
  const auto isOdd = V::eq(V::abs(q), one);
  const F y = cosine ? V::select(isOdd, s, c) : V::select(isOdd, c, s);
  // sin is positive in quarters 0 and 1, cos in -1 and 0.
  const auto isPositive = V::lt(V::abs(V::add(q, V::splat(cosine ? 0.5f : -0.5f))), one);
  return V::select(isPositive, y, V::neg(y));
}

DROPWISE_END
