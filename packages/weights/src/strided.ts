/** Elements that lie in memory by strides, in any order, over each other or with gaps, as elements in row-major order. */
import type { WeightData } from "./weight";

/** How many elements a shape has; none (undefined) for what is no shape, or one whose elements no number counts. */
export function countOf(shape: readonly unknown[]): number | undefined {
  // An empty tensor may have any other sizes.
  let count = 1;
  for (const size of shape) {
    if (!Number.isSafeInteger(size) || (size as number) < 0) return undefined;
    count = size === 0 || count === 0 ? 0 : count * (size as number);
  }
  return Number.isSafeInteger(count) && shape.length <= 64 ? count : undefined;
}

/** The last place that a tensor with elements touches; not a safe integer where it is too far to tell. */
export function lastPlace(shape: readonly number[], strides: readonly number[], offset: number): number {
  let last = offset;
  for (const [i, size] of shape.entries()) last += (size - 1) * (strides[i] as number);
  return last;
}

/** The strides of a shape in row-major order, or in column-major order. */
export function stridesOf(shape: readonly number[], fortran = false): number[] {
  const strides: number[] = new Array(shape.length);
  let step = 1;
  for (let i = 0; i < shape.length; i++) {
    const dim = fortran ? i : shape.length - 1 - i;
    strides[dim] = step;
    step *= shape[dim] as number;
  }
  return strides;
}

/** True for strides under which elements lie in row-major order; those of sizes of 1 do not matter. */
export function isRowMajor(shape: readonly number[], strides: readonly number[]): boolean {
  const plain = stridesOf(shape);
  return shape.every((size, i) => size === 1 || strides[i] === plain[i]);
}

/** Copies `count` elements, more than none, in row-major order. All places lie within `from`. */
export function gather<T extends WeightData>(
  from: T,
  count: number,
  shape: readonly number[],
  strides: readonly number[],
  offset: number,
): T {
  const to = new (from.constructor as new (length: number) => T)(count);
  const index = new Array<number>(shape.length).fill(0);
  let place = offset;
  for (let i = 0; i < count; i++) {
    to[i] = from[place] as never;
    for (let dim = shape.length - 1; dim >= 0; dim--) {
      const at = (index[dim] as number) + 1;
      if (at < (shape[dim] as number)) {
        index[dim] = at;
        place += strides[dim] as number;
        break;
      }
      index[dim] = 0;
      place -= (at - 1) * (strides[dim] as number);
    }
  }
  return to;
}
