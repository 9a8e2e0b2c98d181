// Measures the vector functions of one instruction set against the exact values, for all 2^32 operands or every `step`th: see `scripts/accuracy.mjs`.
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>

#define DROPWISE_STRING_OF(name) #name
#define DROPWISE_STRING(name) DROPWISE_STRING_OF(name)
#include DROPWISE_STRING(dropwise/lanes/DROPWISE_ISA.hpp)
#include <dropwise/unary.hpp>

#include "accuracy.hpp"

using namespace dropwise::DROPWISE_ISA;

int main(int argc, char** argv) {
  const uint64_t step = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1, all = uint64_t(1) << 32;
  const std::string only = argc > 2 ? argv[2] : "";
  const unsigned threads = std::max(1u, std::thread::hardware_concurrency());
  bool isRight = true;
  for (const Function& function : kFunctions) {
    if (!only.empty() && only != function.name) continue;
    std::vector<Worst> found(threads);
    std::vector<std::thread> running;
    for (unsigned t = 0; t < threads; t++) {
      running.emplace_back([&, t] {
        found[t] = worstOf(function, t * step, all, threads * step, [&](const float* x, float* y, size_t n) {
          unary<DROPWISE_LANES>({UnaryOp(function.op), x, y}, 0, n);
        });
      });
    }
    for (std::thread& thread : running) thread.join();
    const Worst worst = *std::max_element(found.begin(), found.end(), [](const Worst& a, const Worst& b) { return a.units < b.units; });
    std::printf("%-9s %.3f units in the last place, at %.9g\n", function.name, worst.units, double(worst.at));
    isRight = isRight && worst.units <= function.bound;
  }
  return isRight ? 0 : 1;
}
