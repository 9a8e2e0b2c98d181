// Attention against double precision and against dropout itself, its gradient against the scalar kernels', and both for any number of threads.
#pragma once

#include <algorithm>
#include <string>

#include "check.hpp"
#include "machine.hpp"

/// One call, and where its parts lie.
struct AttentionCall {
  size_t batches, shared, group, queries, keys, size, valueSize;
  bool turned, causal, drops;
  size_t firstQuery, maskKind;
  double scale, offset;
  size_t query, key, value, out, rows, grad, gradQuery, gradKey, gradValue, mask, end;

  explicit AttentionCall(Random& dice) {
    batches = dice.below(2) + 1;
    shared = dice.below(2) + 1;
    group = dice.pick({1, 1, 2});
    queries = dice.below(dice.pick({2, 30, 170})) + 1;
    keys = dice.below(dice.pick({2, 30, 90, 600})) + 1;
    size = dice.below(dice.pick({2, 40, 70})) + 1;
    valueSize = dice.chance(2) ? size : dice.below(40) + 1;
    turned = dice.chance(2);
    causal = dice.chance(2);
    drops = dice.chance(2);
    firstQuery = dice.pick({0, 0, 3, 1000});
    maskKind = dice.below(3);
    scale = 0.3 / std::sqrt(double(size));
    offset = double(dice.pick({0, 1, 8, 17179869184 - 3000})) + double(dice.below(4));
    size_t at = 0;
    const auto take = [&](size_t heads, size_t n, size_t each) {
      const size_t start = at;
      at += batches * heads * n * each;
      return start;
    };
    query = take(shared * group, queries, size);
    key = take(shared, keys, size);
    value = take(shared, keys, valueSize);
    grad = take(shared * group, queries, valueSize);
    mask = take(1, queries, keys);
    out = take(shared * group, queries, valueSize);
    rows = take(shared * group, queries, 2);
    gradQuery = take(shared * group, queries, size);
    gradKey = take(shared, keys, size);
    gradValue = take(shared, keys, valueSize);
    end = at;
  }

  size_t heads() const { return shared * group; }
  /// The place of a row of a tensor.
  size_t row(size_t start, size_t all, size_t n, size_t each, size_t batch, size_t head, size_t i) const {
    return start + (turned ? (batch * n + i) * all + head : (batch * all + head) * n + i) * each;
  }

  std::vector<double> numbers(double slab, bool isGrad) const {
    std::vector<double> call = {double(isGrad ? dropwise::KernelId::attentionGrad : dropwise::KernelId::attention)};
    for (const size_t n : {batches, shared, group, queries, keys, size, valueSize}) call.push_back(double(n));
    for (const double n : {scale, double(causal), double(firstQuery), double(drops), offset}) call.push_back(n);
    for (const double n : {11.0, 22.0, 33.0, 44.0, 3e9, 1.43}) call.push_back(n);
    const auto tensor = [&](size_t start, size_t all, size_t n, size_t each) {
      const size_t head = turned ? each : n * each, step = turned ? all * each : each;
      for (const double x : {double(all * n * each), double(head), double(step), slab, 4.0 * double(start)}) call.push_back(x);
    };
    tensor(query, heads(), queries, size);
    tensor(key, shared, keys, size);
    tensor(value, shared, keys, valueSize);
    tensor(out, heads(), queries, valueSize);
    call.insert(call.end(), {slab, 4.0 * double(rows)});
    if (isGrad) {
      tensor(grad, heads(), queries, valueSize);
      tensor(gradQuery, heads(), queries, size);
      tensor(gradKey, shared, keys, size);
      tensor(gradValue, shared, keys, valueSize);
    }
    call.push_back(double(maskKind));
    if (maskKind > 0) call.insert(call.end(), {double(queries * keys), 0, double(keys), 1, slab, 4.0 * double(mask)});
    return call;
  }

  /// Whether a query sees a key, and what the mask adds.
  bool sees(const float* memory, size_t batch, size_t i, size_t j, double& added) const {
    added = 0;
    if (causal && j > i + firstQuery) return false;
    const size_t at = (batch * queries + i) * keys + j;
    if (maskKind == 1) return reinterpret_cast<const uint8_t*>(memory + mask)[at] != 0;
    if (maskKind == 2) added = memory[mask + at];
    return !std::isinf(added);
  }
};

