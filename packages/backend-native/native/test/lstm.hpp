// An LSTM over a sequence and its gradient, in double precision, and for any number of threads.
#pragma once

#include <cmath>

#include "same.hpp"

/// Against double precision: an LSTM over a sequence, its bits for any number of threads, and its gradient by what a small change of x does to a sum of states.
inline void sequences(Machine& one, Machine& many, const std::string& name) {
  const size_t steps = dice.below(4) + 1, batch = dice.below(dice.pick({3, 30})) + 1, hidden = dice.below(dice.pick({4, 40})) + 1, state = batch * hidden;
  if (4 * steps * state > 20000) return;
  const bool reverse = dice.chance(2);
  std::vector<float> start = numbers(false);
  const double byte = 4, x = 0, weight = 20000, turned = 27000, h0 = 34000, c0 = 36000, gates = 38000, states = 58000, grad = 68000, gradX = 78000, gradH = 98000;
  if (4 * hidden * hidden > 7000 || state > 2000 || 2 * steps * state > 10000) return;
  for (size_t i = 0; i < hidden; i++) {
    for (size_t j = 0; j < 4 * hidden; j++) start[size_t(turned) + j * hidden + i] = start[size_t(weight) + i * 4 * hidden + j] *= 0.2f;
  }
  std::vector<double> call = {id(KernelId::lstm), double(steps), double(batch), double(hidden), double(reverse)};
  for (const double at : {x, weight, h0, c0, gates, states}) call.insert(call.end(), {0, byte * at});
  sameOn(one, many, start, call, {5, 7, 9, 11, 13, 15}, name + " lstm with threads");
  std::vector<double> back = {id(KernelId::lstmGrad), double(steps), double(batch), double(hidden), double(reverse)};
  for (const double at : {turned, c0, gates, states, grad, gradX, gradH, gradH + 2000}) back.insert(back.end(), {0, byte * at});
  const std::vector<float> after(one.memory(), one.memory() + kFloats);
  sameOn(one, many, after, back, {5, 7, 9, 11, 13, 15, 17, 19}, name + " lstmGrad with threads");

  const float* const got = one.memory();
  // All states in double; `wanted` is the sum of states times the gradients that are given, when x[at] is `by` more.
  const auto wanted = [&](size_t at, double by, bool compare) {
    std::vector<double> h(state), c(state), next(state);
    for (size_t i = 0; i < state; i++) h[i] = start[size_t(h0) + i], c[i] = start[size_t(c0) + i];
    double sum = 0;
    for (size_t turn = 0; turn < steps; turn++) {
      const size_t t = reverse ? steps - 1 - turn : turn;
      for (size_t i = 0; i < state; i++) {
        double gate[4];
        for (size_t g = 0; g < 4; g++) {
          const size_t column = g * hidden + i % hidden, place = (t * batch + i / hidden) * 4 * hidden + column;
          gate[g] = start[size_t(x) + place] + (place == at ? by : 0);
          for (size_t l = 0; l < hidden; l++) gate[g] += h[i / hidden * hidden + l] * start[size_t(weight) + l * 4 * hidden + column];
          gate[g] = g == 2 ? std::tanh(gate[g]) : 1 / (1 + std::exp(-gate[g]));
        }
        c[i] = gate[1] * c[i] + gate[0] * gate[2];
        next[i] = gate[3] * std::tanh(c[i]);
        if (compare) {
          check(isClose(got[size_t(states) + t * state + i], next[i], 1e-5, 1e-5), name + " lstm, states");
          check(isClose(got[size_t(states) + (steps + t) * state + i], c[i], 1e-5, 1e-5), name + " lstm, cells");
        }
        sum += next[i] * start[size_t(grad) + t * state + i] + c[i] * start[size_t(grad) + (steps + t) * state + i];
      }
      h = next;
    }
    return sum;
  };
  wanted(0, 0, true);
  for (int probe = 0; probe < 3; probe++) {
    const size_t at = dice.below(4 * steps * state);
    const double slope = (wanted(at, 1e-4, false) - wanted(at, -1e-4, false)) / 2e-4;
    check(isClose(got[size_t(gradX) + at], slope, 1e-3, 1e-3), name + " lstmGrad");
  }
}
