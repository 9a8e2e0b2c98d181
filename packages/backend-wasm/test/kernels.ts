/** Every kernel of the module against the reference kernels, on the same bytes, in the shapes in which kernels go wrong. */
import { type Backend, type DType, type Kernels, type Operand, referenceKernels, type TypedArray } from "@dropwise/core/backend";
import { expect } from "vitest";
import { createWasmBackend } from "../src/backend";
import { contents, output } from "./operands";

export const wasm = (await createWasmBackend({ threads: 1 })) as Required<Backend> & Kernels;
export const reference: Kernels = referenceKernels((storage) => wasm.view(storage));

/** Runs the same call by the module and by the reference, each into an output of its own. */
export function both(dtype: DType, shape: readonly number[], run: (kernels: Kernels, out: Operand) => void): [TypedArray, TypedArray] {
  const [mine, theirs] = [output(wasm, dtype, shape), output(wasm, dtype, shape)];
  run(wasm, mine);
  run(reference, theirs);
  const result: [TypedArray, TypedArray] = [contents(wasm, mine), contents(wasm, theirs)];
  for (const { storage } of [mine, theirs]) wasm.release(storage.handle);
  return result;
}

/** Equal, or within a relative distance; NaN equals NaN, and zeros have signs. `floor` is the magnitude below which the distance is absolute. */
export function expectClose([mine, theirs]: readonly TypedArray[], relative: number, floor = 0): void {
  for (const [at, expected] of (theirs as TypedArray).entries()) {
    const value = (mine as TypedArray)[at] as number;
    if (Object.is(value, expected)) continue;
    const distance = Math.abs(value - expected) / Math.max(Math.abs(expected), floor);
    // A subnormal result is rounded to a multiple of 2^-149.
    if (distance <= relative || Math.abs(value - expected) <= 2 ** -149) continue;
    expect.fail(`element ${at}: expected ${expected}, got ${value}, relative distance ${distance}`);
  }
}

/** Around whole vectors, and long. */
export const LENGTHS = [1, 2, 3, 4, 5, 7, 8, 31, 64, 65, 1027];