/// The output of a head's query in double precision, with the mask in `kept`.
inline void expectedOutput(const AttentionCall& c, const float* memory, const float* kept, size_t batch, size_t head, size_t i, std::vector<double>& out) {
  const float* const q = memory + c.row(c.query, c.heads(), c.queries, c.size, batch, head, i);
  std::vector<double> scores(c.keys);
  double top = -INFINITY, sum = 0, added;
  for (size_t j = 0; j < c.keys; j++) {
    const float* const k = memory + c.row(c.key, c.shared, c.keys, c.size, batch, head / c.group, j);
    scores[j] = 0;
    for (size_t e = 0; e < c.size; e++) scores[j] += double(q[e]) * k[e];
    const bool seen = c.sees(memory, batch, i, j, added);
    scores[j] = seen ? scores[j] * c.scale + added : -INFINITY;
    top = std::max(top, scores[j]);
  }
  out.assign(c.valueSize, 0);
  if (std::isinf(top)) return;
  for (double& score : scores) sum += score = std::exp(score - top);
  for (size_t j = 0; j < c.keys; j++) {
    const double weight = scores[j] / sum * (c.drops ? kept[j] : 1);
    const float* const v = memory + c.row(c.value, c.shared, c.keys, c.valueSize, batch, head / c.group, j);
    for (size_t e = 0; e < c.valueSize; e++) out[e] += weight * v[e];
  }
}

inline void attentionAgrees(Machine& scalar, Machine& one, Machine& many, Random& dice, const std::string& name) {
  const AttentionCall c(dice);
  const size_t weights = c.batches * c.heads() * c.queries * c.keys;
  if (c.end > kFloats || weights > kFloats) return;
  std::vector<float> start(kFloats);
  for (float& x : start) x = dice.ordinary();
  uint8_t* const bools = reinterpret_cast<uint8_t*>(start.data() + c.mask);
  for (size_t i = 0; i < c.batches * c.queries * c.keys; i++) {
    if (c.maskKind == 1) bools[i] = !dice.chance(3);
    else if (dice.chance(9)) start[c.mask + i] = -INFINITY;
  }
  // The mask, as dropout draws it over ones.
  std::vector<float> kept(weights, 1.0f);
  one.fill(std::vector<float>(kFloats, 1.0f));
  one.run({double(dropwise::KernelId::dropout), 11, 22, 33, 44, 3e9, 1.43, 0, 0, c.offset, 1, 1, double(weights), 1, one.slab(), 0, one.slab(), 0});
  std::copy(one.memory(), one.memory() + weights, kept.begin());

  for (Machine* machine : {&scalar, &one, &many}) {
    machine->fill(start);
    for (const bool isGrad : {false, true}) {
      const char* fault = machine->run(c.numbers(machine->slab(), isGrad));
      check(fault == nullptr, name + " attention: refused|" + (fault != nullptr ? fault : ""));
    }
  }
  check(sameBits(one.memory(), many.memory(), kFloats), name + " attention with threads");
  check(sameBits(one.memory(), start.data(), c.out), name + " attention leaves its operands");
  check(sameBits(one.memory() + c.end, start.data() + c.end, kFloats - c.end), name + " attention writes its results alone");
  std::vector<double> expected;
  for (size_t batch = 0; batch < c.batches; batch++) {
    for (size_t head = 0; head < c.heads(); head++) {
      for (size_t i = 0; i < c.queries; i++) {
        expectedOutput(c, one.memory(), kept.data() + ((batch * c.heads() + head) * c.queries + i) * c.keys, batch, head, i, expected);
        const float* const out = one.memory() + c.row(c.out, c.heads(), c.queries, c.valueSize, batch, head, i);
        for (size_t e = 0; e < c.valueSize; e++) check(isClose(out[e], expected[e], 1e-5, 2e-5), name + " attention");
      }
    }
  }
  // Sums of up to some hundred terms of size 100.
  for (size_t i = c.gradQuery; i < c.end; i++) {
    check(isClose(one.memory()[i], scalar.memory()[i], 1e-4, 2e-3), name + " gradient of attention|" + std::to_string(one.memory()[i]) + " " + std::to_string(scalar.memory()[i]));
  }
}
