// out[i] = condition[i] ? a[i] : b[i] for float32, with any strides on the three (0 repeats); `out` is contiguous and aliases nothing. A unit is an element.
#pragma once

#include <dropwise/config.hpp>

DROPWISE_BEGIN

struct WhereArgs {
  const uint8_t* condition;
  const float* a;
  const float* b;
  float* out;
  uint32_t rank;  // 1 to kMaxRank; no size is 0
  size_t shape[kMaxRank];
  size_t conditionStrides[kMaxRank], aStrides[kMaxRank], bStrides[kMaxRank];
};

/// n elements with steps from one to the next. With constant steps compilers make vectors of it, since both choices are read before one is taken.
DROPWISE_INLINE void whereRow(const uint8_t* condition, size_t step, const float* a, size_t stepA, const float* b, size_t stepB, float* out, size_t n) {
  for (size_t i = 0; i < n; i++) {
    const float x = *a, y = *b;
    out[i] = *condition != 0 ? x : y;
    condition += step;
    a += stepA;
    b += stepB;
  }
}

template <class V>
DROPWISE_NOINLINE void where(const WhereArgs& args, size_t begin, size_t end) {
  const int last = int(args.rank) - 1;
  const size_t length = args.shape[last];
  const size_t step = args.conditionStrides[last], stepA = args.aStrides[last], stepB = args.bStrides[last];
  for (size_t i = begin; i < end;) {
    size_t rest = i / length;
    const size_t column = i % length, n = smaller(length - column, end - i);
    const uint8_t* condition = args.condition + column * step;
    const float* a = args.a + column * stepA;
    const float* b = args.b + column * stepB;
    for (int d = last - 1; d >= 0; d--) {
      const size_t at = rest % args.shape[d];
      rest /= args.shape[d];
      condition += at * args.conditionStrides[d];
      a += at * args.aStrides[d];
      b += at * args.bStrides[d];
    }
    float* const out = args.out + i;
    const size_t steps = !kIsCompact && step == 1 && stepA <= 1 && stepB <= 1 ? 2 * stepA + stepB : 0;
    if (steps == 3) whereRow(condition, 1, a, 1, b, 1, out, n);
    else if (steps == 2) whereRow(condition, 1, a, 1, b, 0, out, n);
    else if (steps == 1) whereRow(condition, 1, a, 0, b, 1, out, n);
    else whereRow(condition, step, a, stepA, b, stepB, out, n);
    i += n;
  }
}

DROPWISE_END
