/** A tensor to be written: one of a file, or one of a model. */
import { wrongType, wrongValue } from "./refusal";
import { narrowed, rounded } from "./small-floats";
import { arrayOf, BYTES, isSmallFloat, type Weight, type WeightData, type WeightDType } from "./weight";

/** A tensor that gives its elements when it is asked, such as one of `@dropwise/core`. */
export interface TensorLike {
  /** Sizes, outermost first. */
  readonly shape: readonly number[];
  /** The element type. */
  readonly dtype: WeightDType;
  /** The elements in row-major order. */
  data(): Promise<WeightData> | WeightData;
}

/** A tensor before its elements are read. */
export interface Item {
  readonly shape: readonly number[];
  readonly dtype: WeightDType;
  readonly count: number;
  /** Elements that are here already. */
  readonly held: WeightData | undefined;
  /** Its elements, checked. */
  data(): Promise<WeightData>;
  /** Elements of its dtype, all or some, as a file has them. */
  encoded(data: WeightData, round: boolean): Uint8Array;
}

/** True for what has the parts of a tensor, whatever is in them. */
export function isTensorLike(value: object): value is Weight | TensorLike {
  const { shape, dtype, data } = value as Partial<Weight>;
  return Array.isArray(shape) && typeof dtype === "string" && (typeof data === "function" || ArrayBuffer.isView(data));
}

/** The tensor, checked; `what` names it in messages. */
export function itemOf(op: string, what: string, value: Weight | TensorLike): Item {
  const { shape: sizes, dtype, data } = value;
  const shape: number[] = [];
  // An array may have more holes than can be gone through.
  for (const size of Array.isArray(sizes) ? sizes : [Number.NaN]) {
    if (!Number.isSafeInteger(size) || size < 0) throw wrongType(op, `a shape for ${what}`, sizes);
    shape.push(size);
  }
  if (typeof dtype !== "string" || !Object.hasOwn(BYTES, dtype))
    throw wrongType(op, `a dtype for ${what}`, dtype, `one of ${Object.keys(BYTES).join(", ")}`);
  const count = shape.reduce((product, size) => product * size, 1);
  if (!Number.isSafeInteger(8 * count)) throw wrongValue(op, `a shape for ${what} whose elements can be counted`, count);
  const checked = (elements: unknown) => checkedData(op, what, dtype, count, elements);
  const held = typeof data === "function" ? undefined : checked(data);
  return {
    shape,
    dtype,
    count,
    held,
    // Looked at again where it is here: what holds it may have given it away since.
    data: async () => checked(typeof data === "function" ? await data.call(value) : held),
    encoded: (elements, round) => encoded(op, what, dtype, elements, round),
  };
}

// --- internal helpers ---

function checkedData(op: string, what: string, dtype: WeightDType, count: number, data: unknown): WeightData {
  const { name } = arrayOf(dtype);
  const got = ArrayBuffer.isView(data) ? (data as { [Symbol.toStringTag]?: string })[Symbol.toStringTag] : undefined;
  if (got !== name) throw wrongType(op, `the data of ${what}, ${dtype}, as a ${name}`, data);
  const elements = data as WeightData;
  if (elements.length !== count) throw wrongValue(op, `${count} elements for ${what}`, elements.length);
  return elements;
}

function encoded(op: string, what: string, dtype: WeightDType, data: WeightData, round: boolean): Uint8Array {
  const refused = (value: unknown, advice: string) => wrongValue(op, `what ${dtype} holds in ${what}`, value, advice);
  const strange = dtype === "bool" ? (data as Uint8Array).find((byte) => byte > 1) : undefined;
  if (strange !== undefined) throw refused(strange, "true is 1");
  if (!isSmallFloat(dtype)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const values = data as Float32Array;
  const canRound = dtype === "float16" || dtype === "bfloat16";
  const codes = narrowed(round && canRound ? rounded(values, dtype) : values, dtype);
  if (typeof codes === "number") throw refused(values[codes], canRound && !round ? "pass { round: true }" : "write it as float32");
  return new Uint8Array(codes.buffer);
}
