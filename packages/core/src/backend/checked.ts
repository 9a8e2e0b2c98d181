/**
 * The tools of core that a backend's author is given, each behind a look at its arguments. Core's own rooms, whose arguments were looked at already, call
 * what is behind.
 */
import { checkDType, type DType, hostArray, type TypedArray, type TypedArrayOf, typedArrayKind } from "../dtype/dtype";
import { checkInteger } from "../errors/options";
import { wrongType, wrongValue } from "../errors/refusal";
import { checkProbability } from "../functional/dropout-options";
import { philox4x32 as philox } from "../random/philox";
import { scaleOf as scale, thresholdOf as threshold } from "../random/threshold";
import {
  isContiguous as areContiguous,
  contiguousStrides as contiguousStridesOf,
  mergeDims as merged,
  type Shape,
  sizeOf as size,
} from "../shape/shape";

/**
 * A new typed array of `length` zeros for elements of `dtype`.
 *
 * @throws TypeError for no dtype, TypeError and RangeError for no length, OutOfMemoryError when the engine has no room for it.
 */
export function createTypedArray<D extends DType>(dtype: D, length: number): TypedArrayOf<D>;
export function createTypedArray(dtype: DType, length: number): TypedArray {
  checkInteger("createTypedArray", "length", length, 0);
  return hostArray("createTypedArray", checkDType("createTypedArray", dtype), length);
}

/** The number of elements: the product of the sizes, 1 for a scalar. @throws TypeError and RangeError for what is no shape, as all that take one do. */
export function sizeOf(shape: Shape): number {
  checkSizes("sizeOf", shape);
  return size(shape);
}

/** The strides of a contiguous (row-major, gapless) tensor, in elements. */
export function contiguousStrides(shape: Shape): number[] {
  checkSizes("contiguousStrides", shape);
  return contiguousStridesOf(shape);
}

/**
 * True when `strides` are those of a contiguous tensor of `shape`; dimensions of size 1 may have any stride.
 *
 * @throws TypeError and RangeError for what is no shape, or strides that are not one integer for each of its sizes.
 */
export function isContiguous(shape: Shape, strides: readonly number[]): boolean {
  checkSizes("isContiguous", shape);
  checkStrides("isContiguous", shape, strides);
  return areContiguous(shape, strides);
}

/**
 * Merges neighbouring dimensions that every operand steps through evenly, and drops those of size 1, so that kernels see the
 * fewest dimensions: contiguous operands end as one.
 *
 * @param shape The operands' common shape.
 * @param operands Each one's strides.
 * @throws As `isContiguous` does.
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
  checkSizes("mergeDims", shape);
  if (!Array.isArray(operands)) throw wrongType("mergeDims", "an array of each operand's strides", operands);
  for (const strides of operands) checkStrides("mergeDims", shape, strides);
  return merged(shape, operands);
}

/**
 * The smallest 32-bit word that is dropped with probability `p`; `p` in [0, 1]. Kept are the words below it, compared unsigned.
 *
 * @throws TypeError for what is no number, RangeError outside [0, 1].
 */
export function thresholdOf(p: number): number {
  checkProbability("thresholdOf", p);
  return threshold(p);
}

/** The factor for elements kept with a drop probability of `p`, `f32(1 / f32(1 - p))`, as PyTorch's kernel computes it. @throws As `thresholdOf` does. */
export function scaleOf(p: number): number {
  checkProbability("scaleOf", p);
  return scale(p);
}

/**
 * One block of Philox4x32-10, written to `out[0..3]`. All arguments are 32-bit words, lowest first: the key `(keyLo, keyHi)` is the seed and the counter
 * `(c0, c1, c2, c3)` the call and the block; signed or unsigned makes no difference.
 *
 * @throws TypeError for what is no number, or an `out` that is no Uint32Array; RangeError for a number that is no 32-bit word, or too short an `out`.
 */
export function philox4x32(keyLo: number, keyHi: number, c0: number, c1: number, c2: number, c3: number, out: Uint32Array): void {
  checkWord(keyLo);
  checkWord(keyHi);
  checkWord(c0);
  checkWord(c1);
  checkWord(c2);
  checkWord(c3);
  if (typedArrayKind(out) !== "Uint32Array") throw wrongType("philox4x32", "out to be a Uint32Array", out);
  if (out.length < 4) throw wrongValue("philox4x32", "out to have 4 places or more", out.length);
  philox(keyLo, keyHi, c0, c1, c2, c3, out);
}

// --- internal helpers ---

/** Without a copy, which would cost as much as a small kernel's other work. */
function checkSizes(op: string, shape: Shape): void {
  if (!Array.isArray(shape)) throw wrongType(op, "a shape such as [2, 3]", shape);
  for (let i = 0; i < shape.length; i++) {
    const length: unknown = shape[i];
    if (!Number.isSafeInteger(length) || (length as number) < 0) checkInteger(op, "each size", length, 0);
  }
}

function checkStrides(op: string, shape: Shape, strides: readonly number[]): void {
  if (!Array.isArray(strides) || strides.length !== shape.length)
    throw wrongType(op, `strides, one for each of ${shape.length} sizes`, strides);
  for (let i = 0; i < strides.length; i++) {
    const stride: unknown = strides[i];
    // Where there is one place or none, nobody takes a step.
    if (!Number.isSafeInteger(stride) && (shape[i] as number) > 1 && !shape.includes(0)) checkInteger(op, "each stride", stride);
  }
}

function checkWord(word: number): void {
  if (typeof word !== "number") throw wrongType("philox4x32", "each word to be a number", word);
  if (word === (word | 0) || word === word >>> 0) return;
  throw wrongValue("philox4x32", "words of 32 bits", word);
}
