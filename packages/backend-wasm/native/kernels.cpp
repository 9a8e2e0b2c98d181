// The exports of the module. Each takes the address of its argument block, a range of units, and this thread's scratch memory, and computes
// exactly that range, so that threads can share a call. There is no mutable static data: every thread has its own instance of the module
// over the same memory.
#define DROPWISE_ISA wasm128
#include <dropwise/attention-grad.hpp>
#include <dropwise/binary.hpp>
#include <dropwise/convolution-weights.hpp>
#include <dropwise/convolution.hpp>
#include <dropwise/activation.hpp>
#include <dropwise/binary.hpp>
#include <dropwise/copy.hpp>
#include <dropwise/dropout-layout.hpp>
#include <dropwise/dropout.hpp>
#include <dropwise/gather.hpp>
#include <dropwise/lanes/wasm128.hpp>
#include <dropwise/lstm.hpp>
#include <dropwise/matmul.hpp>
#include <dropwise/normalize-grad.hpp>
#include <dropwise/optimizer.hpp>
#include <dropwise/pool.hpp>
#include <dropwise/reduce.hpp>
#include <dropwise/softmax.hpp>
#include <dropwise/unary.hpp>
#include <dropwise/where.hpp>

#include "tiles.hpp"

namespace kernels = dropwise::wasm128;
using Lanes = kernels::Wasm128;

#define EXPORT(name, Args) extern "C" __attribute__((export_name(#name))) void name(const kernels::Args* args, size_t begin, size_t end, float* scratch)

EXPORT(dropout, DropoutArgs) { (void)scratch, kernels::dropout<Lanes>(*args, begin, end); }
EXPORT(unary, UnaryArgs) { (void)scratch, kernels::unary<Lanes>(*args, begin, end); }
EXPORT(binary, BinaryArgs) { (void)scratch, kernels::binary<Lanes>(*args, begin, end); }
EXPORT(reduce, ReduceArgs) { (void)scratch, kernels::reduce<Lanes>(*args, begin, end); }
EXPORT(sumPieces, ReduceArgs) { (void)scratch, kernels::sumPieces(*args, begin, end); }
EXPORT(softmax, SoftmaxArgs) { (void)scratch, kernels::softmax<Lanes>(*args, begin, end); }
EXPORT(softmaxGrad, SoftmaxArgs) { (void)scratch, kernels::softmaxGrad<Lanes>(*args, begin, end); }
EXPORT(sgd, SgdArgs) { (void)scratch, kernels::sgd<Lanes>(*args, begin, end); }
EXPORT(adam, AdamArgs) { (void)scratch, kernels::adam<Lanes>(*args, begin, end); }
EXPORT_TILES(Lanes)
EXPORT(matmul, MatmulArgs) { kernels::matmul<Lanes>(*args, begin, end, scratch); }
EXPORT(dropoutLayout, LayoutArgs) { (void)scratch, kernels::dropoutLayout<Lanes>(*args, begin, end); }
EXPORT(normalize, NormalizeArgs) { (void)scratch, kernels::normalize<Lanes>(*args, begin, end); }
EXPORT(normalizeGrad, NormalizeGradArgs) { (void)scratch, kernels::normalizeGrad<Lanes>(*args, begin, end); }
EXPORT(lstm, LstmArgs) { kernels::lstm<Lanes>(*args, begin, end, scratch); }
EXPORT(lstmGrad, LstmArgs) { kernels::lstmGrad<Lanes>(*args, begin, end, scratch); }
EXPORT(attention, AttentionArgs) { kernels::attention<Lanes>(*args, begin, end, scratch); }
EXPORT(attentionGrad, AttentionArgs) { kernels::attentionGrad<Lanes>(*args, begin, end, scratch); }
// A plan is written to the block, whose `units` and `pieces` the caller reads.
extern "C" __attribute__((export_name("planConvolution"))) void planConvolution(kernels::ConvolutionArgs* args, size_t, size_t, float*) {
  kernels::planConvolution(*args);
}
EXPORT(convolution, ConvolutionArgs) { kernels::convolution<Lanes>(*args, begin, end, scratch); }
EXPORT(convolutionWeights, ConvolutionArgs) { kernels::convolutionWeights<Lanes>(*args, begin, end, scratch); }
EXPORT(pool, PoolArgs) { kernels::pool<Lanes>(*args, begin, end, scratch); }

// `SCRATCH_BYTES` of `src/runtime.ts`.
constexpr size_t kScratch = 176000;
static_assert(kernels::convolutionScratch<Lanes>() <= kScratch && kernels::convolutionWeightsScratch<Lanes>() <= kScratch && kernels::kPoolScratch <= kScratch && kernels::attentionScratch<Lanes>() <= kScratch && kernels::matmulScratch<Lanes>(180) <= kScratch,
              "scratch memory for any kernel");
static_assert(kernels::kConvolutionRows % Lanes::kTileRows == 0, "a block of rows is whole tiles");
EXPORT(activation, ActivationArgs) { (void)scratch, kernels::activation<Lanes>(*args, begin, end); }
EXPORT(copy, CopyArgs) { (void)scratch, kernels::copy<Lanes>(*args, begin, end); }
EXPORT(where, WhereArgs) { (void)scratch, kernels::where<Lanes>(*args, begin, end); }
EXPORT(gather, GatherArgs) { (void)scratch, kernels::gather(*args, begin, end); }
EXPORT(scatterAdd, GatherArgs) { (void)scratch, kernels::scatterAdd<Lanes>(*args, begin, end); }
