// Reductions of the middle of x, float32 and contiguous, seen as [outer, size, inner], to out [outer, inner].
//
// Sums are taken in double and rounded once. A long row is cut in pieces of kPiece; each piece's sum goes to `partials`, and the pieces are
// added in order by `sumPieces`, whoever computed them: the bits do not depend on threads. NaN is the extreme of amax, amin and argmax.
#pragma once

#include <dropwise/config.hpp>

DROPWISE_BEGIN

/// Elements of a row that are summed as one piece.
constexpr size_t kPiece = 16384;
/// Columns that one unit takes when inner > 1: two cache lines of a row at a time.
constexpr size_t kColumnBlock = 32;

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

/// Units of `reduce`: pieces of rows, or blocks of columns.
DROPWISE_INLINE size_t reduceUnits(const ReduceArgs& a) {
  return a.outer * (a.inner == 1 ? reducePieces(a) : (a.inner + kColumnBlock - 1) / kColumnBlock);
}

template <class V>
DROPWISE_SHARED double sumRow(const float* x, size_t n) {
  typename V::Wide even = V::wideZero(), odd = V::wideZero();
  constexpr size_t L = V::kLanes;
  size_t i = 0;
  for (; i + 2 * L <= n; i += 2 * L) {
    even = V::wideAdd(even, V::load(x + i));
    odd = V::wideAdd(odd, V::load(x + i + L));
  }
  if (i + L <= n) {
    even = V::wideAdd(even, V::load(x + i));
    i += L;
  }
  if (i < n) odd = V::wideAdd(odd, V::loadPart(x + i, int(n - i)));
  return V::wideTotal(even) + V::wideTotal(odd);
}

/// The largest (Max) or smallest of n >= 1 elements, NaN if there is one.
template <class V, bool Max>
DROPWISE_SHARED float extremeOfRow(const float* x, size_t n) {
  auto best = V::splat(x[0]);
  size_t i = 0;
  for (; i + V::kLanes <= n; i += V::kLanes) best = Max ? V::maximum(best, V::load(x + i)) : V::minimum(best, V::load(x + i));
  float lanes[V::kLanes];
  for (; i < n; i++) best = Max ? V::maximum(best, V::splat(x[i])) : V::minimum(best, V::splat(x[i]));
  V::store(lanes, best);
  auto one = V::splat(lanes[0]);
  for (int l = 1; l < V::kLanes; l++) one = Max ? V::maximum(one, V::splat(lanes[l])) : V::minimum(one, V::splat(lanes[l]));
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

/// Up to kLanes neighbouring columns.
template <class V>
DROPWISE_SHARED void reduceColumns(ReduceOp op, const float* x, float* out, size_t size, size_t inner, int count) {
  const bool whole = count == V::kLanes;
  auto row = [&](size_t s) { return whole ? V::load(x + s * inner) : V::loadPart(x + s * inner, count); };
  typename V::F32 result;
  if (op == ReduceOp::sum) {
    typename V::Wide sum = V::wideZero();
    for (size_t s = 0; s < size; s++) sum = V::wideAdd(sum, row(s));
    result = V::wideRound(sum);
  } else {
    result = row(0);
    for (size_t s = 1; s < size; s++) result = op == ReduceOp::amax ? V::maximum(result, row(s)) : V::minimum(result, row(s));
  }
  if (whole) V::store(out, result);
  else V::storePart(out, count, result);
}

template <class V>
DROPWISE_NOINLINE void reduce(const ReduceArgs& a, size_t begin, size_t end) {
  float* const out = static_cast<float*>(a.out);
  if (a.op == ReduceOp::argmax) {
    // Units are rows or blocks of columns here too; each result is a scan of its own.
    const size_t blocks = a.inner == 1 ? 1 : (a.inner + kColumnBlock - 1) / kColumnBlock;
    for (size_t unit = begin; unit < end; unit++) {
      const size_t o = unit / blocks, left = unit % blocks * kColumnBlock;
      for (size_t i = left; i < smaller(a.inner, left + kColumnBlock); i++) {
        static_cast<int32_t*>(a.out)[o * a.inner + i] = argmaxOf(a.x + o * a.size * a.inner + i, a.size, a.inner);
      }
    }
    return;
  }
  if (a.inner == 1) {
    const size_t pieces = reducePieces(a);
    for (size_t unit = begin; unit < end; unit++) {
      const float* row = a.x + unit / pieces * a.size;
      const size_t first = unit % pieces * kPiece;
      if (a.op == ReduceOp::amax) out[unit] = extremeOfRow<V, true>(row, a.size);
      else if (a.op == ReduceOp::amin) out[unit] = extremeOfRow<V, false>(row, a.size);
      else if (pieces == 1) out[unit] = float(sumRow<V>(row, a.size));
      else a.partials[unit] = sumRow<V>(row + first, smaller(kPiece, a.size - first));
    }
    return;
  }
  const size_t blocks = (a.inner + kColumnBlock - 1) / kColumnBlock;
  for (size_t unit = begin; unit < end; unit++) {
    const size_t o = unit / blocks, left = unit % blocks * kColumnBlock;
    const size_t right = smaller(a.inner, left + kColumnBlock);
    for (size_t i = left; i < right; i += V::kLanes) {
      reduceColumns<V>(a.op, a.x + o * a.size * a.inner + i, out + o * a.inner + i, a.size, a.inner, int(smaller<size_t>(V::kLanes, right - i)));
    }
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
