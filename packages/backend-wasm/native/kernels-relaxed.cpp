// The second module: kernels that stand in for those of the same name in the first, where the engine has relaxed SIMD. It is instantiated over the same
// memory, and has no data of its own there: static data would lie where the first module's does (a build test looks). It shares the stack: of the two
// only one runs at a time in each thread.
#define DROPWISE_ISA wasmRelaxed
#include <dropwise/lanes/wasm-relaxed.hpp>
#include <dropwise/matmul.hpp>

namespace kernels = dropwise::wasmRelaxed;
using Lanes = kernels::WasmRelaxed;

#define EXPORT(name, Args) extern "C" __attribute__((export_name(#name))) void name(const kernels::Args* args, size_t begin, size_t end, float* scratch)

EXPORT(matmul, MatmulArgs) { kernels::matmul<Lanes>(*args, begin, end, scratch); }
