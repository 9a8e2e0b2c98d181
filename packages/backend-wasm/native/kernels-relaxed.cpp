// The second module: the functions of `tiles.hpp` with relaxed SIMD, to take the places of the first module's. It is instantiated over the same memory, and has
// neither data nor a stack of its own there: they would lie where the first module's do (a test looks).
#define DROPWISE_ISA wasmRelaxed
#include <dropwise/lanes/wasm-relaxed.hpp>

#include "tiles.hpp"

EXPORT_TILES(dropwise::wasmRelaxed::WasmRelaxed)
