// out[i] = op(a[i], b[i]) for float32, with any strides on a and b (0 repeats); `out` is contiguous, float32, or bytes of 0 and 1 for
// comparisons. `out` may be a contiguous a or b. A unit is an element of `out`.
//
// Rows are the last dimension. Where a step in a row is 1 it is read in place, where it is 0 a register's worth of copies is read over and
// over, and any other step is first gathered, a piece at a time.
#pragma once

#include <dropwise/config.hpp>

DROPWISE_BEGIN

/// Numbered as in the tables of the backends.
enum class BinaryOp : uint32_t { add, sub, mul, div, minimum, maximum, reluGrad, sigmoidGrad, tanhGrad, eq, ne, lt, le, gt, ge };

struct BinaryArgs {
  BinaryOp op;
  const float* a;
  const float* b;
  void* out;
  uint32_t rank;  // 1 to kMaxRank; no size is 0
  size_t shape[kMaxRank];
  size_t aStrides[kMaxRank], bStrides[kMaxRank];
};

/// n elements of one row as a kernel reads them: `advance` is 1, or 0 for copies of one element.
struct Run {
  const float* data;
  size_t advance;
};

template <class V, class F>
DROPWISE_INLINE void mapBinary(Run a, Run b, float* out, size_t n, F f) {
  for (size_t i = 0; i < n; i += V::kLanes) V::store(out + i, f(V::load(a.data + i * a.advance), V::load(b.data + i * b.advance)));
}

template <class V, class F>
DROPWISE_INLINE void mapCompare(Run a, Run b, uint8_t* out, size_t n, uint32_t negate, F f) {
  for (size_t i = 0; i < n; i += V::kLanes) {
    V::storeBools(out + i, V::kLanes, f(V::load(a.data + i * a.advance), V::load(b.data + i * b.advance)), negate);
  }
}

/// n elements, a multiple of kLanes.
template <class V>
DROPWISE_NOINLINE void binaryVectors(BinaryOp op, Run a, Run b, void* out, size_t n) {
  using F = typename V::F32;
  float* to = static_cast<float*>(out);
  uint8_t* flags = static_cast<uint8_t*>(out);
  switch (op) {
    case BinaryOp::add: return mapBinary<V>(a, b, to, n, [](F x, F y) { return V::add(x, y); });
    case BinaryOp::sub: return mapBinary<V>(a, b, to, n, [](F x, F y) { return V::sub(x, y); });
    case BinaryOp::mul: return mapBinary<V>(a, b, to, n, [](F x, F y) { return V::mul(x, y); });
    case BinaryOp::div: return mapBinary<V>(a, b, to, n, [](F x, F y) { return V::div(x, y); });
    case BinaryOp::minimum: return mapBinary<V>(a, b, to, n, [](F x, F y) { return V::minimum(x, y); });
    case BinaryOp::maximum: return mapBinary<V>(a, b, to, n, [](F x, F y) { return V::maximum(x, y); });
    // From here on: the gradient x times the derivative, from the function's output y.
    case BinaryOp::reluGrad:  // not `keep` where y > 0: a NaN passes the gradient on
      return mapBinary<V>(a, b, to, n, [](F x, F y) { return V::clear(V::le(y, V::splat(0.0f)), x); });
    case BinaryOp::sigmoidGrad: return mapBinary<V>(a, b, to, n, [](F x, F y) { return V::mul(V::mul(x, y), V::sub(V::splat(1.0f), y)); });
    case BinaryOp::tanhGrad:  // (1 - y)(1 + y), since 1 - y * y loses its digits where y is near 1
      return mapBinary<V>(a, b, to, n, [](F x, F y) {
        const F one = V::splat(1.0f);
        return V::mul(x, V::mul(V::sub(one, y), V::add(one, y)));
      });
    case BinaryOp::eq:
    case BinaryOp::ne: return mapCompare<V>(a, b, flags, n, op == BinaryOp::ne, [](F x, F y) { return V::eq(x, y); });
    case BinaryOp::lt: return mapCompare<V>(a, b, flags, n, 0, [](F x, F y) { return V::lt(x, y); });
    case BinaryOp::gt: return mapCompare<V>(b, a, flags, n, 0, [](F x, F y) { return V::lt(x, y); });
    case BinaryOp::le: return mapCompare<V>(a, b, flags, n, 0, [](F x, F y) { return V::le(x, y); });
    case BinaryOp::ge: return mapCompare<V>(b, a, flags, n, 0, [](F x, F y) { return V::le(x, y); });
  }
}

