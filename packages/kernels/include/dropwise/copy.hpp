// out[i] = x[i] for 32-bit elements, any strides on both sides (0 repeats on x; no element of `out` is written twice). They share no memory.
// A unit is a row: one index of all dimensions but the last two, which are the ones that matter to the caches. The caller orders the
// dimensions of both alike, any way it likes; the steps of `out` fall, as a rule, so that it is written in order.
//
// Where x runs along one of the last two dimensions and `out` along the other, that is a transpose: it goes by squares of whole cache lines.
#pragma once

#include <dropwise/config.hpp>

DROPWISE_BEGIN

struct CopyArgs {
  const float* x;
  float* out;
  uint32_t rank;  // 2 to kMaxRank; no size is 0
  size_t shape[kMaxRank];
  size_t xStrides[kMaxRank], outStrides[kMaxRank];
};

/// Elements along a side of the squares by which a matrix is transposed: two cache lines.
constexpr size_t kCopySquare = 32;

/// A call for moving memory costs more than a shorter row.
constexpr size_t kLongRow = 512;

/// Elements are moved as floats; a load and a store keep every bit, those of a NaN and of an integer too.
template <class V>
DROPWISE_SHARED void copyRow(const float* x, size_t xStep, float* out, size_t outStep, size_t n) {
  if (xStep == 1 && outStep == 1 && n >= kLongRow) {
    __builtin_memcpy(out, x, n * sizeof(float));
  } else if (xStep == 1 && outStep == 1) {
    size_t i = 0;
    for (; i + V::kLanes <= n; i += V::kLanes) V::store(out + i, V::load(x + i));
    if (i < n) V::storePart(out + i, int(n - i), V::loadPart(x + i, int(n - i)));
  } else if (xStep == 0 && outStep == 1) {
    const typename V::F32 value = V::splat(*x);
    size_t i = 0;
    for (; i + V::kLanes <= n; i += V::kLanes) V::store(out + i, value);
    for (; i < n; i++) out[i] = *x;
  } else {
    for (size_t i = 0; i < n; i++) __builtin_memcpy(out + i * outStep, x + i * xStep, sizeof(float));
  }
}

/// rows x columns elements: x steps by 1 along rows, `out` by 1 along columns.
template <class V>
DROPWISE_INLINE void copyTransposed(const float* x, size_t xColumn, float* out, size_t outRow, size_t rows, size_t columns) {
  for (size_t top = 0; top < rows; top += kCopySquare) {
    const size_t bottom = smaller(rows, top + kCopySquare);
    for (size_t left = 0; left < columns; left += kCopySquare) {
      const size_t right = smaller(columns, left + kCopySquare);
      size_t r = top;
      for (; r + 4 <= bottom; r += 4) {
        size_t c = left;
        for (; c + 4 <= right; c += 4) V::transpose4x4(x + c * xColumn + r, xColumn, out + r * outRow + c, outRow);
        for (; c < right; c++) {
          for (size_t i = 0; i < 4; i++) __builtin_memcpy(out + (r + i) * outRow + c, x + c * xColumn + r + i, sizeof(float));
        }
      }
      for (; r < bottom; r++) copyRow<V>(x + left * xColumn + r, xColumn, out + r * outRow + left, 1, right - left);
    }
  }
}

template <class V>
DROPWISE_NOINLINE void copy(const CopyArgs& a, size_t begin, size_t end) {
  const int r = int(a.rank) - 2, c = int(a.rank) - 1;  // the dimensions of the matrices that are copied
  const size_t rows = a.shape[r], columns = a.shape[c];
  const size_t xRow = a.xStrides[r], xColumn = a.xStrides[c], outRow = a.outStrides[r], outColumn = a.outStrides[c];
  // A unit is one of `rows` of one matrix; a range may start and end inside one.
  for (size_t unit = begin; unit < end;) {
    size_t rest = unit / rows;
    const size_t row = unit % rows, count = smaller(rows - row, end - unit);
    const float* x = a.x + row * xRow;
    float* out = a.out + row * outRow;
    for (int d = r - 1; d >= 0; d--) {
      x += rest % a.shape[d] * a.xStrides[d];
      out += rest % a.shape[d] * a.outStrides[d];
      rest /= a.shape[d];
    }
    if (xRow == 1 && xColumn != 1 && outColumn == 1) {
      copyTransposed<V>(x, xColumn, out, outRow, count, columns);
    } else {
      for (size_t i = 0; i < count; i++) copyRow<V>(x + i * xRow, xColumn, out + i * outRow, outColumn, columns);
    }
    unit += count;
  }
}

DROPWISE_END
