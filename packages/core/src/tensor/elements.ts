/** From what a caller calls data to typed elements: nesting, kinds of arrays, and numbers that a dtype can hold. */

import { checkAttached, checkInt32, type DType, dtypeOf, hostArray, type TypedArray, typedArrayKind } from "../dtype/dtype";
import { ShapeError } from "../errors/errors";
import { wrongType } from "../errors/refusal";
import { MAX_DIMS, type Shape } from "../shape/shape";

/** Numbers and booleans, nested to any depth. */
export type NestedArray = number | boolean | readonly NestedArray[];

/** Elements in row-major order, as they were given, with the shape and dtype that follow from them. */
interface Elements {
  readonly flat: ArrayLike<number | boolean | bigint>;
  readonly shape: Shape;
  /** Null for a typed array that no tensor holds, and for bytes that may be numbers or truth values. */
  readonly dtype: DType | null;
}

/** The elements of a number, nested arrays, or a typed array of any kind and realm. Throws ShapeError and TypeError. */
export function elementsOf(data: unknown): Elements {
  if (typedArrayKind(data) === null) return flatten(data);
  const flat = data as TypedArray;
  checkAttached("tensor", flat);
  const dtype = dtypeOf(flat);
  return { flat, shape: [flat.length], dtype: dtype === "bool" && flat.some((byte) => byte > 1) ? null : dtype };
}

/** The dtype that elements have where the caller named none. Throws TypeError where it cannot be told. */
export function impliedDtype({ flat, dtype }: Elements): DType {
  if (dtype !== null) return dtype;
  const ways = 'pass dtype "float32" for numbers such as pixels, "int32" for indices, "bool" for what is not 0';
  throw wrongType("tensor", "a Float32Array, Float64Array, Int32Array, or a Uint8Array of 0 and 1", flat, ways);
}

/**
 * Elements as a typed array of `dtype`; the array itself where it is one and holds what a tensor may hold. To bool: `!= 0`; to int32: truncated.
 *
 * @throws RangeError for a number that int32 cannot hold.
 */
export function convert(op: string, flat: ArrayLike<number | boolean | bigint>, dtype: DType): TypedArray {
  if (dtype !== "bool" && dtypeOf(flat) === dtype) return flat as TypedArray;
  const converted = hostArray("the host", dtype, flat.length);
  for (let i = 0; i < flat.length; i++) converted[i] = elementOf(op, Number(flat[i]), dtype);
  return converted;
}

/** A number as an element of `dtype`. @throws RangeError for one that int32 cannot hold. */
export function elementOf(op: string, value: number, dtype: DType): number {
  if (dtype === "bool") return Number(value !== 0);
  if (dtype !== "int32") return value;
  checkInt32(op, value, 'use dtype "float32" or "float64"');
  return value | 0; // cut off, and not -0
}

// --- internal helpers ---

function flatten(data: unknown): Elements {
  const shape: number[] = [];
  for (let level = data; Array.isArray(level); level = level[0]) {
    if (shape.length === MAX_DIMS) {
      throw new RangeError(`tensor: expected at most ${MAX_DIMS} levels of arrays, got more`);
    }
    shape.push(level.length);
    if (level.length === 0) break;
  }
  const flat: (number | boolean)[] = [];
  const walk = (value: unknown, dim: number): void => {
    const isRow = Array.isArray(value);
    if (!isRow && typeof value !== "number" && typeof value !== "boolean")
      throw wrongType("tensor", "numbers, booleans, arrays of them or a typed array", value);
    if (isRow !== dim < shape.length || (isRow && value.length !== shape[dim])) {
      throw new ShapeError("tensor", [shape], "expected rows of equal length, got ragged arrays - pad them");
    }
    if (isRow) for (const item of value) walk(item, dim + 1);
    else flat.push(value);
  };
  walk(data, 0);
  const isBool = flat.length > 0 && flat.every((value) => typeof value === "boolean");
  return { flat, shape: shape, dtype: isBool ? "bool" : "float32" };
}
