// Reductions of the middle of x, float32 and contiguous, seen as [outer, size, inner], to out [outer, inner].
//
// Sums are the same bits on every instruction set and for any threads. Along a row element i is added to partial sum i mod kPartials; after kRun of those the
// partial sums go on to ones in double, and a long row is cut in pieces of kPiece whose sums go to `partials` and are added in order by `sumPieces`. Down
// columns four rows are added to each other, then to what was there, and after kRows of them the sums go on to ones in double. So a float32 sum is never of
// more than kRun or kRows / 4 terms. NaN is the extreme of amax, amin and argmax.
#pragma once

#include <dropwise/config.hpp>

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
  return a.op == ReduceOp::sum && a.inner == 1 && a.size > kPiece ? (a.size + kPiece - 1) / kPiece : 1;
}

/// Blocks of columns.
DROPWISE_INLINE size_t columnBlocks(size_t inner) { return inner == 1 ? 1 : (inner + kColumnBlock - 1) / kColumnBlock; }

/// Units of `reduce`: pieces of rows, or blocks of columns.
DROPWISE_INLINE size_t reduceUnits(const ReduceArgs& a) { return a.outer * reducePieces(a) * columnBlocks(a.inner); }

/// The first n of kLanes elements, n > 0; the others read as 0.
template <class V>
DROPWISE_INLINE typename V::F32 loadUpTo(const float* p, size_t n) {
  return n >= size_t(V::kLanes) ? V::load(p) : V::loadPart(p, int(n));
}

template <class V>
DROPWISE_INLINE void storeUpTo(float* p, size_t n, typename V::F32 x) {
  if (n >= size_t(V::kLanes)) V::store(p, x);
  else V::storePart(p, int(n), x);
}

/// The sum of n elements: `at(i, count)` is the vector of elements i and on, of which those beyond `count` are 0.
template <class V, class At>
DROPWISE_INLINE double sumOf(size_t n, At at) {
  constexpr size_t L = V::kLanes, kVectors = kPartials / L;
  double totals[kPartials / 2] = {};
  for (size_t begin = 0; begin < n; begin += kPartials * kRun) {
    const size_t end = smaller(n, begin + kPartials * kRun);
    typename V::F32 sums[kVectors];
    DROPWISE_UNROLL for (size_t v = 0; v < kVectors; v++) sums[v] = V::splat(0.0f);
    size_t i = begin;
    for (; i + kPartials <= end; i += kPartials) {
      DROPWISE_UNROLL for (size_t v = 0; v < kVectors; v++) sums[v] = V::add(sums[v], at(i + v * L, L));
    }
    float lanes[kPartials];
    DROPWISE_UNROLL for (size_t v = 0; v < kVectors; v++) V::store(lanes + v * L, sums[v]);
    for (float* to = lanes; i < end; i += L, to += L) V::store(to, V::add(V::load(to), at(i, end - i)));
    for (size_t l = 0; l < kPartials / 2; l++) totals[l] += double(lanes[l] + lanes[l + kPartials / 2]);
  }
  for (size_t half = kPartials / 4; half > 0; half /= 2) {
    for (size_t l = 0; l < half; l++) totals[l] += totals[l + half];
  }
  return totals[0];
}

template <class V>
DROPWISE_SHARED double sumRow(const float* x, size_t n) {
  return sumOf<V>(n, [&](size_t i, size_t count) { return loadUpTo<V>(x + i, count); });
}

