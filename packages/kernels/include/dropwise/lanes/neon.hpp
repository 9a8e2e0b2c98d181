// The lane type of 64-bit ARM: four lanes of 32 bits, 32 registers.
#pragma once

#include <arm_neon.h>

#include <dropwise/philox.hpp>

DROPWISE_BEGIN

struct Neon {
  // --- shape of the lanes ---
  static constexpr int kLanes = 4;
  using F32 = float32x4_t;
  using U32 = uint32x4_t;
  using Mask = uint32x4_t;  // all ones or all zeros in each lane

  // --- memory ---
  DROPWISE_INLINE F32 load(const float* p) { return vld1q_f32(p); }
  DROPWISE_INLINE F32 loadAhead(const float* p) { return vld1q_f32(p); }
  DROPWISE_INLINE void store(float* p, F32 x) { vst1q_f32(p, x); }
  static constexpr bool kStreams = false;
  DROPWISE_INLINE F32 loadPart(const float* p, int n) {
    float lanes[4] = {0, 0, 0, 0};
    for (int i = 0; i < n; i++) lanes[i] = p[i];
    return vld1q_f32(lanes);
  }
  DROPWISE_INLINE void storePart(float* p, int n, F32 x) {
    float lanes[4];
    vst1q_f32(lanes, x);
    for (int i = 0; i < n; i++) p[i] = lanes[i];
  }
  DROPWISE_INLINE U32 loadU(const uint32_t* p) { return vld1q_u32(p); }
  DROPWISE_INLINE void storeU(uint32_t* p, U32 x) { vst1q_u32(p, x); }

  // --- float arithmetic ---
  DROPWISE_INLINE F32 splat(float x) { return vdupq_n_f32(x); }
  DROPWISE_INLINE F32 repeat(const float* p) { return splat(*p); }
  DROPWISE_INLINE F32 add(F32 a, F32 b) { return vaddq_f32(a, b); }
  DROPWISE_INLINE F32 mul(F32 a, F32 b) { return vmulq_f32(a, b); }
  DROPWISE_INLINE F32 sub(F32 a, F32 b) { return vsubq_f32(a, b); }
  DROPWISE_INLINE F32 div(F32 a, F32 b) { return vdivq_f32(a, b); }
  DROPWISE_INLINE F32 sqrt(F32 a) { return vsqrtq_f32(a); }
  DROPWISE_INLINE F32 abs(F32 a) { return vabsq_f32(a); }
  DROPWISE_INLINE F32 neg(F32 a) { return vnegq_f32(a); }
  // These instructions have the wanted meaning: NaN wins, -0 is below +0.
  DROPWISE_INLINE F32 minimum(F32 a, F32 b) { return vminq_f32(a, b); }
  DROPWISE_INLINE F32 maximum(F32 a, F32 b) { return vmaxq_f32(a, b); }
  DROPWISE_INLINE F32 lesser(F32 a, F32 b) { return vbslq_f32(vcltq_f32(a, b), a, b); }
  DROPWISE_INLINE F32 greater(F32 a, F32 b) { return vbslq_f32(vcgtq_f32(a, b), a, b); }
  DROPWISE_INLINE F32 nearest(F32 a) { return vrndnq_f32(a); }
  DROPWISE_INLINE F32 mulAdd(F32 a, F32 b, F32 c) { return vfmaq_f32(c, a, b); }

  // --- matrix products ---
  static constexpr int kTileRows = 6, kTileVectors = 4;  // 24 sums, four vectors of y, one factor, of 32 registers
  static constexpr bool kTilesOfAllSizes = true, kReadsRows = false;
  DROPWISE_INLINE void transpose4x4(const float* from, size_t stride, float* to, size_t step) {
    U32 columns[4];
    toMemoryOrder(vreinterpretq_u32_f32(load(from)), vreinterpretq_u32_f32(load(from + stride)), vreinterpretq_u32_f32(load(from + 2 * stride)),
                  vreinterpretq_u32_f32(load(from + 3 * stride)), columns);
    for (size_t i = 0; i < 4; i++) store(to + i * step, vreinterpretq_f32_u32(columns[i]));
  }