/// n elements: whole vectors, then the rest by way of a vector's worth of memory, so that each operation has one loop.
template <class V>
DROPWISE_INLINE void binaryRun(BinaryOp op, Run a, Run b, void* out, size_t at, size_t n) {
  const size_t size = op >= BinaryOp::eq ? 1 : sizeof(float);
  uint8_t* to = static_cast<uint8_t*>(out) + at * size;
  const size_t whole = n - n % V::kLanes;
  if (whole > 0) binaryVectors<V>(op, a, b, to, whole);
  if (whole == n) return;
  float x[V::kLanes], y[V::kLanes], z[V::kLanes];
  for (size_t i = 0; i < size_t(V::kLanes); i++) {
    const size_t from = whole + smaller(i, n - whole - 1);
    x[i] = a.data[from * a.advance];
    y[i] = b.data[from * b.advance];
  }
  binaryVectors<V>(op, {x, 1}, {y, 1}, z, V::kLanes);
  __builtin_memcpy(to + whole * size, z, (n - whole) * size);
}

/// Elements of one strided row that are gathered at a time.
constexpr size_t kGather = 64;

template <class V>
struct RowReader {
  float copies[kGather];
  size_t step;
  DROPWISE_MEMBER void start(const float* row, size_t rowStep) {
    step = rowStep;
    if (step == 0) {
      for (int i = 0; i < V::kLanes; i++) copies[i] = *row;
    }
  }
  /// Elements from `column` on; with another step than 0 or 1, n is at most kGather.
  DROPWISE_MEMBER Run read(const float* row, size_t column, size_t n) {
    if (step == 1) return {row + column, 1};
    if (step == 0) return {copies, 0};
    for (size_t i = 0; i < n; i++) copies[i] = row[(column + i) * step];
    return {copies, 1};
  }
};

template <class V>
DROPWISE_NOINLINE void binary(const BinaryArgs& args, size_t begin, size_t end) {
  const int last = int(args.rank) - 1;
  const size_t length = args.shape[last];
  RowReader<V> a, b;
  size_t index[kMaxRank] = {};
  size_t rest = begin / length, column = begin % length;
  const float* rowA = args.a;
  const float* rowB = args.b;
  for (int d = last - 1; d >= 0; d--) {
    index[d] = rest % args.shape[d];
    rest /= args.shape[d];
    rowA += index[d] * args.aStrides[d];
    rowB += index[d] * args.bStrides[d];
  }
  const size_t stepA = args.aStrides[last], stepB = args.bStrides[last];
  const size_t piece = stepA > 1 || stepB > 1 ? kGather : ~size_t(0);
  for (size_t i = begin; i < end;) {
    a.start(rowA, stepA);
    b.start(rowB, stepB);
    for (size_t n; column < length && i < end; column += n, i += n) {
      n = smaller(piece, smaller(length - column, end - i));
      binaryRun<V>(args.op, a.read(rowA, column, n), b.read(rowB, column, n), args.out, i, n);
    }
    column = 0;
    for (int d = last - 1; d >= 0; d--) {  // count up like an odometer
      rowA += args.aStrides[d];
      rowB += args.bStrides[d];
      if (++index[d] < args.shape[d]) break;
      rowA -= args.shape[d] * args.aStrides[d];
      rowB -= args.shape[d] * args.bStrides[d];
      index[d] = 0;
    }
  }
}

DROPWISE_END
