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

/// Both choices are read before one is taken, and steps are constants where they may be: compilers then make vectors of it.
template <class A, class B>
DROPWISE_INLINE void whereRow(const uint8_t* condition, size_t step, A a, B b, float* out, size_t n) {
  if (step == 1) {
    for (size_t i = 0; i < n; i++) {
      const float x = a(i), y = b(i);
      out[i] = condition[i] != 0 ? x : y;
    }
  } else {
    for (size_t i = 0; i < n; i++) {
      const float x = a(i), y = b(i);
      out[i] = condition[i * step] != 0 ? x : y;
    }
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
    const auto stepped = [](const float* x, size_t step) { return [x, step](size_t i) { return x[i * step]; }; };
    const auto whole = [](const float* x) { return [x](size_t i) { return x[i]; }; };
    const auto one = [](const float* x) { return [value = *x](size_t) { return value; }; };
    if (stepA == 1 && stepB == 1) whereRow(condition, step, whole(a), whole(b), args.out + i, n);
    else if (stepA == 1 && stepB == 0) whereRow(condition, step, whole(a), one(b), args.out + i, n);
    else if (stepA == 0 && stepB == 1) whereRow(condition, step, one(a), whole(b), args.out + i, n);
    else whereRow(condition, step, stepped(a, stepA), stepped(b, stepB), args.out + i, n);
    i += n;
  }
}

DROPWISE_END
