// The lane type of WebAssembly's fixed-width SIMD: four lanes of 32 bits.
//
// Its one trap: LLVM takes an extmul with a constant factor apart, moves the constant's widening out of the loop, and then emits a full
// 64-bit multiply, which is twice as slow on x86. `mulHiLo` hides the constant behind an empty asm; a build test counts the extmul.
#pragma once

#include <wasm_simd128.h>

#include <dropwise/philox.hpp>

DROPWISE_BEGIN

struct Wasm128 {
  // --- shape of the lanes ---
  static constexpr int kLanes = 4;
  using F32 = v128_t;
  using U32 = v128_t;
  using Mask = v128_t;  // all ones or all zeros in each lane

  // --- memory ---
  DROPWISE_INLINE F32 load(const float* p) { return wasm_v128_load(p); }
  DROPWISE_INLINE F32 loadAhead(const float* p) { return wasm_v128_load(p); }
  static constexpr bool kStreams = false;
  DROPWISE_INLINE void store(float* p, F32 x) { wasm_v128_store(p, x); }
  // Not inline: they stand at the end of every loop, and the module is meant to be small. Without memory of their own: the module for relaxed SIMD has no stack.
  DROPWISE_NOINLINE static F32 loadPart(const float* p, int n) {
    if (n == 1) return wasm_v128_load32_zero(p);
    const F32 pair = wasm_v128_load64_zero(p);
    return n == 2 ? pair : wasm_v128_load32_lane(p + 2, pair, 2);
  }
  DROPWISE_NOINLINE static void storePart(float* p, int n, F32 x) {
    if (n > 1) {
      wasm_v128_store64_lane(p, x, 0);
      if (n > 2) wasm_v128_store32_lane(p + 2, x, 2);
    } else {
      wasm_v128_store32_lane(p, x, 0);
    }
  }
  DROPWISE_INLINE U32 loadU(const uint32_t* p) { return wasm_v128_load(p); }
  DROPWISE_INLINE void storeU(uint32_t* p, U32 x) { wasm_v128_store(p, x); }

  // --- float arithmetic ---
  DROPWISE_INLINE F32 splat(float x) { return wasm_f32x4_splat(x); }
  DROPWISE_INLINE F32 repeat(const float* p) { return wasm_v128_load32_splat(p); }
  DROPWISE_INLINE F32 add(F32 a, F32 b) { return wasm_f32x4_add(a, b); }
  DROPWISE_INLINE F32 mul(F32 a, F32 b) { return wasm_f32x4_mul(a, b); }

  DROPWISE_INLINE F32 sub(F32 a, F32 b) { return wasm_f32x4_sub(a, b); }
  DROPWISE_INLINE F32 div(F32 a, F32 b) { return wasm_f32x4_div(a, b); }
  DROPWISE_INLINE F32 sqrt(F32 a) { return wasm_f32x4_sqrt(a); }
  DROPWISE_INLINE F32 abs(F32 a) { return wasm_f32x4_abs(a); }
  DROPWISE_INLINE F32 neg(F32 a) { return wasm_f32x4_neg(a); }
  DROPWISE_INLINE F32 minimum(F32 a, F32 b) { return wasm_f32x4_min(a, b); }
  DROPWISE_INLINE F32 maximum(F32 a, F32 b) { return wasm_f32x4_max(a, b); }
  DROPWISE_INLINE F32 lesser(F32 a, F32 b) { return wasm_f32x4_pmin(b, a); }
  DROPWISE_INLINE F32 greater(F32 a, F32 b) { return wasm_f32x4_pmax(b, a); }
  DROPWISE_INLINE F32 nearest(F32 a) { return wasm_f32x4_nearest(a); }
  DROPWISE_INLINE F32 mulAdd(F32 a, F32 b, F32 c) { return wasm_f32x4_add(wasm_f32x4_mul(a, b), c); }

  // --- matrix products ---
  static constexpr int kTileRows = 6, kTileVectors = 2;  // 15 registers with relaxed SIMD, all that V8 has to give on x86
  static constexpr bool kTilesOfAllSizes = false, kReadsRows = false;
  DROPWISE_INLINE void transpose4x4(const float* from, size_t stride, float* to, size_t step) {
    U32 columns[4];
    toMemoryOrder(load(from), load(from + stride), load(from + 2 * stride), load(from + 3 * stride), columns);
    for (size_t i = 0; i < 4; i++) store(to + i * step, columns[i]);
  }

  // --- choosing ---
  DROPWISE_INLINE F32 select(Mask m, F32 a, F32 b) { return wasm_v128_bitselect(a, b, m); }
  DROPWISE_INLINE F32 keep(Mask m, F32 a) { return wasm_v128_and(a, m); }
  DROPWISE_INLINE F32 clear(Mask m, F32 a) { return wasm_v128_andnot(a, m); }

