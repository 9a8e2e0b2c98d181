import { ShapeError } from "../errors/errors";
import { wrongType, wrongValue } from "../errors/refusal";

/** The sizes of a tensor's dimensions, outermost first; `[]` is a scalar. */
export type Shape = readonly number[];

/** The number of elements: the product of the sizes, 1 for a scalar. */
export function sizeOf(shape: Shape): number {
  let size = 1;
  for (let i = 0; i < shape.length; i++) size *= shape[i] as number;
  return size;
}

/** The strides of a contiguous (row-major, gapless) tensor, in elements. */
export function contiguousStrides(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = stride;
    stride *= shape[i] as number;
  }
  return strides;
}

/** True when `strides` are those of a contiguous tensor of `shape`; dimensions of size 1 may have any stride. */
export function isContiguous(shape: Shape, strides: readonly number[]): boolean {
  let expected = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    const size = shape[i] as number;
    // Without elements there are no gaps, whatever the strides.
    if (size !== 1 && strides[i] !== expected) return shape.includes(0);
    expected *= size;
  }
  return true;
}

/** True when two shapes have the same rank and sizes. */
export function sameShape(a: Shape, b: Shape): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** `[2, 3]`, for messages. */
export function formatShape(shape: Shape): string {
  return `[${shape.join(", ")}]`;
}

/** Dimensions that a tensor may have; NumPy's limit. Deeper nesting is a mistake, such as an array that holds itself. */
export const MAX_DIMS = 64;

/** A copy of a shape that a caller gave. Refuses anything but an array of non-negative safe integers whose product is safe, too. */
export function checkShape(op: string, shape: unknown): Shape {
  const sizes = arrayOf(op, "a shape such as [2, 3]", shape) as number[];
  // Sizes of 0 count as 1: what steps through the dimensions multiplies the others all the same.
  let steps = 1;
  for (let i = 0; i < sizes.length; i++) {
    const size = sizes[i] as number;
    if (typeof size !== "number") throw wrongType(op, SIZES, size);
    if (!Number.isSafeInteger(size) || size < 0) throw wrongValue(op, SIZES, size);
    if (size === 0)
      sizes[i] = 0; // not -0
    else steps *= size;
  }
  if (steps > Number.MAX_SAFE_INTEGER) throw wrongValue(op, "fewer than 2^53 elements", sizes);
  return sizes;
}

const SIZES = "sizes that are integers of 0 or more";

/** A copy of a short array, of whichever realm, read once; holes are undefined. `what` says what it stands for. */
export function arrayOf(op: string, what: string, value: unknown): unknown[] {
  if (!Array.isArray(value)) throw wrongType(op, what, value, typeof value === "number" ? "put the sizes in brackets" : undefined);
  // Before it is copied, which takes as long as it is long.
  if (value.length > MAX_DIMS) throw wrongValue(op, `at most ${MAX_DIMS} dimensions`, value);
  return [...value];
}

/** The shape that two operands broadcast to: trailing dimensions aligned, sizes equal or 1. Throws `ShapeError`. */
export function broadcastShapes(op: string, a: Shape, b: Shape): Shape {
  if (sameShape(a, b)) return a;
  const rank = Math.max(a.length, b.length);
  const shape = new Array<number>(rank);
  for (let i = 1; i <= rank; i++) {
    const x = a[a.length - i] ?? 1;
    const y = b[b.length - i] ?? 1;
    if (x !== y && x !== 1 && y !== 1) {
      throw new ShapeError(
        op,
        [a, b],
        `expected shapes that broadcast, got ${formatShape(a)} and ${formatShape(b)} - sizes must be equal or 1, from the last`,
      );
    }
    shape[rank - i] = x === 1 ? y : x;
  }
  return shape;
}

/** Strides that read a tensor of `shape` as the larger `target`: 0 along every repeated dimension. The shapes must broadcast. */
export function broadcastStrides(shape: Shape, strides: readonly number[], target: Shape): number[] {
  const shift = target.length - shape.length;
  const result = new Array<number>(target.length);
  for (let i = 0; i < target.length; i++) {
    const from = i - shift;
    result[i] = from < 0 || (shape[from] === 1 && target[i] !== 1) ? 0 : (strides[from] as number);
  }
  return result;
}

/** A dimension counted from the front, from one that may be negative. Throws RangeError outside [-rank, rank). */
export function normalizeDim(op: string, dim: unknown, rank: number): number {
  if (typeof dim !== "number") throw wrongType(op, "dim to be an integer", dim);
  const limit = Math.max(rank, 1); // PyTorch lets a scalar have dim 0 and -1
  if (!Number.isInteger(dim) || dim < -limit || dim >= limit) {
    throw wrongValue(op, `dim in [${-limit}, ${limit - 1}]`, dim);
  }
  return dim < 0 ? dim + limit : dim + 0;
}

/** Dimensions counted from the front and ascending; all of them for `undefined`. Throws RangeError for one named twice. */
export function normalizeDims(op: string, dim: number | readonly number[] | undefined, rank: number): number[] {
  const given = typeof dim === "number" ? [dim] : dim === undefined ? [] : arrayOf(op, "dim to be an integer or an array of them", dim);
  if (given.length === 0) return [...Array(rank).keys()]; // PyTorch: an empty list means all
  const dims = given.map((d) => normalizeDim(op, d, rank));
  dims.sort((a, b) => a - b);
  for (let i = 1; i < dims.length; i++) {
    if (dims[i] === dims[i - 1]) throw new RangeError(`${op}: expected each dim once, got ${dims[i]} twice`);
  }
  return rank === 0 ? [] : dims;
}

/**
 * Merges neighbouring dimensions that every operand steps through evenly, and drops those of size 1, so that kernels see the
 * fewest dimensions: contiguous operands end as one.
 *
 * @param shape The operands' common shape.
 * @param operands Each one's strides.
 */
export function mergeDims(
  shape: Shape,
  operands: readonly (readonly number[])[],
): {
  /** At least one dimension. */
  shape: number[];
  /** Each operand's, in their order. */
  strides: number[][];
} {
  const merged: number[] = [];
  const strides: number[][] = operands.map(() => []);
  for (let i = 0; i < shape.length; i++) {
    const size = shape[i] as number;
    if (size === 1) continue;
    const last = merged.length - 1;
    const even = last >= 0 && operands.every((s, k) => strides[k]?.[last] === (s[i] as number) * size);
    if (even) merged[last] = (merged[last] as number) * size;
    else merged.push(size);
    operands.forEach((s, k) => {
      (strides[k] as number[])[even ? last : merged.length - 1] = s[i] as number;
    });
  }
  if (merged.length === 0) {
    merged.push(1);
    for (const s of strides) s.push(0);
  }
  return { shape: merged, strides };
}
