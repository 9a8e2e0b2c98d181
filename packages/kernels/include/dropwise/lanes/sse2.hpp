// The lane type of SSE2, which every 64-bit x86 processor has: four lanes of 32 bits.
#pragma once

#include <emmintrin.h>

#include <dropwise/philox.hpp>

DROPWISE_BEGIN

struct Sse2 {
  // --- shape of the lanes ---
  static constexpr int kLanes = 4;
  using F32 = __m128;
  using U32 = __m128i;
  using Mask = __m128;  // all ones or all zeros in each lane

  // --- memory ---
  DROPWISE_INLINE F32 load(const float* p) { return _mm_loadu_ps(p); }
  DROPWISE_INLINE F32 loadAhead(const float* p) { return _mm_loadu_ps(p); }
  DROPWISE_INLINE void store(float* p, F32 x) { _mm_storeu_ps(p, x); }
  static constexpr bool kStreams = true;
  DROPWISE_INLINE void storeAround(float* p, F32 x) { _mm_stream_ps(p, x); }
  DROPWISE_INLINE void endStores() { _mm_sfence(); }
  DROPWISE_INLINE F32 loadPart(const float* p, int n) { return _mm_setr_ps(p[0], n > 1 ? p[1] : 0.0f, n > 2 ? p[2] : 0.0f, n > 3 ? p[3] : 0.0f); }
  DROPWISE_INLINE void storePart(float* p, int n, F32 x) {
    float lanes[4];
    _mm_storeu_ps(lanes, x);
    for (int i = 0; i < n; i++) p[i] = lanes[i];
  }
  DROPWISE_INLINE U32 loadU(const uint32_t* p) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(p)); }
  DROPWISE_INLINE void storeU(uint32_t* p, U32 x) { _mm_storeu_si128(reinterpret_cast<__m128i*>(p), x); }

  // --- float arithmetic ---
  DROPWISE_INLINE F32 splat(float x) { return _mm_set1_ps(x); }
  DROPWISE_INLINE F32 repeat(const float* p) { return splat(*p); }
  DROPWISE_INLINE F32 add(F32 a, F32 b) { return _mm_add_ps(a, b); }
  DROPWISE_INLINE F32 mul(F32 a, F32 b) { return _mm_mul_ps(a, b); }
  DROPWISE_INLINE F32 sub(F32 a, F32 b) { return _mm_sub_ps(a, b); }
  DROPWISE_INLINE F32 div(F32 a, F32 b) { return _mm_div_ps(a, b); }
  DROPWISE_INLINE F32 sqrt(F32 a) { return _mm_sqrt_ps(a); }
  DROPWISE_INLINE F32 abs(F32 a) { return _mm_andnot_ps(splat(-0.0f), a); }
  DROPWISE_INLINE F32 neg(F32 a) { return _mm_xor_ps(a, splat(-0.0f)); }
  // The instructions give the second operand for a NaN and for two zeros; both orders together settle the zeros.
  DROPWISE_INLINE F32 minimum(F32 a, F32 b) { return select(_mm_cmpunord_ps(a, b), add(a, b), _mm_or_ps(_mm_min_ps(a, b), _mm_min_ps(b, a))); }
  DROPWISE_INLINE F32 maximum(F32 a, F32 b) { return select(_mm_cmpunord_ps(a, b), add(a, b), _mm_and_ps(_mm_max_ps(a, b), _mm_max_ps(b, a))); }
  DROPWISE_INLINE F32 lesser(F32 a, F32 b) { return _mm_min_ps(a, b); }
  DROPWISE_INLINE F32 greater(F32 a, F32 b) { return _mm_max_ps(a, b); }
  // |a| < 2^22: adding 1.5 * 2^23 leaves no bits for the fraction.
  DROPWISE_INLINE F32 nearest(F32 a) { return sub(add(a, splat(12582912.0f)), splat(12582912.0f)); }
  DROPWISE_INLINE F32 mulAdd(F32 a, F32 b, F32 c) { return add(mul(a, b), c); }

  // --- matrix products ---
  static constexpr int kTileRows = 4, kTileVectors = 3;
  static constexpr bool kTilesOfAllSizes = true, kReadsRows = false;
  DROPWISE_INLINE void transpose4x4(const float* from, size_t stride, float* to, size_t step) {
    __m128 a = _mm_loadu_ps(from), b = _mm_loadu_ps(from + stride), c = _mm_loadu_ps(from + 2 * stride), d = _mm_loadu_ps(from + 3 * stride);
    _MM_TRANSPOSE4_PS(a, b, c, d);
    _mm_storeu_ps(to, a);
    _mm_storeu_ps(to + step, b);
    _mm_storeu_ps(to + 2 * step, c);
    _mm_storeu_ps(to + 3 * step, d);
  }

  // --- choosing ---
  DROPWISE_INLINE F32 select(Mask m, F32 a, F32 b) { return _mm_or_ps(_mm_and_ps(m, a), _mm_andnot_ps(m, b)); }
  DROPWISE_INLINE F32 keep(Mask m, F32 a) { return _mm_and_ps(a, m); }
  DROPWISE_INLINE F32 clear(Mask m, F32 a) { return _mm_andnot_ps(m, a); }
  DROPWISE_INLINE Mask lt(F32 a, F32 b) { return _mm_cmplt_ps(a, b); }
  DROPWISE_INLINE Mask le(F32 a, F32 b) { return _mm_cmple_ps(a, b); }
  DROPWISE_INLINE Mask eq(F32 a, F32 b) { return _mm_cmpeq_ps(a, b); }
  DROPWISE_INLINE bool any(Mask m) { return _mm_movemask_ps(m) != 0; }
  DROPWISE_INLINE bool all(Mask m) { return _mm_movemask_ps(m) == 15; }
  DROPWISE_INLINE void storeBools(uint8_t* p, int n, Mask m, uint32_t negate) {
    const uint32_t bits = uint32_t(_mm_movemask_ps(m)) ^ (negate ? 15u : 0u);
    for (int i = 0; i < n; i++) p[i] = bits >> i & 1;
  }

  // --- sums in double ---
  struct Wide {
    __m128d low, high;
  };
  DROPWISE_INLINE Wide wideZero() { return {_mm_setzero_pd(), _mm_setzero_pd()}; }
  DROPWISE_INLINE Wide wideAdd(Wide w, F32 x) { return {_mm_add_pd(w.low, _mm_cvtps_pd(x)), _mm_add_pd(w.high, _mm_cvtps_pd(_mm_movehl_ps(x, x)))}; }
  DROPWISE_INLINE double wideTotal(Wide w) {
    double lanes[2];
    _mm_storeu_pd(lanes, _mm_add_pd(w.low, w.high));
    return lanes[0] + lanes[1];
  }

  // --- Philox: one block per 64-bit lane ---
  static constexpr int kGroups = 4, kScalarBlocks = 0;
  using Group = WideGroup<Sse2>;
  using U64 = __m128i;
  static constexpr int kWideLanes = 2;
  using Threshold = __m128i;
  // There is a signed comparison only: the top bits are turned round.
  DROPWISE_INLINE Threshold threshold(uint32_t t) { return _mm_set1_epi32(int32_t(t ^ 0x80000000u)); }
  DROPWISE_INLINE Mask below(U32 words, Threshold t) {
    return _mm_castsi128_ps(_mm_cmpgt_epi32(t, _mm_xor_si128(words, _mm_set1_epi32(int32_t(0x80000000u)))));
  }
  DROPWISE_INLINE U64 splatW(uint32_t x) { return _mm_set1_epi32(int32_t(x)); }
  DROPWISE_INLINE U64 splatWhole(uint64_t x) { return _mm_set1_epi64x(int64_t(x)); }
  DROPWISE_INLINE U64 blockIotaW() { return _mm_set_epi64x(1, 0); }
  DROPWISE_INLINE U64 addW(U64 a, U64 b) { return _mm_add_epi64(a, b); }
  DROPWISE_INLINE U64 xorW(U64 a, U64 b) { return _mm_xor_si128(a, b); }
  DROPWISE_INLINE U64 xor3(U64 a, U64 b, U64 c) { return _mm_xor_si128(_mm_xor_si128(b, c), a); }
  DROPWISE_INLINE U64 high(U64 a) { return _mm_srli_epi64(a, 32); }
  DROPWISE_INLINE U64 mulLow(U64 a, U64 b) { return _mm_mul_epu32(a, b); }
  DROPWISE_INLINE void toMemoryOrderW(U64 c0, U64 p1, U64 c2, U64 p0, U32* words) {
    const __m128 a = _mm_shuffle_ps(_mm_castsi128_ps(c0), _mm_castsi128_ps(c2), _MM_SHUFFLE(2, 0, 2, 0));  // words 0 0 2 2 of the blocks 0 1 0 1
    const __m128 b = _mm_shuffle_ps(_mm_castsi128_ps(p1), _mm_castsi128_ps(p0), _MM_SHUFFLE(2, 0, 2, 0));  // words 1 1 3 3
    const __m128i low = _mm_castps_si128(_mm_unpacklo_ps(a, b)), high = _mm_castps_si128(_mm_unpackhi_ps(a, b));
    words[0] = _mm_unpacklo_epi64(low, high);
    words[1] = _mm_unpackhi_epi64(low, high);
  }
  DROPWISE_INLINE U32 lowHalves(U64 a, U64 b) {
    return _mm_castps_si128(_mm_shuffle_ps(_mm_castsi128_ps(a), _mm_castsi128_ps(b), _MM_SHUFFLE(2, 0, 2, 0)));
  }
  DROPWISE_INLINE void toPairsW(U64 c0, U64 p1, U32* words) { words[0] = _mm_shuffle_epi32(lowHalves(c0, p1), _MM_SHUFFLE(3, 1, 2, 0)); }
  DROPWISE_INLINE U32 fromPairs(const uint64_t* pairs) { return loadU(reinterpret_cast<const uint32_t*>(pairs)); }
};

DROPWISE_END
