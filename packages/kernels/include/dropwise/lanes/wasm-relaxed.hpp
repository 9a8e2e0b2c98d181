// The lane type of WebAssembly's relaxed SIMD, for matrix products only: `mulAdd` rounds once where the processor can, else twice.
// Masks and dropout never use it: their bits are the same everywhere.
#pragma once

#include <dropwise/lanes/wasm128.hpp>

DROPWISE_BEGIN

struct WasmRelaxed : Wasm128 {
  DROPWISE_INLINE F32 mulAdd(F32 a, F32 b, F32 c) { return wasm_f32x4_relaxed_madd(a, b, c); }

  // --- matrix products ---
  static constexpr int kTileRows = 6, kTileVectors = 2;  // 15 registers: all that V8 has to give on x86
};

DROPWISE_END
