// Reductions of the middle of x, float32 and contiguous, seen as [outer, size, inner], to out [outer, inner].
//
// Sums are the same bits on every instruction set and for any threads. Along a row element i is added to partial sum i mod kPartials; after kRun of those the
// partial sums go on to ones in double, and a long row is cut in pieces of kPiece whose sums go to `partials` and are added in order by `sumPieces`. Down
// columns four rows are added to each other, then to what was there, and after kRows of them the sums go on to ones in double. So a float32 sum is never of
// more than kRun or kRows / 4 terms. NaN is the extreme of amax, amin and argmax.
#pragma once

#include <dropwise/math.hpp>
#include <dropwise/parts.hpp>

DROPWISE_BEGIN

/// Elements of a row that are summed as one piece.
constexpr size_t kPiece = 16384;
/// Partial sums of a row: two vectors of AVX-512, eight of four lanes.
constexpr size_t kPartials = 32;
/// Elements that a partial sum takes before it is added to one in double.
constexpr size_t kRun = 32;
/// Columns that one unit takes when inner > 1: eight cache lines of a row at a time.
constexpr size_t kColumnBlock = 128;
/// Rows that sums of columns take before they are added to ones in double.
constexpr size_t kRows = 64;

/// Numbered as in the tables of the backends.
enum class ReduceOp : uint32_t { sum, amax, amin, argmax };

struct ReduceArgs {
  ReduceOp op;
  const float* x;
  void* out;         // float, or int32 for argmax
  double* partials;  // one for each piece; used by sums with inner = 1 and size > kPiece
  size_t outer, size, inner;
};

/// Pieces of a row.
DROPWISE_INLINE size_t reducePieces(const ReduceArgs& a) {
  return a.op == ReduceOp::sum && a.inner == 1 && a.size > kPiece ? partsOf(a.size, kPiece) : 1;
}

/// Blocks of columns.
DROPWISE_INLINE size_t columnBlocks(size_t inner) { return inner == 1 ? 1 : partsOf(inner, kColumnBlock); }

/// Units of `reduce`: pieces of rows, or blocks of columns.
DROPWISE_INLINE size_t reduceUnits(const ReduceArgs& a) { return a.outer * reducePieces(a) * columnBlocks(a.inner); }

/// The sum of n elements.
template <class V>
DROPWISE_SHARED double sumRow(const float* x, size_t n) {
  constexpr size_t L = V::kLanes, kVectors = kPartials / L;
  double totals[kPartials / 2] = {};
  for (size_t begin = 0; begin < n; begin += kPartials * kRun) {
    const size_t end = smaller(n, begin + kPartials * kRun);
    typename V::F32 sums[kVectors];
    DROPWISE_UNROLL for (size_t v = 0; v < kVectors; v++) sums[v] = V::splat(0.0f);
    size_t i = begin;
    for (; i + kPartials <= end; i += kPartials) {
      DROPWISE_UNROLL for (size_t v = 0; v < kVectors; v++) sums[v] = V::add(sums[v], V::load(x + i + v * L));
    }
    float lanes[kPartials];
    DROPWISE_UNROLL for (size_t v = 0; v < kVectors; v++) V::store(lanes + v * L, sums[v]);
    for (float* to = lanes; i < end; i++, to++) *to += x[i];
    for (size_t l = 0; l < kPartials / 2; l++) totals[l] += double(lanes[l] + lanes[l + kPartials / 2]);
  }
  for (size_t half = kPartials / 4; half > 0; half /= 2) {
    for (size_t l = 0; l < half; l++) totals[l] += totals[l + half];
  }
  return totals[0];
}

/// The largest of n >= 1 elements, or for a `flip` of -0 the negative of the smallest: by comparisons alone, so that of zeros it may be any. `isNumber` is false
/// where there is a NaN.
template <class V>
DROPWISE_SHARED float nearlyLargestOf(const float* x, size_t n, float flip, bool& isNumber) {
  using F = typename V::F32;
  constexpr size_t L = V::kLanes;
  const Words<V> sign = wordsOf<V>(V::splat(flip));
  F best = V::splat(-__builtin_inff()), second = best, third = best, fourth = best, bad = V::splat(0.0f);
  const auto look = [&](F& best, F value) {
    value = floatsOf<V>(wordsOf<V>(value) ^ sign);
    best = V::greater(value, best);
    bad = V::select(V::eq(value, value), bad, value);
  };
  size_t i = 0;
  for (; i + 4 * L <= n; i += 4 * L) {
    look(best, V::load(x + i));
    look(second, V::load(x + i + L));
    look(third, V::load(x + i + 2 * L));
    look(fourth, V::load(x + i + 3 * L));
  }
  best = V::greater(V::greater(best, second), V::greater(third, fourth));
  for (; i < n; i++) look(best, V::splat(x[i]));
  float lanes[L];
  V::store(lanes, best);
  float largest = lanes[0];
  for (size_t l = 1; l < L; l++) largest = lanes[l] > largest ? lanes[l] : largest;
  isNumber = V::all(V::eq(bad, bad));
  return largest;
}

/// The largest of n >= 1 elements, or the smallest; NaN where there is one, and +0 above -0.
template <class V>
DROPWISE_SHARED float extremeOfRow(const float* x, size_t n, bool isLargest) {
  bool isNumber;
  const float flip = isLargest ? 0.0f : -0.0f;
  const float largest = nearlyLargestOf<V>(x, n, flip, isNumber), found = isLargest ? largest : -largest;
  if (!isNumber) return __builtin_nanf("");
  if (found != 0) return found;
  // Of zeros the sign decides: any of the wanted one.
  for (size_t i = 0; i < n; i++) {
    if (bitsOf(x[i]) == bitsOf(flip)) return flip;
  }
  return -flip;
}

