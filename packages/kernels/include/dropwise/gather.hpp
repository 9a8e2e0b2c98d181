// What lies along the middle of [outer, along, inner] at the places that an index names, and the opposite, for 32-bit elements and an int32 index with any
// strides (0 repeats); x and out are contiguous and share no memory. All indices are in [0, along): the caller has looked.
//
//     gather       out[o, j, i] = x[o, index[o, j, i], i]                            a unit is a row: one o and j
//     scatterAdd   out[o, index[o, j, i], i] += x[o, j, i], in the order of j        a unit is one o and kScatterColumns neighbouring i
#pragma once

#include <dropwise/config.hpp>

DROPWISE_BEGIN

struct GatherArgs {
  const float* x;
  const int32_t* index;
  float* out;
  size_t outer, along, count, inner;  // count: places of an index along the middle
  size_t steps[3];                    // of the index
};

/// Columns of a unit of `scatterAdd`: two cache lines.
constexpr size_t kScatterColumns = 32;

DROPWISE_INLINE size_t scatterUnits(const GatherArgs& a) { return a.outer * partsOf(a.inner, kScatterColumns); }

DROPWISE_INLINE void gather(const GatherArgs& a, size_t begin, size_t end) {
  for (size_t unit = begin; unit < end; unit++) {
    const size_t o = unit / a.count, j = unit % a.count;
    const int32_t* const index = a.index + o * a.steps[0] + j * a.steps[1];
    const float* const x = a.x + o * a.along * a.inner;
    float* const out = a.out + unit * a.inner;
    // Moved as bytes, so that every bit of a NaN and of an integer stays.
    if (a.steps[2] == 0) __builtin_memcpy(out, x + size_t(*index) * a.inner, a.inner * sizeof(float));
    else for (size_t i = 0; i < a.inner; i++) __builtin_memcpy(out + i, x + size_t(index[i * a.steps[2]]) * a.inner + i, sizeof(float));
  }
}

template <class V>
DROPWISE_NOINLINE void scatterAdd(const GatherArgs& a, size_t begin, size_t end) {
  const size_t blocks = partsOf(a.inner, kScatterColumns);
  for (size_t unit = begin; unit < end; unit++) {
    const size_t o = unit / blocks, left = unit % blocks * kScatterColumns, columns = smaller(a.inner - left, kScatterColumns);
    for (size_t j = 0; j < a.count; j++) {
      const int32_t* const index = a.index + o * a.steps[0] + j * a.steps[1] + left * a.steps[2];
      const float* const x = a.x + (o * a.count + j) * a.inner + left;
      float* const out = a.out + o * a.along * a.inner + left;
      size_t i = 0;
      if (a.steps[2] == 0) {
        float* const row = out + size_t(*index) * a.inner;
        for (; i + V::kLanes <= columns; i += V::kLanes) V::store(row + i, V::add(V::load(row + i), V::load(x + i)));
      }
      for (; i < columns; i++) out[size_t(index[i * a.steps[2]]) * a.inner + i] += x[i];
    }
  }
}

DROPWISE_END
