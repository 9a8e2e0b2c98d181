// Convolutions, their gradients, and pooling, against their definitions in double precision, and for any number of threads.
#pragma once

#include "same.hpp"

/// Windows of a random call: three dimensions, of which the first ones may be of one place.
struct Windows {
  size_t input[3], output[3], kernel[3], stride[3], dilation[3], padding[3];

  explicit Windows(size_t most) {
    const size_t from = dice.below(3);
    for (size_t i = 0; i < 3; i++) {
      kernel[i] = stride[i] = dilation[i] = input[i] = output[i] = 1;
      padding[i] = 0;
      if (i < from) continue;
      kernel[i] = dice.pick({1, 2, 3, 3, 5});
      stride[i] = dice.pick({1, 1, 2, 3});
      dilation[i] = dice.pick({1, 1, 2, 4});
      padding[i] = dice.below(4);
      const size_t reach = dilation[i] * (kernel[i] - 1) + 1;
      input[i] = std::max<size_t>(1, reach > 2 * padding[i] ? reach - 2 * padding[i] : 1) + dice.below(dice.pick({3, most}));
      output[i] = (input[i] + 2 * padding[i] - reach) / stride[i] + 1;
    }
  }
  size_t inputs() const { return input[0] * input[1] * input[2]; }
  size_t outputs() const { return output[0] * output[1] * output[2]; }
  size_t elements() const { return kernel[0] * kernel[1] * kernel[2]; }

  void write(std::vector<double>& call) const {
    for (size_t i = 0; i < 3; i++) {
      for (const size_t value : {input[i], output[i], kernel[i], stride[i], dilation[i], padding[i]}) call.push_back(double(value));
    }
  }

  /// Calls `fn(place of the output, element of the window, place of the input)` for all that lie inside, in order.
  template <class Fn>
  void each(Fn fn) const {
    for (size_t o = 0; o < outputs(); o++) {
      for (size_t k = 0; k < elements(); k++) {
        const size_t at[3] = {o / output[2] / output[1], o / output[2] % output[1], o % output[2]};
        const size_t element[3] = {k / kernel[2] / kernel[1], k / kernel[2] % kernel[1], k % kernel[2]};
        size_t place = 0;
        bool inside = true;
        for (size_t i = 0; i < 3; i++) {
          const long coordinate = long(at[i] * stride[i] + element[i] * dilation[i]) - long(padding[i]);
          inside = inside && coordinate >= 0 && coordinate < long(input[i]);
          place = place * input[i] + size_t(coordinate);
        }
        if (inside) fn(o, k, place);
      }
    }
  }
};

/// The memory beside the result is as it was.
inline void keepsTheRest(Machine& machine, const std::vector<float>& start, size_t from, size_t n, const std::string& what) {
  check(sameBits(machine.memory(), start.data(), from), what + " writes before its result");
  check(sameBits(machine.memory() + from + n, start.data() + from + n, kFloats - from - n), what + " writes behind its result");
}

inline void convolutionsAgree(Machine& one, Machine& many, const std::string& name) {
  const Windows w(dice.pick({8, 20, 40}));
  const size_t batch = dice.below(4), groups = dice.pick({1, 1, 2, 5}), in = dice.pick({1, 2, 7, 40}), out = dice.pick({1, 2, 9, 70});
  const size_t sizes[] = {batch * groups * in * w.inputs(), groups * out * in * w.elements(), batch * groups * out * w.outputs(), groups * std::max(in, out)};
  if (sizes[0] + sizes[1] + sizes[2] + sizes[3] > kFloats || double(sizes[2]) * double(in * w.elements()) > 3e6) return;
  const size_t x = 0, weight = x + sizes[0], y = weight + sizes[1], biases = y + sizes[2];
  const auto start = numbers(false);
  for (size_t kind = 0; kind < 3; kind++) {
    const bool bias = kind < 2 && dice.chance(2);
    const size_t to = kind == 0 ? y : kind == 1 ? x : weight, n = sizes[kind == 0 ? 2 : kind == 1 ? 0 : 1];
    std::vector<double> call = {id(kind < 2 ? KernelId::convolution : KernelId::convolutionWeights)};
    if (kind < 2) call.insert(call.end(), {double(kind), double(bias)});
    call.insert(call.end(), {double(batch), double(groups), double(in), double(out)});
    w.write(call);
    std::vector<size_t> places;
    for (const size_t at : {kind == 1 ? y : x, kind == 2 ? y : weight, to}) {
      places.push_back(call.size());
      call.insert(call.end(), {0, 4.0 * double(at)});
    }
    if (bias) {
      places.push_back(call.size());
      call.insert(call.end(), {0, 4.0 * double(biases)});
    }
    const std::string what = name + " convolution of kind " + std::to_string(kind);
    sameOn(one, many, start, call, places, what + " with threads");
    keepsTheRest(one, start, to, n, what);
    std::vector<double> sums(n), most(n);
    for (size_t i = 0; bias && i < n; i++) {
      const size_t plane = kind == 0 ? w.outputs() : w.inputs(), channels = groups * (kind == 0 ? out : in);
      most[i] = std::fabs(sums[i] = start[biases + i / plane % channels]);
    }
    w.each([&](size_t o, size_t k, size_t i) {
      for (size_t b = 0; b < batch * groups; b++) {
        for (size_t r = 0; r < out; r++) {
          for (size_t c = 0; c < in; c++) {
            const size_t atX = (b * in + c) * w.inputs() + i, atY = (b * out + r) * w.outputs() + o;
            const size_t atWeight = ((b % groups * out + r) * in + c) * w.elements() + k;
            const size_t target = kind == 0 ? atY : kind == 1 ? atX : atWeight;
            const double term = kind == 0   ? double(start[x + atX]) * start[weight + atWeight]
                                : kind == 1 ? double(start[y + atY]) * start[weight + atWeight]
                                            : double(start[x + atX]) * start[y + atY];
            sums[target] += term;
            most[target] += std::fabs(term);
          }
        }
      }
    });
    for (size_t i = 0; i < n; i++) check(isClose(one.memory()[to + i], sums[i], 0, most[i] * 1e-6 + 1e-30), what);
  }
}

