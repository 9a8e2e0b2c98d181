// Tests of the kernels without JavaScript, for the sanitizers and for processors that are only emulated: every instruction set against the
// scalar one, any number of threads against one, what threads may cost, products and sums against double precision, and argument blocks that make no sense.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <string>
#include <thread>

#include "../cpu.hpp"
#include "accuracy.hpp"
#include "attention.hpp"
#include "check.hpp"
#include "lstm.hpp"
#include "normalize.hpp"
#include "same.hpp"
#include "windows.hpp"

using dropwise::KernelTable;

namespace {

void dropoutAgrees(Machine& expected, Machine& actual, const std::string& name) {
  const size_t rank = dice.pick({1, 1, 2, 3});
  size_t n = 1;
  std::vector<double> dims;
  for (size_t d = 0; d < rank; d++) {
    const size_t size = rank == 1 ? dice.below(dice.pick({3, 40, 1000, kFloats / 2})) : dice.below(24) + 1;
    n *= size;
    dims.push_back(double(size));
    dims.push_back(double(dice.pick({0, 1, 1, 1, 3, 40})));
  }
  // Near 0, near the wrap of the low half of the block number, and near the largest there is.
  const double offsets[] = {0, 4294967296.0 * 4 - double(dice.below(2000)), 9007199254740991.0 - 4e6};
  const double offset = offsets[dice.below(3)] + double(dice.below(9));
  const bool repeats = dice.chance(5), inPlace = !repeats && dice.chance(3), affine = dice.chance(3);
  std::vector<double> call = {id(KernelId::dropout)};
  if (dice.chance(2)) {
    // Kind, width, threads, shift, low and high half of the threshold of a layout.
    const double rows[][2] = {{0, 2}, {0, 4}, {0, 8}, {1, 4}, {2, 2}, {3, 1}, {3, 4}};
    const auto& row = rows[dice.below(7)];
    const double threads = double(dice.pick({1, 3, 64, 256, 1000, 5000, size_t(1) << 29})), plain = double(dice.chance(4));
    call = {id(KernelId::dropoutLayout), row[0], row[1], threads, plain, plain * double(uint32_t(dice.next())), double(dice.below(1u << 21))};
  }
  for (int i = 0; i < 4; i++) call.push_back(double(uint32_t(dice.next())));
  call.push_back(double(uint32_t(dice.chance(4) ? 0xFFFFFFFFu : dice.next())));
  for (const double value : {1.25, affine ? -0.5 : 0.0, affine ? 2.0 : 0.0, offset, repeats ? 0.0 : 1.0, double(rank)}) call.push_back(value);
  call.insert(call.end(), dims.begin(), dims.end());
  const size_t half = kFloats / 2;
  const size_t x = 4 * dice.below(half - std::min(half, n) + 1), out = inPlace ? x : 4 * half + x;
  call.insert(call.end(), {0, double(x), 0, double(out)});
  const size_t at = call.size();
  sameOn(expected, actual, numbers(true), call, {at - 4, at - 2}, name + " dropout|n " + std::to_string(n) + " offset " + std::to_string(offset));
}

void mapsAgree(Machine& expected, Machine& actual, const std::string& name) {
  const size_t n = dice.below(dice.pick({4, 70, 9000}));
  const size_t op = dice.below(19), x = place(n), out = dice.chance(3) ? x : 4 * (kFloats / 2 + dice.below(1000));
  const size_t from = out == x ? x : x % (4 * (kFloats / 2 - n));
  sameOn(expected, actual, numbers(true), {id(KernelId::unary), double(op), double(n), 0, double(from), 0, double(out == x ? x : out)}, {3, 5},
         name + " unary " + std::to_string(op));

  const bool isGradient = dice.chance(2);
  std::vector<double> active = {id(KernelId::activation), double(dice.below(3)), double(isGradient), double(n), 0, double(from)};
  if (isGradient) active.insert(active.end(), {0, double(out == x ? x : out)});
  active.insert(active.end(), {0, double(out == x ? x : out)});
  sameOn(expected, actual, numbers(true), active, isGradient ? std::vector<size_t>{4, 6, 8} : std::vector<size_t>{4, 6}, name + " activation");

  const size_t rows = dice.below(20) + 1, columns = dice.below(dice.pick({3, 40, 400})) + 1, binaryOp = dice.below(15);
  const double columnStep = double(dice.pick({0, 1, 1, 2})), rowStep = double(dice.pick({0, columns, columns + 3}));
  const double constant = double(dice.below(2));
  std::vector<double> call = {id(KernelId::binary), double(binaryOp), 2};
  for (const double value : {double(rows), rowStep, constant > 0 ? 0.0 : double(columns), double(columns), columnStep, constant > 0 ? 0.0 : 1.0}) {
    call.push_back(value);
  }
  call.insert(call.end(), {constant * 2, double(dice.number()), 0, 4 * double(dice.below(300))});
  std::vector<size_t> places = {call.size() - 2};
  if (constant == 0) {
    call.insert(call.end(), {0, 4 * double(dice.below(300))});
    places.push_back(call.size() - 2);
  }
  call.insert(call.end(), {0, 4 * double(kFloats / 2 + 300 + dice.below(300))});
  places.push_back(call.size() - 2);
  sameOn(expected, actual, numbers(true), call, places, name + " binary " + std::to_string(binaryOp));
}

/// Selections, and what is looked up or added by an index.
void choicesAgree(Machine& expected, Machine& actual, const std::string& name) {
  const size_t rows = dice.below(20) + 1, columns = dice.below(dice.pick({3, 40, 400})) + 1;
  const size_t constant = dice.below(3);
  std::vector<double> call = {id(KernelId::where), 2};
  for (const bool isRow : {true, false}) {
    call.push_back(double(isRow ? rows : columns));
    for (size_t operand = 0; operand < 3; operand++) {
      const size_t step = isRow ? dice.pick({0, columns, columns + 3}) : dice.pick({0, 1, 1, 2});
      call.push_back(operand > 0 && operand == constant ? 0.0 : double(step));
    }
  }
  call.insert(call.end(), {double(constant), double(dice.number())});
  std::vector<size_t> places;
  const auto operand = [&](double at) {
    places.push_back(call.size());
    call.insert(call.end(), {0, at});
  };
  operand(double(dice.below(300)));
  if (constant != 1) operand(4 * double(dice.below(300)));
  if (constant != 2) operand(4 * double(dice.below(300)));
  operand(4 * double(kFloats / 2 + 300 + dice.below(300)));
  sameOn(expected, actual, numbers(true), call, places, name + " where");

  const size_t outer = dice.below(4) + 1, along = dice.below(20) + 1, count = dice.below(30) + 1, inner = dice.pick({1, 3, 16, 40, 70});
  std::vector<float> start = numbers(true);
  const size_t at = kFloats / 2, steps[] = {dice.pick({0, count}), 1, dice.pick({0, 1})};
  for (size_t i = 0; i < outer * count + inner; i++) {
    const int32_t index = int32_t(dice.below(along));
    std::memcpy(&start[at + i], &index, 4);
  }
  for (const bool adds : {false, true}) {
    call = {id(adds ? KernelId::scatterAdd : KernelId::gather), double(outer), double(along), double(count), double(inner)};
    for (const size_t step : steps) call.push_back(double(step));
    places.clear();
    operand(4.0 * at);
    operand(0);
    operand(3.0 * kFloats);
    sameOn(expected, actual, start, call, places, name + (adds ? " scatterAdd" : " gather"));
    const int32_t outside = dice.chance(2) ? int32_t(along) : -1;
    actual.fill(start);
    std::memcpy(actual.memory() + at, &outside, 4);
    for (const size_t place : places) call[place] = actual.slab();
    check(actual.run(call) != nullptr, name + " refuses an index that is not there");
    check(sameBits(actual.memory() + at + 1, start.data() + at + 1, kFloats - at - 1), name + " writes nothing for it");
  }
}

/// Sums and extremes have the bits of the scalar kernels, too.
void reductionsAgree(Machine& expected, Machine& actual, const std::string& name) {
  const size_t outer = dice.below(3) + 1, size = dice.below(dice.pick({5, 300, 17000})) + 1, inner = dice.pick({1, 1, 2, 37, 130});
  if (outer * size * inner > kFloats / 2) return;
  std::vector<float> start = numbers(false);
  const std::vector<float> odd = numbers(true);
  const size_t op = dice.below(4);
  if (op > 0) start = odd;
  sameOn(expected, actual, start, {id(KernelId::reduce), double(op), double(outer), double(size), double(inner), 0, 0, 0, 2.0 * kFloats}, {5, 7},
         name + " reduce " + std::to_string(op));
  if (size > 5000) return;
  const double log = double(dice.below(2)), half = 2.0 * kFloats, gradient = double(kFloats);
  std::vector<double> call = {id(KernelId::softmax), log, double(outer), double(size), double(inner), 0, 0, 0, half};
  sameOn(expected, actual, dice.chance(4) ? odd : start, call, {5, 7}, name + " softmax");
  if (outer * size * inner > kFloats / 4) return;
  call = {id(KernelId::softmaxGrad), log, double(outer), double(size), double(inner), 0, 0, 0, gradient, 0, half};
  sameOn(expected, actual, start, call, {5, 7, 9}, name + " softmaxGrad");
}

/// The vector functions against the exact values, for some operands of every size; `scripts/accuracy.mjs` takes all.
void functionsAreExact(Machine& machine) {
  for (const Function& function : kFunctions) {
    const Worst worst = worstOf(function, dice.below(30011), uint64_t(1) << 32, 30011, [&](const float* x, float* y, size_t n) {
      std::copy(x, x + n, machine.memory());
      machine.run({id(KernelId::unary), double(function.op), double(n), machine.slab(), 0, machine.slab(), 0});
      std::copy(machine.memory(), machine.memory() + n, y);
    });
    check(worst.units <= function.bound, std::string(function.name) + " is exact|to " + std::to_string(worst.units) + " units at " + std::to_string(worst.at));
  }
}

void stepsAndCopiesAgree(Machine& expected, Machine& actual, const std::string& name) {
  const size_t n = dice.below(dice.pick({4, 70, kFloats / 4}));
  std::vector<float> start = numbers(false);
  for (float& value : start) value = std::fabs(value);  // squares are averaged, so never negative
  std::vector<double> call = {id(KernelId::adam), double(n), 0.9, 0.1, 0.999, 0.001, 0.01, 0.03, 1e-8, 0.01, 0.999};
  for (double slot = 0; slot < 4; slot++) call.insert(call.end(), {0, slot * kFloats});
  sameOn(expected, actual, start, call, {11, 13, 15, 17}, name + " adam");
  call = {id(KernelId::sgd), double(n), 1, 0.1, 0.9, 1, 0.01, double(dice.below(2)), double(dice.below(2))};
  for (double slot = 0; slot < 3; slot++) call.insert(call.end(), {0, slot * kFloats});
  sameOn(expected, actual, start, call, {9, 11, 13}, name + " sgd");

  const double rows = double(dice.below(90) + 1), columns = double(dice.below(90) + 1);
  const bool transposes = dice.chance(2);
  call = {id(KernelId::copy), 2, rows, transposes ? 1 : columns, columns, columns, transposes ? rows : 1, 1, 0, 0, 0, 2.0 * kFloats};
  sameOn(expected, actual, numbers(true), call, {8, 10}, name + " copy");
}

/// Against double precision: a matrix product of any orientation, its bits for any number of threads, and a row's sum and softmax.
void productsAndSums(Machine& one, Machine& many, const std::string& name) {
  const size_t m = dice.below(dice.pick({4, 30, 170, 500})) + 1, k = dice.below(dice.pick({4, 60, 300})), n = dice.below(dice.pick({4, 70, 700})) + 1;
  if (m * k > 40000 || k * n > 30000 || m * n > 40000) return;
  const bool xTurned = dice.chance(2), yTurned = dice.chance(2), bias = dice.chance(2);
  const auto start = numbers(false);
  const double y = 40000, out = 70000, b = 110000;
  std::vector<double> call = {id(KernelId::matmul), 1, double(m), double(k), double(n), double(bias)};
  call.insert(call.end(), {xTurned ? 1.0 : double(k), xTurned ? double(m) : 1.0, 0, yTurned ? 1.0 : double(n), yTurned ? double(k) : 1.0, 0});
  call.insert(call.end(), {0, 0, 0, 4 * y, 0, 4 * out, 0, 4 * b});
  sameOn(one, many, start, call, {12, 14, 16, 18}, name + " matmul with threads");
  for (size_t i = 0; i < m; i++) {
    for (size_t j = 0; j < n; j++) {
      double sum = bias ? start[size_t(b) + j] : 0, size = std::fabs(sum);
      for (size_t l = 0; l < k; l++) {
        const double term = double(start[xTurned ? l * m + i : i * k + l]) * start[size_t(y) + (yTurned ? j * k + l : l * n + j)];
        sum += term;
        size += std::fabs(term);
      }
      check(isClose(one.memory()[size_t(out) + i * n + j], sum, 0, size * 1e-6), name + " matmul");
    }
  }

  const size_t outer = dice.below(5) + 1, size = dice.below(dice.pick({5, 300, 5000})) + 1, inner = dice.pick({1, 1, 2, 37}), total = outer * size * inner;
  if (total > kFloats / 2 - 4000) return;
  const double half = 2.0 * kFloats;
  sameOn(one, many, start, {id(KernelId::reduce), double(dice.below(4)), double(outer), double(size), double(inner), 0, 0, 0, half}, {5, 7},
         name + " reduce with threads");
  one.fill(start);
  check(one.run({id(KernelId::softmax), 1, double(outer), double(size), double(inner), one.slab(), 0, one.slab(), half}) == nullptr, name + " softmax");
  for (size_t row = 0; row < outer * inner; row++) {
    double sum = 0;
    for (size_t s = 0; s < size; s++) sum += std::exp(double(one.memory()[kFloats / 2 + (row / inner * size + s) * inner + row % inner]));
    check(isClose(sum, 1, 1e-5, 0), name + " softmax sums to 1");
  }
}

/// Blocks of numbers that mean nothing: refused or harmless, never outside the memory. The sanitizer is the judge.
void nonsense(Machine& machine) {
  std::vector<double> call = {double(dice.below(unsigned(KernelId::count) + 2))};
  while (call.size() < 90) {
    const double odd[] = {-1, 0.5, 1e300, std::nan(""), 9007199254740991.0, 9007199254740992.0, 4294967296.0, double(kFloats), 4.0 * kFloats};
    call.push_back(dice.chance(12) ? odd[dice.below(9)] : double(dice.below(dice.pick({2, 2, 9, 300, 4 * kFloats}))));
  }
  // Small products only: what is refused is refused at once, but what is accepted must end soon.
  if (call[0] == id(KernelId::matmul) || call[0] == id(KernelId::lstm) || call[0] == id(KernelId::lstmGrad)) for (size_t i = 1; i < 5; i++) call[i] = std::fmod(call[i], 64);
  if (call[0] == id(KernelId::attention) || call[0] == id(KernelId::attentionGrad)) {
    for (size_t i = 1; i < 8; i++) call[i] = std::fmod(call[i], 9);
  }
  if (call[0] >= id(KernelId::convolution)) for (size_t i = 1; i < 25; i++) call[i] = std::fmod(call[i], 7);
  machine.run(call);
  checks++;
}

/// Units that each thread computed, and how long the threads of the pool take for a chunk.
struct Shares {
  std::thread::id caller = std::this_thread::get_id();
  std::atomic<size_t> own{0}, others{0};
  std::chrono::microseconds delay{0};
};

void countUnits(const void* args, size_t begin, size_t end, float*) {
  Shares& shares = *const_cast<Shares*>(static_cast<const Shares*>(args));
  if (std::this_thread::get_id() == shares.caller) {
    std::this_thread::sleep_for(std::chrono::microseconds(200));  // so that the others get their chance
    shares.own += end - begin;
  } else {
    std::this_thread::sleep_for(shares.delay);
    shares.others += end - begin;
  }
}

/// A call that had to wait for a thread without a core is made up for by calls without it.
void losesLittleToBusyCores() {
  dropwise::Pool pool(2, 1);
  const auto othersIn = [&](int ms) {
    Shares shares;
    shares.delay = std::chrono::milliseconds(ms);
    pool.run(countUnits, &shares, 64, 1, 64 * 2e5, nullptr);
    check(shares.own + shares.others == 64, "a pool computes every unit once");
    return shares.others.load();
  };
  check(othersIn(0) > 0, "a pool shares a call");
  while (othersIn(200) == 0) {}  // the other thread was asleep, and too late
  // At least 100 ms were lost, of which 20 count: 400 ms of calls that are taken to be 12.8 ms each.
  for (int call = 0; call < 31; call++) check(othersIn(0) == 0, "a pool computes alone after a loss");
  for (int call = 0; call < 1000; call++) {
    if (othersIn(0) > 0) return;
  }
  check(false, "a pool shares again once a loss is made up for");
}

}  // namespace

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 100;
  losesLittleToBusyCores();
  Machine scalar(dropwise::kScalarKernels, 1);
  functionsAreExact(scalar);
  for (const KernelTable* table : dropwise::availableKernels()) {
    Machine one(*table, 1), many(*table, 3);
    const std::string name = table->isa;
    for (int round = 0; round < rounds; round++) {
      for (Machine* machine : {&one, &many}) {
        dropoutAgrees(scalar, *machine, name);
        mapsAgree(scalar, *machine, name);
        stepsAndCopiesAgree(scalar, *machine, name);
        choicesAgree(scalar, *machine, name);
        reductionsAgree(scalar, *machine, name);
      }
      productsAndSums(one, many, name);
      normalizations(one, many, name);
      if (round % 4 == 0) sequences(one, many, name);
      attentionAgrees(scalar, one, many, dice, name);
      convolutionsAgree(one, many, name);
      poolingAgrees(one, many, name);
      for (int i = 0; i < 20; i++) nonsense(one);
    }
    std::printf("%s: done\n", table->isa);
  }
  std::printf("%ld checks, %d failures\n", checks, failures);
  return failures == 0 ? 0 : 1;
}
