// Reads the calls of reductions and of softmax with its gradient.
#include <memory>
#include <new>

#include "../block-reader.hpp"
#include "../kernel-args.hpp"

namespace dropwise {

using namespace scalar;

namespace {

/// About what an element takes, in ns, with vectors of four floats; wider ones are quicker in proportion.
constexpr double kSumNs = 0.2, kArgmaxNs = 1, kSoftmaxNs = 2.5;

}  // namespace

const char* Backend::reduce(BlockReader& block) {
  ReduceArgs a;
  a.op = ReduceOp(block.below(uint32_t(ReduceOp::argmax) + 1));
  a.outer = block.count();
  a.size = block.count();
  a.inner = block.count();
  const size_t results = block.product(a.outer, a.inner);
  a.x = block.floats(block.product(results, a.size));
  a.out = block.memory(results, sizeof(float));  // float, or int32 for argmax
  if (a.op != ReduceOp::sum && a.size == 0) block.refuse("expected at least one element to reduce");
  if (block.fault() != nullptr || results == 0) return block.fault();
  const size_t pieces = reducePieces(a), units = reduceUnits(a);
  std::unique_ptr<double[]> partials;
  if (pieces > 1) {
    partials.reset(new (std::nothrow) double[a.outer * pieces]);
    if (partials == nullptr) return "expected memory for the partial sums, got none";
  }
  a.partials = partials.get();
  const double ns = a.op == ReduceOp::argmax ? kArgmaxNs : kSumNs;
  share(KernelId::reduce, &a, units, double(results) * double(a.size) * ns / double(units) + 1);
  if (pieces > 1) kernels_[KernelId::sumPieces](&a, 0, a.outer, nullptr);
  return nullptr;
}

const char* Backend::softmax(BlockReader& block, KernelId id) {
  SoftmaxArgs a;
  a.log = block.below(2);
  a.outer = block.count();
  a.size = block.count();
  a.inner = block.count();
  const size_t n = block.product(block.product(a.outer, a.inner), a.size);
  a.x = block.floats(n);
  a.grad = id == KernelId::softmaxGrad ? block.floats(n) : nullptr;
  a.out = block.floats(n);
  if (block.fault() != nullptr || n == 0) return block.fault();
  const size_t units = softmaxUnits(a);
  share(id, &a, units, double(n) / double(units) * kSoftmaxNs * 4 / double(kernels_.lanes));
  return nullptr;
}

}  // namespace dropwise
