// How far vector functions are from the exact values, in units in the last place of those: the worst of all operands whose bits are a multiple of `step`.
// Needs an instruction set's `unary.hpp` before it.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

/// A function of the kernels, with its definition in double.
struct Function {
  const char* name;
  unsigned op;  // as in `UnaryOp`
  double bound;  // units that the kernel promises
  double (*exact)(double);
};

inline const Function kFunctions[] = {
    {"exp", 4, 2, [](double x) { return std::exp(x); }},
    {"sigmoid", 5, 2, [](double x) { return x < 0 ? std::exp(x) / (1 + std::exp(x)) : 1 / (1 + std::exp(-x)); }},
    {"tanh", 6, 2, [](double x) { return std::tanh(x); }},
    {"expm1", 14, 2, [](double x) { return std::expm1(x); }},
    {"log", 15, 2, [](double x) { return std::log(x); }},
    {"log1p", 16, 2, [](double x) { return std::log1p(x); }},
    {"erf", 17, 2, [](double x) { return std::erf(x); }},
    {"softplus", 18, 2, [](double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::fabs(x))); }},
};

/// The worst error and the operand that has it.
struct Worst {
  double units = 0;
  float at = 0;
};

/// Units in the last place of float32 at a value.
inline double unitAt(double value) {
  const int exponent = value == 0 ? -149 : std::max(std::ilogb(value) - 23, -149);
  return std::ldexp(1.0, exponent);
}

/// What is wrong with one result. Infinity: another kind of number, or zero of the other sign.
inline double unitsOff(float y, double exact) {
  const double never = std::numeric_limits<double>::infinity();
  if (std::isnan(exact) || std::isnan(y)) return std::isnan(exact) && std::isnan(y) ? 0 : never;
  const float rounded = float(exact);
  if (std::isinf(rounded) || std::isinf(y)) {
    // Beside the largest float an infinity is one unit away.
    const double largest = std::numeric_limits<float>::max();
    if (y == rounded) return 0;
    return std::fabs(exact) > largest * (1 - 1e-7) && std::fabs(double(y)) > largest * (1 - 1e-7) && (exact > 0) == (y > 0) ? 1 : never;
  }
  if (y == 0 && rounded == 0 && std::signbit(y) != std::signbit(rounded)) return never;
  return std::fabs(double(y) - exact) / unitAt(exact);
}

/// The operands `first`, `first + step` and so on below 2^32, as bits. `map(x, y, n)` computes the function of the kernel.
template <class Map>
Worst worstOf(const Function& function, uint64_t first, uint64_t end, uint64_t step, Map map) {
  Worst worst;
  std::vector<float> x(4096), y(4096);
  for (uint64_t bits = first; bits < end;) {
    size_t n = 0;
    for (; n < x.size() && bits < end; n++, bits += step) {
      const uint32_t word = uint32_t(bits);
      std::memcpy(&x[n], &word, 4);
    }
    map(x.data(), y.data(), n);
    for (size_t i = 0; i < n; i++) {
      const double units = unitsOff(y[i], function.exact(double(x[i])));
      if (units > worst.units) worst = {units, x[i]};
    }
  }
  return worst;
}