  DROPWISE_INLINE Mask lt(F32 a, F32 b) { return wasm_f32x4_lt(a, b); }
  DROPWISE_INLINE Mask le(F32 a, F32 b) { return wasm_f32x4_le(a, b); }
  DROPWISE_INLINE Mask eq(F32 a, F32 b) { return wasm_f32x4_eq(a, b); }
  DROPWISE_INLINE bool any(Mask m) { return wasm_v128_any_true(m); }
  DROPWISE_INLINE bool all(Mask m) { return wasm_i32x4_all_true(m); }
  // Bytes of 0 and 1. A mask's lanes are narrowed to bytes of all ones or zeros; `negate` turns them round.
  DROPWISE_INLINE void storeBools(uint8_t* p, int n, Mask m, uint32_t negate) {
    m = wasm_i8x16_narrow_i16x8(wasm_i16x8_narrow_i32x4(m, m), m);
    const uint32_t flags = (uint32_t(wasm_i32x4_extract_lane(m, 0)) ^ (0 - negate)) & 0x01010101u;
    __builtin_memcpy(p, &flags, size_t(n));
  }

  // --- sums in double ---
  struct Wide {
    v128_t low, high;
  };
  DROPWISE_INLINE Wide wideZero() { return {wasm_f64x2_const_splat(0), wasm_f64x2_const_splat(0)}; }
  DROPWISE_INLINE Wide wideAdd(Wide w, F32 x) {
    return {wasm_f64x2_add(w.low, wasm_f64x2_promote_low_f32x4(x)),
            wasm_f64x2_add(w.high, wasm_f64x2_promote_low_f32x4(wasm_i64x2_shuffle(x, x, 1, 1)))};
  }
  DROPWISE_INLINE double wideTotal(Wide w) {
    const v128_t sum = wasm_f64x2_add(w.low, w.high);
    return wasm_f64x2_extract_lane(sum, 0) + wasm_f64x2_extract_lane(sum, 1);
  }

  // --- Philox: packed lanes ---
  static constexpr int kGroups = 1, kScalarBlocks = 2;
  using Group = PackedGroup<Wasm128>;
  using Threshold = v128_t;
  // Signed comparison with the top bits turned round: an unsigned one is several instructions on x86.
  DROPWISE_INLINE Threshold threshold(uint32_t t) { return wasm_i32x4_splat(int32_t(t ^ 0x80000000u)); }
  DROPWISE_INLINE Mask below(U32 words, Threshold t) {
    return wasm_i32x4_gt(t, wasm_v128_xor(words, wasm_i32x4_const_splat(int32_t(0x80000000u))));
  }
  DROPWISE_INLINE U32 splatU(uint32_t x) { return wasm_i32x4_splat(int32_t(x)); }
  DROPWISE_INLINE U32 blockIota() { return wasm_i32x4_const(0, 1, 2, 3); }
  DROPWISE_INLINE U32 addU(U32 a, U32 b) { return wasm_i32x4_add(a, b); }
  DROPWISE_INLINE U32 xorU(U32 a, U32 b) { return wasm_v128_xor(a, b); }
  DROPWISE_INLINE void mulHiLo(uint32_t factor, U32 x, U32& hi, U32& lo) {
    v128_t m = wasm_i32x4_splat(int32_t(factor));
    __asm__ volatile("" : "+r"(m));
    v128_t even = wasm_u64x2_extmul_low_u32x4(m, x);
    v128_t odd = wasm_u64x2_extmul_high_u32x4(m, x);
    hi = wasm_i32x4_shuffle(even, odd, 1, 3, 5, 7);
    lo = wasm_i32x4_mul(m, x);  // as fast as a shuffle on any, and faster where shuffles are scarce
  }
  DROPWISE_INLINE void toMemoryOrder(U32 w0, U32 w1, U32 w2, U32 w3, U32* words) {
    v128_t a = wasm_i32x4_shuffle(w0, w1, 0, 4, 1, 5);
    v128_t b = wasm_i32x4_shuffle(w0, w1, 2, 6, 3, 7);
    v128_t c = wasm_i32x4_shuffle(w2, w3, 0, 4, 1, 5);
    v128_t d = wasm_i32x4_shuffle(w2, w3, 2, 6, 3, 7);
    words[0] = wasm_i64x2_shuffle(a, c, 0, 2);
    words[1] = wasm_i64x2_shuffle(a, c, 1, 3);
    words[2] = wasm_i64x2_shuffle(b, d, 0, 2);
    words[3] = wasm_i64x2_shuffle(b, d, 1, 3);
  }
  DROPWISE_INLINE void toPairs(U32 w0, U32 w1, U32* words) {
    words[0] = wasm_i32x4_shuffle(w0, w1, 0, 4, 1, 5);
    words[1] = wasm_i32x4_shuffle(w0, w1, 2, 6, 3, 7);
  }
  DROPWISE_INLINE U32 fromPairs(const uint64_t* pairs) { return wasm_i64x2_make(int64_t(pairs[0]), int64_t(pairs[1])); }
};

DROPWISE_END