inline void poolingAgrees(Machine& one, Machine& many, const std::string& name) {
  Windows w(dice.pick({6, 20, 70}));
  if (dice.chance(3)) {
    // Pairs of rows and columns, which have a way of their own.
    for (size_t i = 0; i < 3; i++) {
      w.kernel[i] = w.stride[i] = i == 0 ? 1 : 2;
      w.dilation[i] = 1;
      w.padding[i] = 0;
      w.input[i] = i == 0 ? 1 : dice.below(40) + 2;
      w.output[i] = w.input[i] / w.kernel[i];
    }
  }
  const size_t planes = dice.below(6), input = planes * w.inputs(), output = planes * w.outputs();
  if (2 * input + output > kFloats) return;
  const size_t x = 0, y = input, grad = input + output;
  for (const bool max : {true, false}) {
    auto start = numbers(max);
    // Few values, so that many are equal; gradients are ordinary.
    for (size_t i = 0; i < input && dice.state % 2 == 0; i++) start[i] = float(int(start[i]));
    for (size_t i = y; i < grad; i++) start[i] = dice.ordinary();
    std::vector<double> forward = {id(KernelId::pool), 0, max ? 0.0 : 1.0, double(planes)}, back = {id(KernelId::pool), 1, max ? 0.0 : 1.0, double(planes)};
    w.write(forward);
    w.write(back);
    const size_t at = forward.size();
    std::vector<size_t> places = {at, at + 2};
    if (max) {
      back.insert(back.end(), {0, 4.0 * double(x)});
      places.push_back(at + 4);
    }
    back.insert(back.end(), {0, 4.0 * double(y), 0, 4.0 * double(grad)});
    forward.insert(forward.end(), {0, 4.0 * double(x), 0, 4.0 * double(y)});
    const std::string what = name + (max ? " max pooling" : " sum pooling");
    sameOn(one, many, start, back, places, what + " backward with threads");
    keepsTheRest(one, start, grad, input, what + " backward");
    std::vector<double> gradients(input), results(output, max ? -HUGE_VAL : 0.0), most(output);
    std::vector<size_t> best(output, size_t(-1)), seen(output);
    for (size_t plane = 0; plane < planes; plane++) {
      w.each([&](size_t o, size_t k, size_t i) {
        const double value = start[x + plane * w.inputs() + i];
        const size_t to = plane * w.outputs() + o;
        most[to] += std::fabs(value);
        if (!max) {
          results[to] += value;
          gradients[plane * w.inputs() + i] += start[y + to];
        } else if (value > results[to] || (std::isnan(value) && !std::isnan(results[to])) || k == 0) {
          results[to] = value;
          best[to] = plane * w.inputs() + i;
        }
      });
    }
    for (size_t o = 0; max && o < output; o++) if (best[o] != size_t(-1)) gradients[best[o]] += start[y + o];
    for (size_t i = 0; i < input; i++) check(isClose(one.memory()[grad + i], gradients[i], 0, 1e-4), what + " backward");
    sameOn(one, many, start, forward, {at, at + 2}, what + " with threads");
    keepsTheRest(one, start, y, output, what);
    for (size_t o = 0; o < output; o++) check(isClose(one.memory()[y + o], results[o], 0, most[o] * 1e-6), what);
  }
}
