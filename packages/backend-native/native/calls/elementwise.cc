// Reads the calls of maps of one operand and of two.
#include <iterator>

#include "../block-reader.hpp"
#include "../kernel-args.hpp"

namespace dropwise {

using namespace scalar;

namespace {

/// About what an element takes, in ns, with vectors of four floats; wider ones are quicker in proportion.
constexpr double kBinaryNs = 0.15;
constexpr double kUnaryNs[] = {0.1, 0.1, 0.4, 0.1, 2, 2, 2.5, 0.4, 0.4, 0.4, 0.2, 3, 3, 0.8, 2, 2.5, 4, 4, 5};
/// The same for activations and their gradients.
constexpr double kActivationNs = 3;

}  // namespace

const char* Backend::unary(BlockReader& block) {
  UnaryArgs a;
  a.op = UnaryOp(block.below(uint32_t(std::size(kUnaryNs))));
  const size_t n = block.count();
  a.x = block.floats(n);
  a.out = block.floats(n);
  if (block.fault() != nullptr) return block.fault();
  share(KernelId::unary, &a, n, kUnaryNs[size_t(a.op)] * 4 / double(kernels_.lanes));
  return nullptr;
}

const char* Backend::activation(BlockReader& block) {
  ActivationArgs a;
  a.op = ActivationOp(block.below(uint32_t(ActivationOp::silu) + 1));
  const bool isGradient = block.below(2) != 0;
  const size_t n = block.count();
  a.x = block.floats(n);
  a.grad = isGradient ? block.floats(n) : nullptr;
  a.out = block.floats(n);
  if (block.fault() != nullptr) return block.fault();
  share(KernelId::activation, &a, n, kActivationNs * 4 / double(kernels_.lanes));
  return nullptr;
}

const char* Backend::binary(BlockReader& block) {
  BinaryArgs a;
  float constants[2];
  a.op = BinaryOp(block.below(uint32_t(BinaryOp::ge) + 1));
  const uint32_t rank = block.below(kMaxRank + 1);
  size_t n = 1, extentA = 1, extentB = 1;
  // Neighbouring dimensions that both operands step through as one are merged as they are read, from the first on.
  a.rank = 0;
  for (uint32_t d = 0; d < rank; d++) {
    const size_t size = block.count(), strideA = block.count(), strideB = block.count();
    n = block.product(n, size);
    if (size > 0) {
      extentA = block.product(extentA + block.product(size - 1, strideA), 1);
      extentB = block.product(extentB + block.product(size - 1, strideB), 1);
    }
    if (size == 1 || block.fault() != nullptr) continue;
    const uint32_t p = a.rank - 1;
    if (a.rank > 0 && a.aStrides[p] == strideA * size && a.bStrides[p] == strideB * size) {
      a.shape[p] *= size;
      a.aStrides[p] = strideA;
      a.bStrides[p] = strideB;
    } else {
      a.shape[a.rank] = size;
      a.aStrides[a.rank] = strideA;
      a.bStrides[a.rank++] = strideB;
    }
  }
  const bool isComparison = a.op >= BinaryOp::eq;
  const uint32_t constant = block.below(3);  // 1: a is a number, 2: b is
  constants[0] = constants[1] = block.real();
  a.a = constant == 1 ? constants : block.floats(n > 0 ? extentA : 0);
  a.b = constant == 2 ? constants : block.floats(n > 0 ? extentB : 0);
  a.out = block.memory(n, isComparison ? 1 : sizeof(float));
  for (uint32_t d = 0; d < a.rank; d++) {
    if ((constant == 1 && a.aStrides[d] != 0) || (constant == 2 && a.bStrides[d] != 0)) block.refuse("expected strides of 0 for a number");
  }
  if (block.fault() != nullptr || n == 0) return block.fault();
  if (a.rank == 0) {
    a.shape[0] = 1;
    a.aStrides[0] = a.bStrides[0] = 0;
    a.rank = 1;
  }
  share(KernelId::binary, &a, n, kBinaryNs);
  return nullptr;
}

}  // namespace dropwise
