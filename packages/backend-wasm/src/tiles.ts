/**
 * The kernels call the functions that multiply and add by their places in a table (`native/tiles.hpp`). The second module has the same functions with relaxed
 * SIMD: put into these places, they serve all kernels.
 */

/** What each module exports for it. */
export const TILE_EXPORTS = ["tiles", "__indirect_function_table"] as const;

interface Tiles {
  /** Writes the places of the functions in the module's table to memory, in one order; how many there are. */
  readonly tiles: (address: number) => number;
  readonly __indirect_function_table: WebAssembly.Table;
}

/** Has the kernels of the first instance multiply and add as the second does, where there is one. `scratch`: an address where a thread may write. */
export function useTiles(exports: readonly WebAssembly.Exports[], memory: WebAssembly.Memory, scratch: number): void {
  const [first, second] = exports as unknown as readonly [Tiles, Tiles | undefined];
  if (second === undefined) return;
  const from = [...placesOf(second, memory, scratch)];
  for (const [i, place] of placesOf(first, memory, scratch).entries()) {
    first.__indirect_function_table.set(place, second.__indirect_function_table.get(from[i] as number));
  }
}

// --- internal helpers ---

function placesOf({ tiles }: Tiles, memory: WebAssembly.Memory, scratch: number): Uint32Array {
  return new Uint32Array(memory.buffer, scratch, tiles(scratch));
}
