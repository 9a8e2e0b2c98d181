// What all tests of calls share: random inputs, and a call that two machines must agree on.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "check.hpp"
#include "machine.hpp"

using dropwise::KernelId;

inline Random dice;

inline std::vector<float> numbers(bool special) {
  std::vector<float> values(kFloats);
  for (float& value : values) value = special ? dice.number() : dice.ordinary();
  return values;
}

inline double id(KernelId kernel) { return double(kernel); }

/// A call that both machines make on the same memory; the memory must then be the same.
inline void sameOn(Machine& expected, Machine& actual, const std::vector<float>& start, std::vector<double> call, const std::vector<size_t>& slabPlaces,
            const std::string& what) {
  expected.fill(start);
  actual.fill(start);
  std::vector<double> other = call;
  for (const size_t place : slabPlaces) {
    call[place] = expected.slab();
    other[place] = actual.slab();
  }
  const char* fault = expected.run(call);
  const char* otherFault = actual.run(other);
  check(fault == nullptr && otherFault == nullptr, what + ": refused|" + (fault != nullptr ? fault : ""));
  check(sameBits(expected.memory(), actual.memory(), kFloats), what);
}

/// Bytes of a random place from which n floats fit, any alignment.
inline size_t place(size_t n) { return 4 * dice.below(kFloats - n + 1); }
