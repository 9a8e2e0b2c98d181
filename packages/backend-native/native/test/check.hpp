// What the tests say: the first failure of each kind is printed, all are counted.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <set>
#include <string>

inline int failures = 0;
inline long checks = 0;

inline void check(bool holds, const std::string& what) {
  static std::set<std::string> reported;
  checks++;
  if (holds) return;
  failures++;
  if (reported.insert(what.substr(0, what.find('|'))).second) std::printf("FAILED %s\n", what.c_str());
}

/// Equal bit for bit; any NaN equals any other, since hardware differs in their signs and payloads.
inline bool sameBits(const float* a, const float* b, size_t n) {
  for (size_t i = 0; i < n; i++) {
    uint32_t x, y;
    std::memcpy(&x, a + i, 4);
    std::memcpy(&y, b + i, 4);
    if (x != y && !(std::isnan(a[i]) && std::isnan(b[i]))) return false;
  }
  return true;
}

inline bool isClose(double a, double b, double relative, double absolute) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  return a == b || std::fabs(a - b) <= absolute + relative * std::fabs(b);
}