/// The largest (Max) or smallest of n >= 1 elements, NaN if there is one.
template <class V, bool Max>
DROPWISE_SHARED float extremeOfRow(const float* x, size_t n) {
  using F = typename V::F32;
  constexpr size_t L = V::kLanes;
  const auto further = [](F a, F b) { return Max ? V::maximum(a, b) : V::minimum(a, b); };
  F best = V::splat(x[0]), second = best, third = best, fourth = best;
  size_t i = 0;
  for (; i + 4 * L <= n; i += 4 * L) {
    best = further(best, V::load(x + i));
    second = further(second, V::load(x + i + L));
    third = further(third, V::load(x + i + 2 * L));
    fourth = further(fourth, V::load(x + i + 3 * L));
  }
  best = further(further(best, second), further(third, fourth));
  for (; i + L <= n; i += L) best = further(best, V::load(x + i));
  for (; i < n; i++) best = further(best, V::splat(x[i]));
  float lanes[L];
  V::store(lanes, best);
  F one = V::splat(lanes[0]);
  for (size_t l = 1; l < L; l++) one = further(one, V::splat(lanes[l]));
  V::store(lanes, one);
  return lanes[0];
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

/// What rows give, column by column, when four of them at a time are combined, and then with `results`, which holds the start values. At most kColumnBlock
/// columns; `results` has room for whole vectors. `at(s, c, count)` is the vector of row s from column c on, of which those beyond `count` are not used.
template <class V, class At, class Combine>
DROPWISE_INLINE void combineRows(size_t rows, size_t columns, float* results, At at, Combine combine) {
  size_t s = 0;
  for (; s + 4 <= rows; s += 4) {
    for (size_t c = 0; c < columns; c += V::kLanes) {
      const size_t n = columns - c;
      const auto four = combine(combine(at(s, c, n), at(s + 1, c, n)), combine(at(s + 2, c, n), at(s + 3, c, n)));
      V::store(results + c, combine(V::load(results + c), four));
    }
  }
  for (; s < rows; s++) {
    for (size_t c = 0; c < columns; c += V::kLanes) V::store(results + c, combine(V::load(results + c), at(s, c, columns - c)));
  }
}

/// Sums of columns: `add` takes the sums of at most kRows rows at a time.
template <class V>
struct ColumnSums {
  float sums[kColumnBlock] = {};
  double totals[kColumnBlock] = {};
  template <class At>
  DROPWISE_MEMBER void add(size_t rows, size_t columns, At at) {
    combineRows<V>(rows, columns, sums, at, [](typename V::F32 a, typename V::F32 b) { return V::add(a, b); });
    for (size_t c = 0; c < columns; c++) {
      totals[c] += double(sums[c]);
      sums[c] = 0;
    }
  }
};

/// The largest (Max) or smallest elements of at most kColumnBlock columns, in whole vectors.
template <class V, bool Max>
DROPWISE_SHARED void extremesOfColumns(const float* x, size_t size, size_t inner, size_t columns, float* results) {
  for (size_t c = 0; c < columns; c++) results[c] = x[c];
  combineRows<V>(size, columns, results, [&](size_t s, size_t c, size_t n) { return loadUpTo<V>(x + s * inner + c, n); },
                 [](typename V::F32 a, typename V::F32 b) { return Max ? V::maximum(a, b) : V::minimum(a, b); });
}

template <class V>
DROPWISE_NOINLINE void reduceColumns(ReduceOp op, const float* x, float* out, size_t size, size_t inner, size_t columns) {
  if (op == ReduceOp::sum) {
    ColumnSums<V> sums;
    for (size_t s = 0; s < size; s += kRows) {
      const float* const from = x + s * inner;
      sums.add(smaller(kRows, size - s), columns, [&](size_t r, size_t c, size_t n) { return loadUpTo<V>(from + r * inner + c, n); });
    }
    for (size_t c = 0; c < columns; c++) out[c] = float(sums.totals[c]);
    return;
  }
  float results[kColumnBlock];
  if (op == ReduceOp::amax) extremesOfColumns<V, true>(x, size, inner, columns, results);
  else extremesOfColumns<V, false>(x, size, inner, columns, results);
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
      if (a.op == ReduceOp::amax) out[unit] = extremeOfRow<V, true>(row, a.size);
      else if (a.op == ReduceOp::amin) out[unit] = extremeOfRow<V, false>(row, a.size);
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
