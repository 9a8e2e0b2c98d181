// The lane type of AVX2 with FMA: eight lanes of 32 bits, sixteen registers.
#pragma once

#include <immintrin.h>

#include <dropwise/philox.hpp>

DROPWISE_BEGIN

struct Avx2 {
  // --- shape of the lanes ---
  static constexpr int kLanes = 8;
  using F32 = __m256;
  using U32 = __m256i;
  using Mask = __m256;  // all ones or all zeros in each lane

  // --- memory ---
  DROPWISE_INLINE F32 load(const float* p) { return _mm256_loadu_ps(p); }
  DROPWISE_INLINE F32 loadAhead(const float* p) { return _mm256_loadu_ps(p); }
  DROPWISE_INLINE void store(float* p, F32 x) { _mm256_storeu_ps(p, x); }
  static constexpr bool kStreams = true;
  DROPWISE_INLINE void storeAround(float* p, F32 x) { _mm256_stream_ps(p, x); }
  DROPWISE_INLINE void endStores() { _mm_sfence(); }
  DROPWISE_INLINE __m256i first(int n) { return _mm256_cmpgt_epi32(_mm256_set1_epi32(n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7)); }
  DROPWISE_INLINE F32 loadPart(const float* p, int n) { return _mm256_maskload_ps(p, first(n)); }
  DROPWISE_INLINE void storePart(float* p, int n, F32 x) { _mm256_maskstore_ps(p, first(n), x); }
  DROPWISE_INLINE U32 loadU(const uint32_t* p) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)); }
  DROPWISE_INLINE void storeU(uint32_t* p, U32 x) { _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), x); }

  // --- float arithmetic ---
  DROPWISE_INLINE F32 splat(float x) { return _mm256_set1_ps(x); }
  DROPWISE_INLINE F32 repeat(const float* p) { return splat(*p); }
  DROPWISE_INLINE F32 add(F32 a, F32 b) { return _mm256_add_ps(a, b); }
  DROPWISE_INLINE F32 mul(F32 a, F32 b) { return _mm256_mul_ps(a, b); }
  DROPWISE_INLINE F32 sub(F32 a, F32 b) { return _mm256_sub_ps(a, b); }
  DROPWISE_INLINE F32 div(F32 a, F32 b) { return _mm256_div_ps(a, b); }
  DROPWISE_INLINE F32 sqrt(F32 a) { return _mm256_sqrt_ps(a); }
  DROPWISE_INLINE F32 abs(F32 a) { return _mm256_andnot_ps(splat(-0.0f), a); }
  DROPWISE_INLINE F32 neg(F32 a) { return _mm256_xor_ps(a, splat(-0.0f)); }
  // The instructions give the second operand for a NaN and for two zeros; both orders together settle the zeros.
  DROPWISE_INLINE F32 minimum(F32 a, F32 b) {
    return _mm256_blendv_ps(_mm256_or_ps(_mm256_min_ps(a, b), _mm256_min_ps(b, a)), add(a, b), unordered(a, b));
  }
  DROPWISE_INLINE F32 maximum(F32 a, F32 b) {
    return _mm256_blendv_ps(_mm256_and_ps(_mm256_max_ps(a, b), _mm256_max_ps(b, a)), add(a, b), unordered(a, b));
  }
  DROPWISE_INLINE Mask unordered(F32 a, F32 b) { return _mm256_cmp_ps(a, b, _CMP_UNORD_Q); }
  DROPWISE_INLINE F32 lesser(F32 a, F32 b) { return _mm256_min_ps(a, b); }
  DROPWISE_INLINE F32 greater(F32 a, F32 b) { return _mm256_max_ps(a, b); }
  DROPWISE_INLINE F32 nearest(F32 a) { return _mm256_round_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
  DROPWISE_INLINE F32 mulAdd(F32 a, F32 b, F32 c) { return _mm256_fmadd_ps(a, b, c); }

  // --- matrix products ---
  static constexpr int kTileRows = 6, kTileVectors = 2;  // twelve sums, two vectors of y, one factor, of sixteen registers
  static constexpr bool kTilesOfAllSizes = true, kReadsRows = true;
  DROPWISE_INLINE void transpose4x4(const float* from, size_t stride, float* to, size_t step) {
    __m128 a = _mm_loadu_ps(from), b = _mm_loadu_ps(from + stride), c = _mm_loadu_ps(from + 2 * stride), d = _mm_loadu_ps(from + 3 * stride);
    _MM_TRANSPOSE4_PS(a, b, c, d);
    _mm_storeu_ps(to, a);
    _mm_storeu_ps(to + step, b);
    _mm_storeu_ps(to + 2 * step, c);
    _mm_storeu_ps(to + 3 * step, d);
  }

  // --- choosing ---
  DROPWISE_INLINE F32 select(Mask m, F32 a, F32 b) { return _mm256_blendv_ps(b, a, m); }
  DROPWISE_INLINE F32 keep(Mask m, F32 a) { return _mm256_and_ps(a, m); }
  DROPWISE_INLINE F32 clear(Mask m, F32 a) { return _mm256_andnot_ps(m, a); }
  DROPWISE_INLINE Mask lt(F32 a, F32 b) { return _mm256_cmp_ps(a, b, _CMP_LT_OQ); }
  DROPWISE_INLINE Mask le(F32 a, F32 b) { return _mm256_cmp_ps(b, a, _CMP_GE_OQ); }  // a may then come from memory, and b be a constant
  DROPWISE_INLINE Mask eq(F32 a, F32 b) { return _mm256_cmp_ps(a, b, _CMP_EQ_OQ); }
  DROPWISE_INLINE bool any(Mask m) { return _mm256_movemask_ps(m) != 0; }
  DROPWISE_INLINE bool all(Mask m) { return _mm256_movemask_ps(m) == 255; }
  DROPWISE_INLINE void storeBools(uint8_t* p, int n, Mask m, uint32_t negate) {
    const uint32_t bits = uint32_t(_mm256_movemask_ps(m)) ^ (negate ? 255u : 0u);
    for (int i = 0; i < n; i++) p[i] = bits >> i & 1;
  }

  // --- sums in double ---
  struct Wide {
    __m256d low, high;
  };
  DROPWISE_INLINE Wide wideZero() { return {_mm256_setzero_pd(), _mm256_setzero_pd()}; }
  DROPWISE_INLINE Wide wideAdd(Wide w, F32 x) {
    return {_mm256_add_pd(w.low, _mm256_cvtps_pd(_mm256_castps256_ps128(x))), _mm256_add_pd(w.high, _mm256_cvtps_pd(_mm256_extractf128_ps(x, 1)))};
  }
  DROPWISE_INLINE double wideTotal(Wide w) {
    double lanes[4];
    _mm256_storeu_pd(lanes, _mm256_add_pd(w.low, w.high));
    return (lanes[0] + lanes[2]) + (lanes[1] + lanes[3]);
  }

  // --- Philox: one block per 64-bit lane ---
  static constexpr int kGroups = 4, kScalarBlocks = 0;
  using Group = WideGroup<Avx2>;
  using U64 = __m256i;
  static constexpr int kWideLanes = 4;
  using Threshold = __m256i;
  // There is a signed comparison only: the top bits are turned round.
  DROPWISE_INLINE Threshold threshold(uint32_t t) { return _mm256_set1_epi32(int32_t(t ^ 0x80000000u)); }
  DROPWISE_INLINE Mask below(U32 words, Threshold t) {
    return _mm256_castsi256_ps(_mm256_cmpgt_epi32(t, _mm256_xor_si256(words, _mm256_set1_epi32(int32_t(0x80000000u)))));
  }
  DROPWISE_INLINE U64 splatW(uint32_t x) { return _mm256_set1_epi32(int32_t(x)); }
  DROPWISE_INLINE U64 splatWhole(uint64_t x) { return _mm256_set1_epi64x(int64_t(x)); }
  // In this order two blends and two unpacks put the words in the order of their elements.
  DROPWISE_INLINE U64 blockIotaW() { return _mm256_setr_epi64x(0, 2, 1, 3); }
  DROPWISE_INLINE U64 addW(U64 a, U64 b) { return _mm256_add_epi64(a, b); }
  DROPWISE_INLINE U64 xorW(U64 a, U64 b) { return _mm256_xor_si256(a, b); }
  DROPWISE_INLINE U64 xor3(U64 a, U64 b, U64 c) { return _mm256_xor_si256(_mm256_xor_si256(b, c), a); }
  DROPWISE_INLINE U64 high(U64 a) { return _mm256_srli_epi64(a, 32); }
  DROPWISE_INLINE U64 mulLow(U64 a, U64 b) { return _mm256_mul_epu32(a, b); }
  DROPWISE_INLINE void toMemoryOrderW(U64 c0, U64 p1, U64 c2, U64 p0, U32* words) {
    const U64 a = _mm256_blend_epi32(c0, _mm256_slli_epi64(p1, 32), 0xAA);
    const U64 b = _mm256_blend_epi32(c2, _mm256_slli_epi64(p0, 32), 0xAA);
    words[0] = _mm256_unpacklo_epi64(a, b);
    words[1] = _mm256_unpackhi_epi64(a, b);
  }
  DROPWISE_INLINE U32 lowHalves(U64 a, U64 b) {
    const __m256 halves = _mm256_shuffle_ps(_mm256_castsi256_ps(a), _mm256_castsi256_ps(b), _MM_SHUFFLE(2, 0, 2, 0));  // blocks 0 2 4 6 1 3 5 7
    return _mm256_permutevar8x32_epi32(_mm256_castps_si256(halves), _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
  }
  DROPWISE_INLINE void toPairsW(U64 c0, U64 p1, U32* words) {
    words[0] = _mm256_permute4x64_epi64(_mm256_blend_epi32(c0, _mm256_slli_epi64(p1, 32), 0xAA), _MM_SHUFFLE(3, 1, 2, 0));
  }
  DROPWISE_INLINE U32 fromPairs(const uint64_t* pairs) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(pairs)); }
};

DROPWISE_END
