// Loops over rows of any length by vectors, the last of which may be shorter: `run(i, n)` is called with a constant n, all lanes, and at most once with fewer,
// so that one text serves both.
#pragma once

#include <dropwise/config.hpp>

DROPWISE_BEGIN

/// The first n > 0 elements, at most a vector; those that are not there read as 0.
template <class V>
DROPWISE_INLINE typename V::F32 loadUpTo(const float* p, size_t n) {
  return n >= size_t(V::kLanes) ? V::load(p) : V::loadPart(p, int(n));
}

template <class V>
DROPWISE_INLINE void storeUpTo(float* p, size_t n, typename V::F32 x) {
  if (n >= size_t(V::kLanes)) V::store(p, x);
  else V::storePart(p, int(n), x);
}

/// Calls `run(i, n)` for the vectors of [0, count). kIsLong: what is run is so much that asking for n each time is nothing.
template <class V, bool kIsLong = false, class Run>
DROPWISE_INLINE void eachVector(size_t count, const Run& run) {
  size_t i = 0;
  if constexpr (kIsLong && kIsCompact) {
    for (; i < count; i += V::kLanes) run(i, smaller<size_t>(V::kLanes, count - i));
    return;
  }
  for (; i + V::kLanes <= count; i += V::kLanes) run(i, size_t(V::kLanes));
  if (i < count) run(i, count - i);
}

DROPWISE_END
