// The lane type of plain C++: one lane, the integer unit as generator. Always correct, anywhere; also the model to read first.
#pragma once

#include <dropwise/philox.hpp>

DROPWISE_BEGIN

struct Scalar {
  // --- shape of the lanes ---
  static constexpr int kLanes = 1;
  using F32 = float;
  using U32 = uint32_t;
  using Mask = uint32_t;  // all ones or all zeros

  // --- memory ---
  DROPWISE_INLINE F32 load(const float* p) { return *p; }
  DROPWISE_INLINE F32 loadAhead(const float* p) { return *p; }
  static constexpr bool kStreams = false;
  DROPWISE_INLINE void store(float* p, F32 x) { *p = x; }
  DROPWISE_INLINE F32 loadPart(const float* p, int) { return *p; }
  DROPWISE_INLINE void storePart(float* p, int, F32 x) { *p = x; }
  DROPWISE_INLINE U32 loadU(const uint32_t* p) { return *p; }
  DROPWISE_INLINE void storeU(uint32_t* p, U32 x) { *p = x; }

  // --- float arithmetic ---
  DROPWISE_INLINE F32 splat(float x) { return x; }
  DROPWISE_INLINE F32 repeat(const float* p) { return splat(*p); }
  DROPWISE_INLINE F32 add(F32 a, F32 b) { return a + b; }
  DROPWISE_INLINE F32 mul(F32 a, F32 b) { return a * b; }

  DROPWISE_INLINE F32 sub(F32 a, F32 b) { return a - b; }
  DROPWISE_INLINE F32 div(F32 a, F32 b) { return a / b; }
  DROPWISE_INLINE F32 sqrt(F32 a) { return __builtin_sqrtf(a); }
  DROPWISE_INLINE F32 abs(F32 a) { return floatOf(bitsOf(a) & 0x7FFFFFFFu); }
  DROPWISE_INLINE F32 neg(F32 a) { return floatOf(bitsOf(a) ^ 0x80000000u); }
  // NaN wins, and -0 is below +0.
  DROPWISE_INLINE F32 minimum(F32 a, F32 b) {
    if (a != a || b != b) return a + b;
    return a < b ? a : b < a ? b : floatOf(bitsOf(a) | bitsOf(b));
  }
  DROPWISE_INLINE F32 maximum(F32 a, F32 b) {
    if (a != a || b != b) return a + b;
    return a > b ? a : b > a ? b : floatOf(bitsOf(a) & bitsOf(b));
  }
  // The second operand where either is NaN.
  DROPWISE_INLINE F32 lesser(F32 a, F32 b) { return a < b ? a : b; }
  DROPWISE_INLINE F32 greater(F32 a, F32 b) { return a > b ? a : b; }
  // |a| < 2^22: adding 1.5 * 2^23 leaves no bits for the fraction; halves go to the even neighbour, as everywhere.
  DROPWISE_INLINE F32 nearest(F32 a) { return (a + 12582912.0f) - 12582912.0f; }
  DROPWISE_INLINE F32 mulAdd(F32 a, F32 b, F32 c) { return a * b + c; }

  // --- matrix products ---
  static constexpr int kTileRows = 4, kTileVectors = 4;
  static constexpr bool kTilesOfAllSizes = true, kReadsRows = false;
  DROPWISE_INLINE void transpose4x4(const float* from, size_t stride, float* to, size_t step) {
    for (size_t i = 0; i < 4; i++) {
      for (size_t j = 0; j < 4; j++) to[i * step + j] = from[j * stride + i];
    }
  }

  // --- choosing ---
  DROPWISE_INLINE F32 select(Mask m, F32 a, F32 b) { return floatOf((bitsOf(a) & m) | (bitsOf(b) & ~m)); }
  DROPWISE_INLINE F32 keep(Mask m, F32 a) { return floatOf(bitsOf(a) & m); }
  DROPWISE_INLINE F32 clear(Mask m, F32 a) { return floatOf(bitsOf(a) & ~m); }

  DROPWISE_INLINE Mask lt(F32 a, F32 b) { return uint32_t(0) - uint32_t(a < b); }
  DROPWISE_INLINE Mask le(F32 a, F32 b) { return uint32_t(0) - uint32_t(a <= b); }
  DROPWISE_INLINE Mask eq(F32 a, F32 b) { return uint32_t(0) - uint32_t(a == b); }
  DROPWISE_INLINE bool any(Mask m) { return m != 0; }
  DROPWISE_INLINE bool all(Mask m) { return m != 0; }
  DROPWISE_INLINE void storeBools(uint8_t* p, int, Mask m, uint32_t negate) { *p = uint8_t((m & 1) ^ negate); }

  // --- sums in double ---
  using Wide = double;
  DROPWISE_INLINE Wide wideZero() { return 0; }
  DROPWISE_INLINE Wide wideAdd(Wide w, F32 x) { return w + double(x); }
  DROPWISE_INLINE double wideTotal(Wide w) { return w; }

  // --- Philox ---
  static constexpr int kGroups = 2, kScalarBlocks = 0;
  using Group = WideGroup<Scalar>;
  using U64 = uint64_t;
  static constexpr int kWideLanes = 1;
  using Threshold = uint32_t;
  DROPWISE_INLINE Threshold threshold(uint32_t t) { return t; }
  DROPWISE_INLINE Mask below(U32 words, Threshold t) { return uint32_t(0) - uint32_t(words < t); }
  DROPWISE_INLINE U64 splatW(uint32_t x) { return x; }
  DROPWISE_INLINE U64 splatWhole(uint64_t x) { return x; }
  DROPWISE_INLINE U64 blockIotaW() { return 0; }
  DROPWISE_INLINE U64 addW(U64 a, U64 b) { return a + b; }
  DROPWISE_INLINE U64 xorW(U64 a, U64 b) { return a ^ b; }
  DROPWISE_INLINE U64 xor3(U64 a, U64 b, U64 c) { return a ^ b ^ c; }
  DROPWISE_INLINE U64 high(U64 a) { return a >> 32; }
  DROPWISE_INLINE U64 mulLow(U64 a, U64 b) { return uint64_t(uint32_t(a)) * uint32_t(b); }
  DROPWISE_INLINE void toMemoryOrderW(U64 c0, U64 p1, U64 c2, U64 p0, U32* words) {
    words[0] = uint32_t(c0);
    words[1] = uint32_t(p1);
    words[2] = uint32_t(c2);
    words[3] = uint32_t(p0);
  }
  DROPWISE_INLINE U32 lowHalves(U64 a, U64) { return uint32_t(a); }
  DROPWISE_INLINE void toPairsW(U64 c0, U64 p1, U32* words) {
    words[0] = uint32_t(c0);
    words[1] = uint32_t(p1);
  }
  DROPWISE_INLINE U32 fromPairs(const uint64_t* pairs) { return uint32_t(*pairs); }
};

DROPWISE_END