/// The first place of the largest element, or of the first NaN.
DROPWISE_INLINE int32_t argmaxOf(const float* x, size_t size, size_t stride) {
  size_t best = 0;
  float top = x[0];
  for (size_t s = 1; s < size && top == top; s++) {
    const float value = x[s * stride];
    if (value > top || value != value) {
      top = value;
      best = s;
    }
  }
  return int32_t(best);
}

/// Combines `results`, one for each of at most kColumnBlock columns and in whole vectors, with rows that lie `stride` apart: four of them with each other first.
template <class V, class Combine>
DROPWISE_INLINE void combineRows(const float* x, size_t rows, size_t stride, size_t columns, float* results, Combine combine) {
  constexpr size_t L = V::kLanes;
  while (rows > 0) {
    size_t c = 0;
    if (rows >= 4) {
      for (; c + L <= columns; c += L) {
        const float* const from = x + c;
        const auto first = combine(V::load(from), V::load(from + stride)), second = combine(V::load(from + 2 * stride), V::load(from + 3 * stride));
        V::store(results + c, combine(V::load(results + c), combine(first, second)));
      }
    }
    // Single rows, and what is left of four.
    const size_t some = rows >= 4 ? 4 : 1;
    for (; c < columns; c += L) {
      auto value = loadUpTo<V>(x + c, columns - c);
      if (some == 4) {
        value = combine(combine(value, loadUpTo<V>(x + stride + c, columns - c)),
                        combine(loadUpTo<V>(x + 2 * stride + c, columns - c), loadUpTo<V>(x + 3 * stride + c, columns - c)));
      }
      V::store(results + c, combine(V::load(results + c), value));
    }
    x += some * stride;
    rows -= some;
  }
}

template <class V>
DROPWISE_SHARED void addRows(const float* x, size_t rows, size_t stride, size_t columns, float* sums) {
  combineRows<V>(x, rows, stride, columns, sums, [](typename V::F32 a, typename V::F32 b) { return V::add(a, b); });
}

/// Sums of at most kColumnBlock columns.
template <class V>
struct ColumnSums {
  float sums[kColumnBlock] = {};
  double totals[kColumnBlock] = {};
  size_t pending = 0;
  /// Four rows at most.
  DROPWISE_SHARED_MEMBER void add(const float* x, size_t rows, size_t stride, size_t columns) {
    addRows<V>(x, rows, stride, columns, sums);
    pending += rows;
    if (pending >= kRows) finish();
  }
  DROPWISE_SHARED_MEMBER void finish() {
    for (size_t c = 0; c < kColumnBlock; c++) {
      totals[c] += double(sums[c]);
      sums[c] = 0;
    }
    pending = 0;
  }
};

/// The largest or smallest elements of at most kColumnBlock columns, in whole vectors.
template <class V>
DROPWISE_SHARED void extremesOfColumns(const float* x, size_t size, size_t inner, size_t columns, bool isLargest, float* results) {
  using F = typename V::F32;
  for (size_t c = 0; c < columns; c++) results[c] = x[c];
  combineRows<V>(x, size, inner, columns, results, [&](F a, F b) { return isLargest ? V::maximum(a, b) : V::minimum(a, b); });
}

template <class V>
DROPWISE_NOINLINE void reduceColumns(ReduceOp op, const float* x, float* out, size_t size, size_t inner, size_t columns) {
  if (op == ReduceOp::sum) {
    ColumnSums<V> sums;
    for (size_t s = 0; s < size; s += 4) sums.add(x + s * inner, smaller<size_t>(4, size - s), inner, columns);
    sums.finish();
    for (size_t c = 0; c < columns; c++) out[c] = float(sums.totals[c]);
    return;
  }
  float results[kColumnBlock];
  extremesOfColumns<V>(x, size, inner, columns, op == ReduceOp::amax, results);
  __builtin_memcpy(out, results, columns * sizeof(float));
}

template <class V>
DROPWISE_NOINLINE void reduce(const ReduceArgs& a, size_t begin, size_t end) {
  float* const out = static_cast<float*>(a.out);
  const size_t pieces = reducePieces(a), blocks = columnBlocks(a.inner);
  for (size_t unit = begin; unit < end; unit++) {
    if (a.inner == 1 && a.op != ReduceOp::argmax) {
      const float* const row = a.x + unit / pieces * a.size;
      const size_t first = unit % pieces * kPiece;
      if (a.op != ReduceOp::sum) out[unit] = extremeOfRow<V>(row, a.size, a.op == ReduceOp::amax);
      else if (pieces == 1) out[unit] = float(sumRow<V>(row, a.size));
      else a.partials[unit] = sumRow<V>(row + first, smaller(kPiece, a.size - first));
      continue;
    }
    const size_t o = unit / blocks, left = unit % blocks * kColumnBlock, columns = smaller(a.inner - left, kColumnBlock);
    const float* const x = a.x + o * a.size * a.inner + left;
    const size_t to = o * a.inner + left;
    if (a.op != ReduceOp::argmax) reduceColumns<V>(a.op, x, out + to, a.size, a.inner, columns);
    else for (size_t c = 0; c < columns; c++) static_cast<int32_t*>(a.out)[to + c] = argmaxOf(x + c, a.size, a.inner);
  }
}

/// The second half of a sum whose rows were cut in pieces. A unit is a row.
DROPWISE_INLINE void sumPieces(const ReduceArgs& a, size_t begin, size_t end) {
  const size_t pieces = reducePieces(a);
  for (size_t o = begin; o < end; o++) {
    double sum = 0;
    for (size_t p = 0; p < pieces; p++) sum += a.partials[o * pieces + p];
    static_cast<float*>(a.out)[o] = float(sum);
  }
}

DROPWISE_END
