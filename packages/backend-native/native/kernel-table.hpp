// The kernels of one instruction set as pointers, so that the rest of the addon is compiled once, for any processor.
#pragma once

#include <cstddef>

namespace dropwise {

/// Computes the units [begin, end) of the call described by `args`, the struct of that kernel in `packages/kernels`. `scratch` is this thread's.
using Kernel = void (*)(const void* args, size_t begin, size_t end, float* scratch);

/// Numbered as in `src/call.ts`.
enum class KernelId : unsigned {
  dropout,
  unary,
  binary,
  reduce,
  sumPieces,
  softmax,
  softmaxGrad,
  sgd,
  adam,
  matmul,
  copy,
  dropoutLayout,
  normalize,
  normalizeGrad,
  lstm,
  lstmGrad,
  attention,
  attentionGrad,
  convolution,
  convolutionWeights,
  pool,
  activation,
  where,
  gather,
  scatterAdd,
  count
};

struct KernelTable {
  const char* isa;
  Kernel kernels[size_t(KernelId::count)];
  size_t lanes;           // of a vector of floats
  size_t tileColumns;     // of a matrix product
  size_t scratch;         // floats that a thread needs for any kernel, products of blocks of kBlockRows among them

  Kernel operator[](KernelId id) const { return kernels[size_t(id)]; }
};

/// Rows of one unit of a matrix product, at most: a multiple of every tile height, and many, so that a packed panel is used often.
constexpr size_t kBlockRows = 384;
/// Rows of a unit come in multiples of this, a multiple of every tile height.
constexpr size_t kRowStep = 12;

extern const KernelTable kScalarKernels;
#if defined(__x86_64__) || defined(_M_X64)
extern const KernelTable kSse2Kernels, kAvx2Kernels, kAvx512Kernels;
#elif defined(__aarch64__) || defined(_M_ARM64)
extern const KernelTable kNeonKernels;
#endif

}  // namespace dropwise
