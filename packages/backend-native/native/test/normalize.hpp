// Normalisation and its gradients, against their definitions in double precision, and for any number of threads.
#pragma once

#include <cmath>

#include "same.hpp"

/// Against double precision: a normalisation and its gradients, and their bits for any number of threads.
inline void normalizations(Machine& one, Machine& many, const std::string& name) {
  const bool perInner = dice.chance(2);
  const size_t outer = perInner ? 1 : dice.below(4) + 1, groups = dice.below(dice.pick({3, 90})) + 1, inner = dice.below(dice.pick({4, 40, 900})) + 1;
  const size_t n = outer * groups * inner, weights = perInner ? inner : groups;
  if (n > 25000) return;
  const auto start = numbers(false);
  const double eps = 1e-3, byte = 4, x = 0, weight = 25000, bias = 26000, out = 27000, stats = 52000, grad = 53000, gradX = 78000, gradWeight = 103000;
  std::vector<double> call = {id(KernelId::normalize), double(outer), double(groups), double(inner), eps, double(perInner), 1, 1};
  for (const double at : {x, weight, bias, out, stats}) call.insert(call.end(), {0, byte * at});
  sameOn(one, many, start, call, {8, 10, 12, 14, 16}, name + " normalize with threads");
  std::vector<double> back = {id(KernelId::normalizeGrad), double(outer), double(groups), double(inner), eps, double(perInner), 1, 1, 1, 1};
  for (const double at : {grad, x, weight, stats, gradX, gradWeight, gradWeight + 1000}) back.insert(back.end(), {0, byte * at});
  const std::vector<float> after(one.memory(), one.memory() + kFloats);
  sameOn(one, many, after, back, {10, 12, 14, 16, 18, 20, 22}, name + " normalizeGrad with threads");

  const float* const got = one.memory();
  std::vector<double> ofWeight(weights), ofBias(weights), size(weights);
  for (size_t g = 0; g < groups; g++) {
    const auto place = [&](size_t i) { return (i / inner * groups + g) * inner + i % inner; };
    const size_t count = outer * inner;
    double mean = 0, variance = 0, given = 0, product = 0;
    for (size_t i = 0; i < count; i++) mean += start[place(i)] / double(count);
    for (size_t i = 0; i < count; i++) variance += std::pow(start[place(i)] - mean, 2) / double(count);
    const double root = 1 / std::sqrt(variance + eps);
    check(isClose(got[size_t(stats) + g], mean, 1e-5, 1e-5) && isClose(got[size_t(stats) + groups + g], variance, 1e-4, 1e-6), name + " normalize, statistics");
    for (size_t i = 0; i < count; i++) {
      const size_t at = place(i), k = perInner ? i : g;
      const double h = (start[at] - mean) * root, w = start[size_t(weight) + k], dy = start[size_t(grad) + at];
      check(isClose(got[size_t(out) + at], h * w + start[size_t(bias) + k], 1e-4, 1e-4), name + " normalize");
      given += dy * w / double(count);
      product += dy * w * h / double(count);
      ofWeight[k] += dy * h;
      ofBias[k] += dy;
      size[k] += std::fabs(dy) * (1 + std::fabs(h));
    }
    for (size_t i = 0; i < count; i++) {
      const size_t at = place(i), k = perInner ? i : g;
      const double h = (start[at] - mean) * root, w = start[size_t(weight) + k], dy = start[size_t(grad) + at];
      check(isClose(got[size_t(gradX) + at], (dy * w - given - h * product) * root, 1e-3, 1e-3 * (1 + root)), name + " normalizeGrad, of x");
    }
  }
  for (size_t k = 0; k < weights; k++) {
    check(isClose(got[size_t(gradWeight) + k], ofWeight[k], 0, 1e-4 * (1 + size[k])), name + " normalizeGrad, of the weight");
    check(isClose(got[size_t(gradWeight) + 1000 + k], ofBias[k], 0, 1e-4 * (1 + size[k])), name + " normalizeGrad, of the bias");
  }
}
