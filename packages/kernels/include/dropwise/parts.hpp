// Loops over rows of any length by vectors, the last of which may be shorter: `run(i, n)` is called with a constant n of all lanes, and at most once with fewer,
// so that one text serves both.
#pragma once

#include <dropwise/config.hpp>

DROPWISE_BEGIN

/// The first n elements; n is from 1 to all lanes.
template <class V>
DROPWISE_INLINE typename V::F32 loadUpTo(const float* p, int n) {
  return n == V::kLanes ? V::load(p) : V::loadPart(p, n);
}

template <class V>
DROPWISE_INLINE void storeUpTo(float* p, int n, typename V::F32 x) {
  if (n == V::kLanes) V::store(p, x);
  else V::storePart(p, n, x);
}

/// Calls `run(i, n)` for the vectors of [0, count).
template <class V, class Run>
DROPWISE_INLINE void eachVector(size_t count, const Run& run) {
  size_t i = 0;
  for (; i + V::kLanes <= count; i += V::kLanes) run(i, V::kLanes);
  if (i < count) run(i, int(count - i));
}

DROPWISE_END