  // --- choosing ---
  DROPWISE_INLINE F32 select(Mask m, F32 a, F32 b) { return vbslq_f32(m, a, b); }
  DROPWISE_INLINE F32 keep(Mask m, F32 a) { return vreinterpretq_f32_u32(vandq_u32(vreinterpretq_u32_f32(a), m)); }
  DROPWISE_INLINE F32 clear(Mask m, F32 a) { return vreinterpretq_f32_u32(vbicq_u32(vreinterpretq_u32_f32(a), m)); }
  DROPWISE_INLINE Mask lt(F32 a, F32 b) { return vcltq_f32(a, b); }
  DROPWISE_INLINE Mask le(F32 a, F32 b) { return vcleq_f32(a, b); }
  DROPWISE_INLINE Mask eq(F32 a, F32 b) { return vceqq_f32(a, b); }
  DROPWISE_INLINE bool any(Mask m) { return vmaxvq_u32(m) != 0; }
  DROPWISE_INLINE bool all(Mask m) { return vminvq_u32(m) != 0; }
  DROPWISE_INLINE void storeBools(uint8_t* p, int n, Mask m, uint32_t negate) {
    uint32_t lanes[4];
    vst1q_u32(lanes, m);
    for (int i = 0; i < n; i++) p[i] = uint8_t((lanes[i] & 1) ^ negate);
  }

  // --- sums in double ---
  struct Wide {
    float64x2_t low, high;
  };
  DROPWISE_INLINE Wide wideZero() { return {vdupq_n_f64(0), vdupq_n_f64(0)}; }
  DROPWISE_INLINE Wide wideAdd(Wide w, F32 x) { return {vaddq_f64(w.low, vcvt_f64_f32(vget_low_f32(x))), vaddq_f64(w.high, vcvt_high_f64_f32(x))}; }
  DROPWISE_INLINE double wideTotal(Wide w) {
    const float64x2_t sum = vaddq_f64(w.low, w.high);
    return vgetq_lane_f64(sum, 0) + vgetq_lane_f64(sum, 1);
  }

  // --- Philox: packed lanes ---
  static constexpr int kGroups = 2, kScalarBlocks = 0;
  using Group = PackedGroup<Neon>;
  using Threshold = uint32x4_t;
  DROPWISE_INLINE Threshold threshold(uint32_t t) { return vdupq_n_u32(t); }
  DROPWISE_INLINE Mask below(U32 words, Threshold t) { return vcltq_u32(words, t); }
  DROPWISE_INLINE U32 splatU(uint32_t x) { return vdupq_n_u32(x); }
  DROPWISE_INLINE U32 blockIota() {
    const uint32_t lanes[4] = {0, 1, 2, 3};
    return vld1q_u32(lanes);
  }
  DROPWISE_INLINE U32 addU(U32 a, U32 b) { return vaddq_u32(a, b); }
  DROPWISE_INLINE U32 xorU(U32 a, U32 b) { return veorq_u32(a, b); }
  DROPWISE_INLINE void mulHiLo(uint32_t factor, U32 x, U32& hi, U32& lo) {
    const uint32x4_t low = vreinterpretq_u32_u64(vmull_n_u32(vget_low_u32(x), factor));
    const uint32x4_t high = vreinterpretq_u32_u64(vmull_high_n_u32(x, factor));
    lo = vuzp1q_u32(low, high);
    hi = vuzp2q_u32(low, high);
  }
  /// The transpose of a 4x4 matrix.
  DROPWISE_INLINE void toMemoryOrder(U32 w0, U32 w1, U32 w2, U32 w3, U32* words) {
    const uint64x2_t a = vreinterpretq_u64_u32(vzip1q_u32(w0, w1)), b = vreinterpretq_u64_u32(vzip2q_u32(w0, w1));
    const uint64x2_t c = vreinterpretq_u64_u32(vzip1q_u32(w2, w3)), d = vreinterpretq_u64_u32(vzip2q_u32(w2, w3));
    words[0] = vreinterpretq_u32_u64(vzip1q_u64(a, c));
    words[1] = vreinterpretq_u32_u64(vzip2q_u64(a, c));
    words[2] = vreinterpretq_u32_u64(vzip1q_u64(b, d));
    words[3] = vreinterpretq_u32_u64(vzip2q_u64(b, d));
  }
  DROPWISE_INLINE void toPairs(U32 w0, U32 w1, U32* words) {
    words[0] = vzip1q_u32(w0, w1);
    words[1] = vzip2q_u32(w0, w1);
  }
  DROPWISE_INLINE U32 fromPairs(const uint64_t* pairs) { return loadU(reinterpret_cast<const uint32_t*>(pairs)); }
};

DROPWISE_END
