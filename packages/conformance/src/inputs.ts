/** Inputs by value, from which the same tensor is made on each backend. */
import { Generator } from "@dropwise/core";
import { createTypedArray, type DType, isFloating, sizeOf, type TypedArray } from "@dropwise/core/backend";

/** A tensor to be. */
export interface Input {
  readonly data: TypedArray;
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** Whether its gradient is compared, too. */
  readonly requiresGrad: boolean;
}

/** Where values come from: a list that is repeated, or a function of the index. */
export type Values = readonly number[] | ((i: number) => number);

/** An input of the given values; floats require a gradient unless told otherwise. */
export function input(
  shape: readonly number[],
  values: Values,
  { dtype = "float32", requiresGrad = isFloating(dtype) }: { dtype?: DType; requiresGrad?: boolean } = {},
): Input {
  const data = createTypedArray(dtype, sizeOf(shape));
  for (let i = 0; i < data.length; i++) data[i] = typeof values === "function" ? values(i) : (values[i % values.length] as number);
  return { data, dtype, shape, requiresGrad };
}

/** Numbers that look random, uniform in [low, high); other seeds, other numbers. */
export function uniform(
  shape: readonly number[],
  {
    seed = 1,
    low = -1,
    high = 1,
    dtype = "float32",
    requiresGrad = true,
  }: { seed?: number; low?: number; high?: number; dtype?: DType; requiresGrad?: boolean } = {},
): Input {
  const random = noise(seed);
  return input(shape, (i) => low + (high - low) * random(i), { dtype, requiresGrad });
}

/** Multiples of 1/8 in [-1, 1]: products and their float32 sums are exact in any order, also fused, so that any wrong element shows. */
export function eighths(shape: readonly number[], seed: number): Input {
  const random = noise(seed);
  return input(shape, (i) => Math.floor(17 * random(i) - 8) / 8);
}

/** Integers in [low, high). */
export function integers(
  shape: readonly number[],
  { seed = 1, low = -100, high = 100 }: { seed?: number; low?: number; high?: number } = {},
): Input {
  const random = noise(seed);
  return input(shape, (i) => low + Math.floor((high - low) * random(i)), { dtype: "int32" });
}

/** Coin tosses. */
export function bools(shape: readonly number[], seed = 1): Input {
  const random = noise(seed);
  return input(shape, (i) => Number(random(i) < 0.5), { dtype: "bool" });
}

/** The same values with no gradient asked for. */
export function constant(value: Input): Input {
  return { ...value, requiresGrad: false };
}

/** A sequence in [0, 1) that is the same on every run and every machine: a hash of index and seed. */
export function noise(seed: number): (i: number) => number {
  return (i) => {
    let x = Math.imul(i + 1, 0x9e3779b1) ^ Math.imul(seed + 1, 0x85ebca6b);
    x = Math.imul(x ^ (x >>> 15), 0x2c1b3c6d);
    x = Math.imul(x ^ (x >>> 12), 0x297a2d39);
    return ((x ^ (x >>> 15)) >>> 0) / 2 ** 32;
  };
}

/** A generator that stands before the given call. */
export function generatorAt(seed: number | bigint, call: number | bigint = 0): Generator {
  const state = new Uint8Array(16);
  const view = new DataView(state.buffer);
  view.setBigUint64(0, BigInt.asUintN(64, BigInt(seed)), true);
  view.setBigUint64(8, BigInt(call) * 4n, true);
  return new Generator(0).setState(state);
}
