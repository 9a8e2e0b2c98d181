// Included by each file of this folder, which names its instruction set: DROPWISE_ISA (also the namespace), DROPWISE_LANES (the lane type) and
// DROPWISE_TABLE (the table to define). Nothing of the C++ library may be used here: see `dropwise/config.hpp`.
#include <dropwise/attention-grad.hpp>
#include <dropwise/activation.hpp>
#include <dropwise/binary.hpp>
#include <dropwise/convolution-weights.hpp>
#include <dropwise/convolution.hpp>
#include <dropwise/copy.hpp>
#include <dropwise/dropout-layout.hpp>
#include <dropwise/dropout.hpp>
#include <dropwise/lstm.hpp>
#include <dropwise/gather.hpp>
#include <dropwise/matmul.hpp>
#include <dropwise/normalize-grad.hpp>
#include <dropwise/optimizer.hpp>
#include <dropwise/pool.hpp>
#include <dropwise/reduce.hpp>
#include <dropwise/softmax.hpp>
#include <dropwise/unary.hpp>
#include <dropwise/where.hpp>

#include "../kernel-table.hpp"

DROPWISE_BEGIN

namespace entry {

using V = DROPWISE_LANES;

/// A copy of the arguments as this namespace's struct: that of another instruction set, alike in all but name, is another type to C++.
template <class Args>
DROPWISE_INLINE Args argsOf(const void* from) {
  Args args;
  __builtin_memcpy(&args, from, sizeof args);
  return args;
}

#define DROPWISE_ENTRY(name, Args, call) \
  static void name(const void* from, size_t begin, size_t end, float* scratch) { \
    (void)scratch; \
    const Args args = argsOf<Args>(from); \
    call; \
  }

DROPWISE_ENTRY(runDropout, DropoutArgs, dropout<V>(args, begin, end))
DROPWISE_ENTRY(runUnary, UnaryArgs, unary<V>(args, begin, end))
DROPWISE_ENTRY(runBinary, BinaryArgs, binary<V>(args, begin, end))
DROPWISE_ENTRY(runReduce, ReduceArgs, reduce<V>(args, begin, end))
DROPWISE_ENTRY(runSumPieces, ReduceArgs, sumPieces(args, begin, end))
DROPWISE_ENTRY(runSoftmax, SoftmaxArgs, softmax<V>(args, begin, end))
DROPWISE_ENTRY(runSoftmaxGrad, SoftmaxArgs, softmaxGrad<V>(args, begin, end))
DROPWISE_ENTRY(runSgd, SgdArgs, sgd<V>(args, begin, end))
DROPWISE_ENTRY(runAdam, AdamArgs, adam<V>(args, begin, end))
DROPWISE_ENTRY(runMatmul, MatmulArgs, matmul<V>(args, begin, end, scratch))
DROPWISE_ENTRY(runCopy, CopyArgs, copy<V>(args, begin, end))
DROPWISE_ENTRY(runConvolution, ConvolutionArgs, convolution<V>(args, begin, end, scratch))
DROPWISE_ENTRY(runConvolutionWeights, ConvolutionArgs, convolutionWeights<V>(args, begin, end, scratch))
DROPWISE_ENTRY(runPool, PoolArgs, pool<V>(args, begin, end, scratch))
DROPWISE_ENTRY(runDropoutLayout, LayoutArgs, dropoutLayout<V>(args, begin, end))
DROPWISE_ENTRY(runNormalize, NormalizeArgs, normalize<V>(args, begin, end))
DROPWISE_ENTRY(runNormalizeGrad, NormalizeGradArgs, normalizeGrad<V>(args, begin, end))
DROPWISE_ENTRY(runLstm, LstmArgs, lstm<V>(args, begin, end, scratch))
DROPWISE_ENTRY(runLstmGrad, LstmArgs, lstmGrad<V>(args, begin, end, scratch))
DROPWISE_ENTRY(runAttention, AttentionArgs, attention<V>(args, begin, end, scratch))
DROPWISE_ENTRY(runAttentionGrad, AttentionArgs, attentionGrad<V>(args, begin, end, scratch))
DROPWISE_ENTRY(runActivation, ActivationArgs, activation<V>(args, begin, end))
DROPWISE_ENTRY(runWhere, WhereArgs, where<V>(args, begin, end))
DROPWISE_ENTRY(runGather, GatherArgs, gather(args, begin, end))
DROPWISE_ENTRY(runScatterAdd, GatherArgs, scatterAdd<V>(args, begin, end))

static_assert(kBlockRows % kRowStep == 0 && kRowStep % V::kTileRows == 0, "a block of rows is whole tiles");
static_assert(kConvolutionRows % V::kTileRows == 0, "a block of rows is whole tiles");

/// Floats that a thread needs for any kernel.
constexpr size_t kScratch = larger(larger(matmulScratch<V>(kBlockRows), convolutionScratch<V>()), larger(convolutionWeightsScratch<V>(), larger(kPoolScratch, attentionScratch<V>())));

}  // namespace entry

DROPWISE_END

#define DROPWISE_STRING_OF(name) #name
#define DROPWISE_STRING(name) DROPWISE_STRING_OF(name)

namespace dropwise {

namespace chosen = DROPWISE_ISA;

extern const KernelTable DROPWISE_TABLE;
const KernelTable DROPWISE_TABLE = {
    DROPWISE_STRING(DROPWISE_ISA),
    {chosen::entry::runDropout, chosen::entry::runUnary, chosen::entry::runBinary, chosen::entry::runReduce, chosen::entry::runSumPieces,
     chosen::entry::runSoftmax, chosen::entry::runSoftmaxGrad, chosen::entry::runSgd, chosen::entry::runAdam, chosen::entry::runMatmul,
     chosen::entry::runCopy, chosen::entry::runDropoutLayout, chosen::entry::runNormalize, chosen::entry::runNormalizeGrad,
     chosen::entry::runLstm, chosen::entry::runLstmGrad, chosen::entry::runAttention, chosen::entry::runAttentionGrad,
     chosen::entry::runConvolution, chosen::entry::runConvolutionWeights,
     chosen::entry::runPool, chosen::entry::runActivation, chosen::entry::runWhere, chosen::entry::runGather,
     chosen::entry::runScatterAdd},
    size_t(chosen::entry::V::kLanes),
    chosen::Tile<chosen::entry::V>::kColumns,
    chosen::entry::kScratch,
};

}  // namespace dropwise
