// The exports of the module. Each takes the address of its argument block, a range of units, and this thread's scratch memory, and computes
// exactly that range, so that threads can share a call. There is no mutable static data: every thread has its own instance of the module
// over the same memory.
#define DROPWISE_ISA wasm128
#include <dropwise/activation.hpp>
#include <dropwise/binary.hpp>
#include <dropwise/copy.hpp>
#include <dropwise/dropout-layout.hpp>
#include <dropwise/dropout.hpp>
#include <dropwise/gather.hpp>
#include <dropwise/lanes/wasm128.hpp>
#include <dropwise/matmul.hpp>
#include <dropwise/optimizer.hpp>
#include <dropwise/reduce.hpp>
#include <dropwise/softmax.hpp>
#include <dropwise/unary.hpp>
#include <dropwise/where.hpp>

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
EXPORT(matmul, MatmulArgs) { kernels::matmul<Lanes>(*args, begin, end, scratch); }
EXPORT(dropoutLayout, LayoutArgs) { (void)scratch, kernels::dropoutLayout<Lanes>(*args, begin, end); }
EXPORT(activation, ActivationArgs) { (void)scratch, kernels::activation<Lanes>(*args, begin, end); }
EXPORT(copy, CopyArgs) { (void)scratch, kernels::copy<Lanes>(*args, begin, end); }
EXPORT(where, WhereArgs) { (void)scratch, kernels::where<Lanes>(*args, begin, end); }
EXPORT(gather, GatherArgs) { (void)scratch, kernels::gather(*args, begin, end); }
EXPORT(scatterAdd, GatherArgs) { (void)scratch, kernels::scatterAdd<Lanes>(*args, begin, end); }
