// The exports of the module. Each computing one takes the address of its argument block and a range of units, and computes exactly that
// range, so that threads can share a call. There is no mutable static data: every thread instantiates the module over the same memory.
#define DROPWISE_ISA wasm128
#include <dropwise/dropout.hpp>
#include <dropwise/lanes/wasm128.hpp>
#include <dropwise/matmul.hpp>

using namespace dropwise::wasm128;

#define EXPORT(name) extern "C" __attribute__((export_name(#name))) void name

EXPORT(dropout)(const DropoutArgs* args, size_t begin, size_t end, float*) { dropout<Wasm128>(*args, begin, end); }
EXPORT(matmul)(const MatmulArgs* args, size_t begin, size_t end, float* scratch) { matmul<Wasm128>(*args, begin, end, scratch); }
