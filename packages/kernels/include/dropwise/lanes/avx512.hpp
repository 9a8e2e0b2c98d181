// The lane type of AVX-512 (F, BW, DQ, VL): sixteen lanes of 32 bits, comparisons in mask registers, 32 registers.
//
// Its one trap: a compiler folds "load x, then multiply with a zeroing mask" into one masked load that waits for the mask, that is for all
// ten rounds of Philox, and the memory then stands idle: three times slower on arrays larger than the caches. `loadAhead` forbids it.
#pragma once

#include <immintrin.h>

#include <dropwise/philox.hpp>

DROPWISE_BEGIN

struct Avx512 {
  // --- shape of the lanes ---
  static constexpr int kLanes = 16;
  using F32 = __m512;
  using U32 = __m512i;
  using Mask = __mmask16;

  // --- memory ---
  DROPWISE_INLINE F32 load(const float* p) { return _mm512_loadu_ps(p); }
  DROPWISE_INLINE F32 loadAhead(const float* p) {
    F32 x = _mm512_loadu_ps(p);
    DROPWISE_OPAQUE_VECTOR(x, "v");
    return x;
  }
  DROPWISE_INLINE void store(float* p, F32 x) { _mm512_storeu_ps(p, x); }
  static constexpr bool kStreams = true;
  DROPWISE_INLINE void storeAround(float* p, F32 x) { _mm512_stream_ps(p, x); }
  DROPWISE_INLINE void endStores() { _mm_sfence(); }
  DROPWISE_INLINE Mask first(int n) { return Mask((1u << n) - 1); }
  DROPWISE_INLINE F32 loadPart(const float* p, int n) { return _mm512_maskz_loadu_ps(first(n), p); }
  DROPWISE_INLINE void storePart(float* p, int n, F32 x) { _mm512_mask_storeu_ps(p, first(n), x); }
  DROPWISE_INLINE U32 loadU(const uint32_t* p) { return _mm512_loadu_si512(p); }
  DROPWISE_INLINE void storeU(uint32_t* p, U32 x) { _mm512_storeu_si512(p, x); }

