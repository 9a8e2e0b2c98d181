import { checkInputs } from "../autograd/run";
import { type DType, dtypeOf, type TypedArray, typedArrayKind } from "../dtype/dtype";
import { isPlainObject, isTensor, raw } from "../errors/brand";
import { ShapeError } from "../errors/errors";
import { refusal, wrongType, wrongValue } from "../errors/refusal";
import { formatShape, type Shape, sameShape } from "../shape/shape";
import { convert } from "../tensor/elements";
import type { Tensor } from "../tensor/tensor";

/** A tensor of a file, as readers such as `@dropwise/weights` give it. */
export interface SavedTensor {
  /** Sizes, outermost first. */
  readonly shape: readonly number[];
  /** The element type in the file, such as "float32" or "int64". */
  readonly dtype: string;
  /** The elements in row-major order, in any typed array that holds them: bfloat16 and float16 in a Float32Array, int64 in a BigInt64Array. */
  readonly data: ArrayBufferView & ArrayLike<number | bigint>;
}

/** A tensor, its elements in row-major order, or a tensor of a file. */
export type SavedValue = Tensor | TypedArray | SavedTensor;

/**
 * What a value holds, in a form that can be copied over `target`: a tensor, or elements of its dtype. Refuses another shape, another dtype unless `mayConvert`, and a
 * tensor of another backend; `mayConvert` is undefined where there is no option to name. int64 goes into int32 unasked, as long as every number fits: it is PyTorch's only integer, and here int32 is.
 */
export function fitting(op: string, what: string, target: Tensor, value: unknown, mayConvert?: boolean): Tensor | TypedArray {
  if (isTensor(value)) return fittingTensor(op, what, target, raw(value) as Tensor, mayConvert);
  const { shape, dtype, data } = partsOf(op, what, value);
  const isLong = dtype === "int64" && target.dtype === "int32";
  if (dtype !== target.dtype && !isLong && !mayConvert) throw unlikeDType(op, what, target, dtype, mayConvert);
  const fits = shape.length === 1 && !isPlainObject(value) ? shape[0] === target.size : sameShape(shape, target.sizes);
  if (!fits) throw unlike(op, what, target, shape);
  checkInputs(op, [target]);
  return convert(op, data, target.dtype);
}

// --- internal helpers ---

/** Which typed array holds what a file calls so. */
const HOLDERS: Readonly<Record<string, string>> = {
  ...{ float64: "Float64Array", float32: "Float32Array", float16: "Float32Array", bfloat16: "Float32Array" },
  ...{ int64: "BigInt64Array", int32: "Int32Array", int16: "Int16Array", int8: "Int8Array" },
  ...{ uint64: "BigUint64Array", uint32: "Uint32Array", uint16: "Uint16Array", uint8: "Uint8Array", bool: "Uint8Array" },
};

interface Parts {
  readonly shape: Shape;
  readonly dtype: string;
  readonly data: ArrayLike<number | bigint>;
}

function partsOf(op: string, what: string, value: unknown): Parts {
  const own = dtypeOf(value);
  if (own !== null) return { shape: [(value as TypedArray).length], dtype: own, data: value as TypedArray };
  const { shape, dtype, data } = (isPlainObject(value) ? value : {}) as Partial<SavedTensor>;
  const kind = typedArrayKind(data);
  if (!Array.isArray(shape) || typeof dtype !== "string" || kind === null)
    throw wrongType(op, `a tensor, a typed array or { shape, dtype, data } for ${what}`, value);
  const holder = dtype.startsWith("float8_") ? "Float32Array" : Object.hasOwn(HOLDERS, dtype) ? HOLDERS[dtype] : undefined;
  if (holder === undefined) throw wrongValue(op, `a dtype such as "float32" for ${what}`, dtype);
  if (kind !== holder) throw refusal(op, `a ${holder} of ${dtype} for ${what}`, kind);
  const sizes = [...shape] as number[];
  const size = sizes.reduce((product, length) => product * length, 1);
  if (size !== (data as Uint8Array).length) throw wrongValue(op, `${size} elements for ${what}`, (data as Uint8Array).length);
  return { shape: sizes, dtype, data: data as SavedTensor["data"] };
}

function fittingTensor(op: string, what: string, target: Tensor, x: Tensor, mayConvert?: boolean): Tensor {
  if (x.dtype !== target.dtype && !mayConvert) throw unlikeDType(op, what, target, x.dtype, mayConvert);
  if (!sameShape(x.sizes, target.sizes)) throw unlike(op, what, target, x.sizes);
  checkInputs(op, [target, x]);
  return x.dtype === target.dtype ? x : x.detach().type(target.dtype as DType);
}

function unlikeDType(op: string, what: string, target: Tensor, dtype: string, mayConvert?: boolean): TypeError {
  return refusal(
    op,
    `${target.dtype} for ${what}`,
    dtype,
    mayConvert === undefined ? undefined : "pass { convert: true } to have it converted",
  );
}

function unlike(op: string, what: string, target: Tensor, shape: Shape): ShapeError {
  const detail = `expected shape ${formatShape(target.sizes)} for ${what}, got ${formatShape(shape)}`;
  return new ShapeError(op, [target.sizes, shape], detail);
}
