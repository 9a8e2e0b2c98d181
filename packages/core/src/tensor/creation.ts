import type { Backend } from "../backend/backend";
import type { Device } from "../backend/device";
import { shared } from "../backend/shared";
import { cpu } from "../cpu/cpu";
import { deviceOf } from "../cpu/device-of";
import { checkDType, createTypedArray, type DType, dtypeOf, isFloating, type TypedArray } from "../dtype/dtype";
import { describe, ShapeError } from "../errors/errors";
import { emptyLayout } from "../ops/layout";
import { drawRand, drawRandn } from "../random/draws";
import { type Generator, resolveGenerator } from "../random/generator";
import { checkShape, formatShape, type Shape, sizeOf } from "../shape/shape";
import { Tensor } from "./tensor";
import { layoutFrom } from "./transfer";

/** What every function that makes a tensor takes. */
export interface CreationOptions {
  /** Default: "float32"; for `tensor`, what the data says. */
  readonly dtype?: DType;
  /** Record operations on it. Default: false. */
  readonly requiresGrad?: boolean;
  /** Where it lives. Default: the default backend. */
  readonly backend?: Backend;
}

/** Options of `rand` and `randn`. */
export interface RandomOptions extends CreationOptions {
  /** Where the numbers come from. Default: the default generator. */
  readonly generator?: Generator;
}

/** Numbers and booleans, nested to any depth. */
export type NestedArray = number | boolean | readonly NestedArray[];

const defaults = /* @__PURE__ */ shared<{ backend: Backend }>("defaultBackend", () => ({ backend: cpu }));

/** Puts new tensors on `backend` where none is named. Existing ones stay. */
export function setDefaultBackend(backend: Backend): void {
  deviceOf(backend); // refuses what is no backend
  defaults.backend = backend;
}

/** The backend of new tensors where none is named. */
export function getDefaultBackend(): Backend {
  return defaults.backend;
}

/**
 * A tensor with the given elements. Mirrors `torch.tensor`.
 *
 * @param data A number, nested arrays (of booleans: bool, else float32), or a typed array, which keeps its type: Float32Array,
 *   Float64Array, Int32Array, or Uint8Array for bool. Always copied.
 * @param options As for all; and `shape`, to fold a flat array. Default: the nesting's, or one dimension.
 * @throws ShapeError for ragged arrays or a shape of another size, TypeError for other data.
 * @example
 * ```ts
 * const x = tensor([[1, 2, 3], [4, 5, 6]]);                    // [2, 3] float32
 * const labels = tensor(new Int32Array([0, 2, 1]));            // [3] int32
 * ```
 */
export function tensor(data: NestedArray | TypedArray, options: CreationOptions & { readonly shape?: Shape } = {}): Tensor {
  const dtype = checkDType("tensor", options.dtype ?? dtypeOf(data) ?? (isBoolean(data) ? "bool" : "float32"));
  const values = dtypeOf(data) === null ? flatten(data as NestedArray) : { shape: [(data as TypedArray).length], flat: data as TypedArray };
  const shape = options.shape ?? values.shape;
  checkShape("tensor", shape);
  if (sizeOf(shape) !== values.flat.length) {
    throw new ShapeError(
      "tensor",
      [shape],
      `expected ${sizeOf(shape)} elements for shape ${formatShape(shape)}, got ${values.flat.length}`,
    );
  }
  return create(dtype, shape, values.flat, options);
}

/** Zeros. Mirrors `torch.zeros`. */
export function zeros(shape: Shape, options?: CreationOptions): Tensor {
  return full(shape, 0, options);
}

/** Ones. Mirrors `torch.ones`. */
export function ones(shape: Shape, options?: CreationOptions): Tensor {
  return full(shape, 1, options);
}

/** One value everywhere. Mirrors `torch.full`. */
export function full(shape: Shape, value: number, options: CreationOptions = {}): Tensor {
  checkShape("full", shape);
  if (typeof value !== "number") throw new TypeError(`full: expected a number, got ${describe(value)}`);
  const device = deviceFor(options);
  const dtype = checkDType("full", options.dtype ?? "float32");
  const out = emptyLayout(device, dtype, shape);
  device.kernels.fill(out, dtype === "bool" ? Number(value !== 0) : value);
  return finish(new Tensor(out), options);
}

/** Uniform in [0, 1), drawn on the host: the same for one seed on every backend. Takes one host call of the generator. Mirrors `torch.rand`. */
export function rand(shape: Shape, options: RandomOptions = {}): Tensor {
  checkShape("rand", shape);
  const dtype = checkFloat("rand", options.dtype ?? "float32");
  return create(dtype, shape, drawRand(resolveGenerator("rand", options.generator), sizeOf(shape)), options);
}

/** Standard normal, drawn on the host like `rand`. Mirrors `torch.randn`. */
export function randn(shape: Shape, options: RandomOptions = {}): Tensor {
  checkShape("randn", shape);
  const dtype = checkFloat("randn", options.dtype ?? "float32");
  return create(dtype, shape, drawRandn(resolveGenerator("randn", options.generator), sizeOf(shape)), options);
}

// --- internal helpers ---

function create(dtype: DType, shape: Shape, flat: ArrayLike<number | boolean>, options: CreationOptions): Tensor {
  let data = flat;
  if (dtypeOf(flat) !== dtype) {
    const converted = createTypedArray(dtype, flat.length);
    for (let i = 0; i < flat.length; i++) converted[i] = dtype === "bool" ? Number(Number(flat[i]) !== 0) : Number(flat[i]);
    data = converted;
  } else if (dtype === "bool") {
    data = (flat as Uint8Array).map((byte) => Number(byte !== 0));
  }
  return finish(new Tensor(layoutFrom(deviceFor(options), dtype, [...shape], data as TypedArray)), options);
}

function finish(x: Tensor, options: CreationOptions): Tensor {
  if (options.requiresGrad === true) x.requiresGrad = true;
  return x;
}

function deviceFor(options: CreationOptions): Device {
  return deviceOf(options.backend ?? defaults.backend);
}

function checkFloat(op: string, dtype: unknown): DType {
  if (!isFloating(checkDType(op, dtype))) throw new TypeError(`${op}: expected a float dtype, got ${describe(dtype)}`);
  return dtype as DType;
}

function isBoolean(data: unknown): boolean {
  return Array.isArray(data) ? data.length > 0 && isBoolean(data[0]) : typeof data === "boolean";
}

function flatten(data: NestedArray): { shape: number[]; flat: (number | boolean)[] } {
  const shape: number[] = [];
  for (let level: NestedArray = data; Array.isArray(level); level = level[0]) {
    shape.push(level.length);
    if (level.length === 0) break;
  }
  const flat: (number | boolean)[] = [];
  const walk = (value: NestedArray, dim: number): void => {
    if (dim === shape.length) {
      if (Array.isArray(value)) throw new ShapeError("tensor", [shape], "expected rows of equal length, got ragged arrays");
      if (typeof value !== "number" && typeof value !== "boolean") {
        throw new TypeError(`tensor: expected numbers, booleans, arrays of them or a typed array, got ${describe(value)}`);
      }
      flat.push(value);
      return;
    }
    if (!Array.isArray(value) || value.length !== shape[dim])
      throw new ShapeError("tensor", [shape], "expected rows of equal length, got ragged arrays");
    for (const item of value) walk(item, dim + 1);
  };
  walk(data, 0);
  return { shape, flat };
}