  // --- float arithmetic ---
  DROPWISE_INLINE F32 splat(float x) { return _mm512_set1_ps(x); }
  DROPWISE_INLINE F32 repeat(const float* p) { return splat(*p); }
  DROPWISE_INLINE F32 add(F32 a, F32 b) { return _mm512_add_ps(a, b); }
  DROPWISE_INLINE F32 mul(F32 a, F32 b) { return _mm512_mul_ps(a, b); }
  DROPWISE_INLINE F32 sub(F32 a, F32 b) { return _mm512_sub_ps(a, b); }
  DROPWISE_INLINE F32 div(F32 a, F32 b) { return _mm512_div_ps(a, b); }
  DROPWISE_INLINE F32 sqrt(F32 a) { return _mm512_sqrt_ps(a); }
  DROPWISE_INLINE F32 abs(F32 a) { return _mm512_abs_ps(a); }
  DROPWISE_INLINE F32 neg(F32 a) { return _mm512_xor_ps(a, splat(-0.0f)); }
  // The instructions give the second operand for a NaN and for two zeros; both orders together settle the zeros.
  DROPWISE_INLINE F32 minimum(F32 a, F32 b) {
    return _mm512_mask_add_ps(_mm512_or_ps(_mm512_min_ps(a, b), _mm512_min_ps(b, a)), unordered(a, b), a, b);
  }
  DROPWISE_INLINE F32 maximum(F32 a, F32 b) {
    return _mm512_mask_add_ps(_mm512_and_ps(_mm512_max_ps(a, b), _mm512_max_ps(b, a)), unordered(a, b), a, b);
  }
  DROPWISE_INLINE Mask unordered(F32 a, F32 b) { return _mm512_cmp_ps_mask(a, b, _CMP_UNORD_Q); }
  DROPWISE_INLINE F32 lesser(F32 a, F32 b) { return _mm512_min_ps(a, b); }
  DROPWISE_INLINE F32 greater(F32 a, F32 b) { return _mm512_max_ps(a, b); }
  DROPWISE_INLINE F32 nearest(F32 a) { return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
  DROPWISE_INLINE F32 mulAdd(F32 a, F32 b, F32 c) { return _mm512_fmadd_ps(a, b, c); }

  // --- matrix products ---
  static constexpr int kTileRows = 6, kTileVectors = 4;  // 24 sums, four vectors of y, one factor: the fewest loads for each multiplication
  static constexpr bool kTilesOfAllSizes = true, kReadsRows = true;
  DROPWISE_INLINE void transpose4x4(const float* from, size_t stride, float* to, size_t step) {
    __m128 a = _mm_loadu_ps(from), b = _mm_loadu_ps(from + stride), c = _mm_loadu_ps(from + 2 * stride), d = _mm_loadu_ps(from + 3 * stride);
    _MM_TRANSPOSE4_PS(a, b, c, d);
    _mm_storeu_ps(to, a);
    _mm_storeu_ps(to + step, b);
    _mm_storeu_ps(to + 2 * step, c);
    _mm_storeu_ps(to + 3 * step, d);
  }
  /// In four steps, each of which brings elements that were 1, 2, 4 or 8 rows apart together.
  DROPWISE_INLINE void transpose16x16(const float* from, size_t stride, float* to, size_t step) {
    F32 x[16], y[16];
    DROPWISE_UNROLL for (int i = 0; i < 16; i++) x[i] = load(from + size_t(i) * stride);
    DROPWISE_UNROLL for (int i = 0; i < 16; i += 2) {
      y[i] = _mm512_unpacklo_ps(x[i], x[i + 1]);
      y[i + 1] = _mm512_unpackhi_ps(x[i], x[i + 1]);
    }
    DROPWISE_UNROLL for (int i = 0; i < 16; i += 4) {
      for (int j = 0; j < 2; j++) {
        const __m512d a = _mm512_castps_pd(y[i + j]), b = _mm512_castps_pd(y[i + j + 2]);
        x[i + 2 * j] = _mm512_castpd_ps(_mm512_unpacklo_pd(a, b));
        x[i + 2 * j + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(a, b));
      }
    }
    // A quarter q of x[4 g + c] has column 4 q + c of rows 4 g to 4 g + 3. 0x88 takes quarters 0 and 2 of both operands, 0xdd 1 and 3.
    DROPWISE_UNROLL for (int c = 0; c < 4; c++) {
      const F32 even0 = _mm512_shuffle_f32x4(x[c], x[c + 4], 0x88), even1 = _mm512_shuffle_f32x4(x[c + 8], x[c + 12], 0x88);
      const F32 odd0 = _mm512_shuffle_f32x4(x[c], x[c + 4], 0xdd), odd1 = _mm512_shuffle_f32x4(x[c + 8], x[c + 12], 0xdd);
      store(to + size_t(c) * step, _mm512_shuffle_f32x4(even0, even1, 0x88));
      store(to + size_t(c + 4) * step, _mm512_shuffle_f32x4(odd0, odd1, 0x88));
      store(to + size_t(c + 8) * step, _mm512_shuffle_f32x4(even0, even1, 0xdd));
      store(to + size_t(c + 12) * step, _mm512_shuffle_f32x4(odd0, odd1, 0xdd));
    }
  }

  // --- choosing ---
  DROPWISE_INLINE F32 select(Mask m, F32 a, F32 b) { return _mm512_mask_blend_ps(m, b, a); }
  DROPWISE_INLINE F32 keep(Mask m, F32 a) { return _mm512_maskz_mov_ps(m, a); }
  DROPWISE_INLINE F32 clear(Mask m, F32 a) { return _mm512_maskz_mov_ps(Mask(~m), a); }
  DROPWISE_INLINE Mask lt(F32 a, F32 b) { return _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ); }
  DROPWISE_INLINE Mask le(F32 a, F32 b) { return _mm512_cmp_ps_mask(b, a, _CMP_GE_OQ); }  // as in avx2.hpp
  DROPWISE_INLINE Mask eq(F32 a, F32 b) { return _mm512_cmp_ps_mask(a, b, _CMP_EQ_OQ); }
  DROPWISE_INLINE bool any(Mask m) { return m != 0; }
  DROPWISE_INLINE bool all(Mask m) { return m == 0xFFFF; }
  DROPWISE_INLINE void storeBools(uint8_t* p, int n, Mask m, uint32_t negate) {
    const __m512i ones = _mm512_maskz_set1_epi32(negate ? Mask(~m) : m, 1);
    _mm512_mask_cvtepi32_storeu_epi8(p, first(n), ones);
  }

