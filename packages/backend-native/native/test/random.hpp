// A small generator for test inputs, the same on every machine (std's distributions are not).
#pragma once

#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <limits>

struct Random {
  uint64_t state = 0x9E3779B97F4A7C15u;

  /// xorshift64*.
  uint64_t next() {
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return state * 0x2545F4914F6CDD1Du;
  }
  size_t below(size_t limit) { return size_t(next() >> 11) % limit; }
  bool chance(size_t oneIn) { return below(oneIn) == 0; }
  size_t pick(std::initializer_list<size_t> from) { return from.begin()[below(from.size())]; }

  /// Mostly ordinary, sometimes a value that kernels get wrong.
  float number() {
    const float special[] = {0.0f, -0.0f, 1.0f, -1.0f, 1e-40f, -1e-40f, 3e38f, std::numeric_limits<float>::infinity(),
                             -std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN(), 88.7f, -103.9f, 0.625f, 2.5f};
    if (chance(16)) return special[below(sizeof special / sizeof special[0])];
    return ordinary();
  }
  float ordinary() { return (float(below(1u << 24)) / float(1 << 23) - 1.0f) * 4.0f; }
};
