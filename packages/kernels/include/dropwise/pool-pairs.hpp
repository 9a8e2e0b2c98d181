// The most common pooling by far, the largest of 2 x 2 places next to each other, and its gradient: a vector holds N / 2 windows of a row, both
// elements of each, and what a lane has to know of its neighbour comes by turning pairs round.
#pragma once

#include <dropwise/config.hpp>

DROPWISE_BEGIN

template <int N>
struct Pairs {
  using F = typename VectorOf<float, N>::Type;
  using I = typename VectorOf<int32_t, N>::Type;
  using U = typename VectorOf<uint64_t, N / 2>::Type;
  using H = typename VectorOf<uint32_t, N / 2>::Type;

  DROPWISE_INLINE F load(const float* p) {
    F x;
    __builtin_memcpy(&x, p, sizeof x);
    return x;
  }
  template <class T>
  DROPWISE_INLINE T turned(T x) { return T((U(x) << 32) | (U(x) >> 32)); }
  DROPWISE_INLINE F larger(F a, F b) {
    const I first = I(a >= b) | I(a != a);  // NaN, too
    return F((first & I(a)) | (~first & I(b)));
  }

  /// The windows of one row of `width` elements, at least N. With `grad` its gradients, written to the two rows of `out`; else the maxima to the first.
  DROPWISE_NOINLINE static void row(const float* upper, const float* lower, const float* grad, size_t width, float* outUpper, float* outLower) {
    for (size_t i = 0; i < width; i += N) {
      const size_t at = smaller(i, width - N);  // the last vector is whole, and may have seen some windows before
      const F a = load(upper + at), b = load(lower + at), across = larger(larger(a, turned(a)), larger(b, turned(b)));
      if (grad == nullptr) {
        const H most = __builtin_convertvector(U(across), H);
        __builtin_memcpy(outUpper + at / 2, &most, sizeof most);
        continue;
      }
      H half;
      __builtin_memcpy(&half, grad + at / 2, sizeof half);
      const U wide = __builtin_convertvector(half, U);
      const I both = I(wide | (wide << 32)), odd = I(U{} + 0xFFFFFFFF00000000u);
      // An element that equals the maximum, or is NaN as it is, and has none before it that does.
      const I hitA = I(a == across) | I(a != a), hitB = I(b == across) | I(b != b), seen = hitA | turned(hitA);
      const I toA = both & hitA & ~(odd & turned(hitA)), toB = both & hitB & ~(odd & turned(hitB)) & ~seen;
      __builtin_memcpy(outUpper + at, &toA, sizeof toA);
      __builtin_memcpy(outLower + at, &toB, sizeof toB);
    }
  }
};

/// Pools planes of `height` x `width`, at least four elements wide, or their gradients where there is `grad`.
template <class V>
DROPWISE_NOINLINE void poolPairs(const float* x, const float* grad, float* out, size_t planes, size_t height, size_t width) {
  constexpr int L = V::kLanes < 4 ? 4 : V::kLanes;
  const size_t rows = height / 2, used = width / 2 * 2;
  for (size_t plane = 0; plane < planes; plane++, x += height * width) {
    if (grad != nullptr && (used != width || rows * 2 != height)) __builtin_memset(out, 0, height * width * sizeof(float));
    for (size_t r = 0; r < rows; r++) {
      const float* const upper = x + 2 * r * width;
      float* const to = grad == nullptr ? out + r * (used / 2) : out + 2 * r * width;
      const float* const from = grad == nullptr ? nullptr : grad + r * (used / 2);
      // Vectors no wider than a row.
      auto row = Pairs<4>::row;
      if constexpr (L >= 8) row = used >= 8 ? Pairs<8>::row : row;
      if constexpr (L >= 16) row = used >= 16 ? Pairs<16>::row : row;
      row(upper, upper + width, from, used, to, to + width);
    }
    out += grad == nullptr ? rows * (used / 2) : height * width;
    if (grad != nullptr) grad += rows * (used / 2);
  }
}

DROPWISE_END