  // --- sums in double ---
  struct Wide {
    __m512d low, high;
  };
  DROPWISE_INLINE Wide wideZero() { return {_mm512_setzero_pd(), _mm512_setzero_pd()}; }
  DROPWISE_INLINE Wide wideAdd(Wide w, F32 x) {
    return {_mm512_add_pd(w.low, _mm512_cvtps_pd(_mm512_castps512_ps256(x))), _mm512_add_pd(w.high, _mm512_cvtps_pd(_mm512_extractf32x8_ps(x, 1)))};
  }
  DROPWISE_INLINE double wideTotal(Wide w) {
    double lanes[8];
    _mm512_storeu_pd(lanes, _mm512_add_pd(w.low, w.high));
    return ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6])) + ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]));
  }

  // --- Philox: one block per 64-bit lane ---
  static constexpr int kGroups = 6, kScalarBlocks = 0;
  using Group = WideGroup<Avx512>;
  using U64 = __m512i;
  static constexpr int kWideLanes = 8;
  using Threshold = __m512i;
  DROPWISE_INLINE Threshold threshold(uint32_t t) { return _mm512_set1_epi32(int32_t(t)); }
  DROPWISE_INLINE Mask below(U32 words, Threshold t) { return _mm512_cmplt_epu32_mask(words, t); }
  DROPWISE_INLINE U64 splatW(uint32_t x) { return _mm512_set1_epi32(int32_t(x)); }
  DROPWISE_INLINE U64 splatWhole(uint64_t x) { return _mm512_set1_epi64(int64_t(x)); }
  // In this order two blends and two unpacks put the words in the order of their elements.
  DROPWISE_INLINE U64 blockIotaW() { return _mm512_setr_epi64(0, 4, 1, 5, 2, 6, 3, 7); }
  DROPWISE_INLINE U64 addW(U64 a, U64 b) { return _mm512_add_epi64(a, b); }
  DROPWISE_INLINE U64 xorW(U64 a, U64 b) { return _mm512_xor_si512(a, b); }
  DROPWISE_INLINE U64 xor3(U64 a, U64 b, U64 c) { return _mm512_ternarylogic_epi64(a, b, c, 0x96); }
  DROPWISE_INLINE U64 high(U64 a) { return _mm512_srli_epi64(a, 32); }
  DROPWISE_INLINE U64 mulLow(U64 a, U64 b) { return _mm512_mul_epu32(a, b); }
  DROPWISE_INLINE void toMemoryOrderW(U64 c0, U64 p1, U64 c2, U64 p0, U32* words) {
    const U64 a = _mm512_mask_shuffle_epi32(c0, 0xAAAA, p1, _MM_PERM_CCAA);
    const U64 b = _mm512_mask_shuffle_epi32(c2, 0xAAAA, p0, _MM_PERM_CCAA);
    words[0] = _mm512_unpacklo_epi64(a, b);
    words[1] = _mm512_unpackhi_epi64(a, b);
  }
  DROPWISE_INLINE U32 lowHalves(U64 a, U64 b) {
    return _mm512_permutex2var_epi32(a, _mm512_setr_epi32(0, 4, 8, 12, 2, 6, 10, 14, 16, 20, 24, 28, 18, 22, 26, 30), b);
  }
  DROPWISE_INLINE void toPairsW(U64 c0, U64 p1, U32* words) {
    words[0] = _mm512_permutexvar_epi64(_mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7), _mm512_mask_shuffle_epi32(c0, 0xAAAA, p1, _MM_PERM_CCAA));
  }
  DROPWISE_INLINE U32 fromPairs(const uint64_t* pairs) { return _mm512_loadu_si512(pairs); }
};

DROPWISE_END
