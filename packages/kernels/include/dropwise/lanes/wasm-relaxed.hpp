// The lane type of WebAssembly's relaxed SIMD, for the tiles of products only: `mulAdd` rounds once where the processor can, else twice.
// Masks and dropout never use it: their bits are the same everywhere.
#pragma once

#include <dropwise/lanes/wasm128.hpp>

DROPWISE_BEGIN

struct WasmRelaxed : Wasm128 {
  DROPWISE_INLINE F32 mulAdd(F32 a, F32 b, F32 c) { return wasm_f32x4_relaxed_madd(a, b, c); }
};

DROPWISE_END
