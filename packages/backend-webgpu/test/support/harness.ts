import {
  type Backend,
  type BackendStorage,
  cpu,
  createTypedArray,
  type DType,
  type Operand,
  referenceKernels,
  type TypedArray,
} from "@dropwise/core/backend";
import { expect } from "vitest";

/** A tensor's worth of data for a kernel under test. */
export interface Data {
  readonly dtype: DType;
  readonly values: TypedArray;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  readonly offset: number;
}

/** Data of a dtype; contiguous from the start of its storage unless strides and offset say otherwise. */
export function data(
  dtype: DType,
  shape: readonly number[],
  values: ArrayLike<number> | ((i: number) => number),
  layout: { strides?: readonly number[]; offset?: number; length?: number } = {},
): Data {
  const length = layout.length ?? (typeof values === "function" ? sizeOf(shape) : values.length);
  const array = createTypedArray(dtype, length);
  for (let i = 0; i < length; i++) array[i] = typeof values === "function" ? values(i) : (values[i] as number);
  return { dtype, values: array, shape, strides: layout.strides ?? contiguousStrides(shape), offset: layout.offset ?? 0 };
}

export const sizeOf = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);

export function contiguousStrides(shape: readonly number[]): number[] {
  return shape.map((_, d) => sizeOf(shape.slice(d + 1)));
}

/** Puts data into a backend's memory, with whatever stands in `into` already. */
export function place<H>(backend: Backend<H>, { dtype, values, shape, strides, offset }: Data): Operand<H> {
  const storage: BackendStorage<H> = { handle: backend.allocate(dtype, values.length), dtype, length: values.length };
  backend.write(storage, values);
  return { storage, shape, strides, offset };
}

/** All that a storage holds. */
export const contents = <H>(backend: Backend<H>, { storage }: Operand<H>): Promise<TypedArray> => backend.read(storage, 0, storage.length);

/** The definition of every member, the fused ones included. */
const reference: Backend = { ...(cpu as Backend), ...referenceKernels((storage) => storage.handle as TypedArray) };

/** A kernel call on operands of one backend. */
export type Call = (backend: Required<Backend>, ...operands: Operand[]) => void;

/** Runs a call on the same data on the backend under test and on the reference, and returns what the last operand's whole storage holds on each. */
export async function both(backend: Backend, operands: readonly Data[], call: Call): Promise<[got: TypedArray, expected: TypedArray]> {
  const results: TypedArray[] = [];
  for (const each of [backend, reference]) {
    const placed = operands.map((operand) => place(each, operand));
    call(each as Required<Backend>, ...placed);
    results.push(await contents(each, placed.at(-1) as Operand));
    for (const { storage } of placed) each.release(storage.handle);
  }
  return results as [TypedArray, TypedArray];
}

/** Expects two arrays to agree: NaN with NaN, infinities and zeros alike, the rest within the tolerance. Names the first element that does not. */
export function expectClose(got: ArrayLike<number>, expected: ArrayLike<number>, { rtol = 0, atol = 0 } = {}): void {
  expect(got.length).toBe(expected.length);
  for (let i = 0; i < got.length; i++) {
    const x = got[i] as number;
    const y = expected[i] as number;
    const fits = Object.is(x, y) || x === y || (Number.isNaN(x) && Number.isNaN(y)) || Math.abs(x - y) <= atol + rtol * Math.abs(y);
    if (!fits)
      expect.fail(`element ${i} of ${got.length}: expected ${y}, got ${x}, off by ${Math.abs(x - y)} (rtol ${rtol}, atol ${atol})`);
  }
}

/** Expects the same numbers, bit for bit but for the kind of NaN and the sign of zero. */
export const expectSame = (got: ArrayLike<number>, expected: ArrayLike<number>): void => expectClose(got, expected);

/** A sequence that looks random and is the same on every run, in [-1, 1). */
export function noise(seed: number): (i: number) => number {
  return (i) => {
    let x = Math.imul(i + 1, 0x9e3779b1) ^ Math.imul(seed + 1, 0x85ebca6b);
    x = Math.imul(x ^ (x >>> 15), 0x2c1b3c6d);
    x = Math.imul(x ^ (x >>> 12), 0x297a2d39);
    return ((x ^ (x >>> 15)) >>> 0) / 2 ** 31 - 1;
  };
}
