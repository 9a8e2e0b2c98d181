import type { Backend } from "../backend/backend";
import type { Device } from "../backend/device";
import { shared } from "../backend/shared";
import { cpu } from "../cpu/cpu";
import { deviceOf } from "../cpu/device-of";
import { checkDType, createTypedArray, type DType, dtypeOf, isFloating, type TypedArray } from "../dtype/dtype";
import { describe, optionsOf, ShapeError } from "../errors/errors";
import { emptyLayout } from "../ops/layout";
import { drawRand, drawRandn } from "../random/draws";
import { type Generator, resolveGenerator } from "../random/generator";
import { checkShape, formatShape, type Shape, sizeOf } from "../shape/shape";
import { Tensor } from "./tensor";
import { layoutFrom } from "./transfer";

/** What every function that makes a tensor takes. */
export interface CreationOptions {
  /** The type of the elements. Default: "float32"; for `tensor`, what the data says. */
  readonly dtype?: DType;
  /** Record operations on it, for gradients; float dtypes only. Default: false. */
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

/**
 * Puts new tensors on `backend` where none is named. Existing ones stay where they are. Mirrors
 * [torch.set_default_device](https://docs.pytorch.org/docs/stable/generated/torch.set_default_device.html).
 *
 * @param backend Such as `cpu`, which is the default until then, or what `await createWasmBackend()` gives.
 * @throws TypeError for what is no backend: a promise of one, for example.
 * @example
 * ```ts
 * const before = getDefaultBackend();
 * setDefaultBackend(cpu);
 * console.log(ones([2]).backend === cpu, before.name); // true cpu
 * ```
 */
export function setDefaultBackend(backend: Backend): void {
  deviceOf(backend); // refuses what is no backend
  defaults.backend = backend;
}

/** The backend of new tensors where none is named: `cpu` until `setDefaultBackend` was called. */
export function getDefaultBackend(): Backend {
  return defaults.backend;
}

/**
 * A tensor with the given elements. Mirrors [torch.tensor](https://docs.pytorch.org/docs/stable/generated/torch.tensor.html).
 *
 * @param data A number, nested arrays (of booleans: bool, else float32), or a typed array, which keeps its type: Float32Array,
 *   Float64Array, Int32Array, or Uint8Array for bool. Always copied.
 * @param options As for all; and `shape`, to fold a flat array. Default: the nesting's, or one dimension.
 * @throws ShapeError for ragged arrays or a shape of another size; TypeError for other data, or `requiresGrad` of integers.
 * @example
 * ```ts
 * const x = tensor([[1, 2, 3], [4, 5, 6]]);
 * const labels = tensor(new Int32Array([0, 2, 1]));
 * const folded = tensor(new Float32Array(6), { shape: [3, 2] });
 * console.log(x.shape, labels.dtype, folded.shape); // [ 2, 3 ] int32 [ 3, 2 ]
 * ```
 */
export function tensor(data: NestedArray | TypedArray, options: CreationOptions & { readonly shape?: Shape } = {}): Tensor {
  optionsOf("tensor", options);
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

/**
 * Zeros. Mirrors [torch.zeros](https://docs.pytorch.org/docs/stable/generated/torch.zeros.html).
 *
 * @param shape Sizes, outermost first; `[]` is a scalar.
 * @param options Default: float32 on the default backend, without a gradient.
 * @throws TypeError for a shape that is no array, RangeError for sizes that are no integers of 0 or more; UnsupportedOpError for a dtype that the
 *   backend does not have, OutOfMemoryError.
 * @example
 * ```ts
 * console.log(String(zeros([2, 2], { dtype: "int32" }).reshape([-1]))); // Tensor([0, 0, 0, 0], [4], int32, cpu)
 * ```
 */
export function zeros(shape: Shape, options?: CreationOptions): Tensor {
  return full(shape, 0, options);
}

/**
 * Ones. Mirrors [torch.ones](https://docs.pytorch.org/docs/stable/generated/torch.ones.html).
 *
 * @param shape Sizes, outermost first; `[]` is a scalar.
 * @param options Default: float32 on the default backend, without a gradient.
 * @throws As for `zeros`.
 * @example
 * ```ts
 * console.log(String(ones([3]))); // Tensor([1, 1, 1], [3], float32, cpu)
 * ```
 */
export function ones(shape: Shape, options?: CreationOptions): Tensor {
  return full(shape, 1, options);
}

/**
 * One value everywhere. Mirrors [torch.full](https://docs.pytorch.org/docs/stable/generated/torch.full.html), but that the dtype does not follow from the value.
 *
 * @param shape Sizes, outermost first; `[]` is a scalar.
 * @param value A number; for bool, anything but 0 is true.
 * @param options Default: float32 on the default backend, without a gradient.
 * @throws TypeError for a value that is no number, and as for `zeros`.
 * @example
 * ```ts
 * console.log(String(full([3], 0.5))); // Tensor([0.5, 0.5, 0.5], [3], float32, cpu)
 * ```
 */
export function full(shape: Shape, value: number, options: CreationOptions = {}): Tensor {
  checkShape("full", shape);
  optionsOf("full", options);
  if (typeof value !== "number") throw new TypeError(`full: expected a number, got ${describe(value)}`);
  const device = deviceFor(options);
  const dtype = checkDType("full", options.dtype ?? "float32");
  const out = emptyLayout(device, dtype, shape);
  device.kernels.fill(out, dtype === "bool" ? Number(value !== 0) : value);
  return finish(new Tensor(out), options);
}

/**
 * Uniform in [0, 1), in steps of 2^-24, drawn on the host: the same for one seed on every backend. Takes one host call of the generator, which moves no
 * mask. Mirrors [torch.rand](https://docs.pytorch.org/docs/stable/generated/torch.rand.html).
 *
 * @param shape Sizes, outermost first; `[]` is a scalar.
 * @param options `generator`: default the default generator. `dtype`: "float32" (default) or "float64".
 * @throws TypeError for int32 and bool, and as for `zeros`.
 * @example
 * ```ts
 * manualSeed(42);
 * console.log(String(rand([3]))); // Tensor([0.118, 0.2556, 0.0719], [3], float32, cpu)
 * ```
 */
export function rand(shape: Shape, options: RandomOptions = {}): Tensor {
  checkShape("rand", shape);
  optionsOf("rand", options);
  const dtype = checkFloat("rand", options.dtype ?? "float32");
  return create(dtype, shape, drawRand(resolveGenerator("rand", options.generator), sizeOf(shape)), options);
}

/**
 * Standard normal (mean 0, variance 1), drawn on the host like `rand`; between JavaScript engines equal to 1 unit in the last place. Mirrors
 * [torch.randn](https://docs.pytorch.org/docs/stable/generated/torch.randn.html).
 *
 * @param shape Sizes, outermost first; `[]` is a scalar.
 * @param options As for `rand`.
 * @throws As for `rand`.
 * @example
 * ```ts
 * const x = randn([1000], { generator: new Generator(1) });
 * console.log(Math.abs(x.mean().itemSync()) < 0.1); // true
 * ```
 */
export function randn(shape: Shape, options: RandomOptions = {}): Tensor {
  checkShape("randn", shape);
  optionsOf("randn", options);
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
    const isRow = Array.isArray(value);
    if (isRow !== dim < shape.length || (isRow && value.length !== shape[dim])) {
      throw new ShapeError("tensor", [shape], "expected rows of equal length, got ragged arrays");
    }
    if (isRow) for (const item of value) walk(item, dim + 1);
    else if (typeof value === "number" || typeof value === "boolean") flat.push(value);
    else throw new TypeError(`tensor: expected numbers, booleans, arrays of them or a typed array, got ${describe(value)}`);
  };
  walk(data, 0);
  return { shape, flat };
}
