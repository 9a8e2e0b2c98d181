import type { Layout } from "../autograd/node";
import type { Backend } from "../backend/backend";
import { shared } from "../backend/shared";
import type { Device } from "../backend/storage";
import { cpu } from "../cpu/cpu";
import { deviceOf } from "../cpu/device-of";
import { checkDType, type DType, isFloating, type TypedArray } from "../dtype/dtype";
import { ShapeError } from "../errors/errors";
import { type OptionKinds, optionsOf } from "../errors/options";
import { refusal, wrongType } from "../errors/refusal";
import { computedLayout } from "../ops/layout";
import { attempt, drawRand, drawRandn } from "../random/draws";
import { type Generator, resolveGenerator } from "../random/generator";
import type { FloatType } from "../random/source";
import { checkShape, formatShape, type Shape, sizeOf } from "../shape/shape";
import { convert, elementOf, elementsOf, impliedDtype, type NestedArray } from "./elements";
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

/** Options of `tensor`. */
export interface TensorOptions extends CreationOptions {
  /** Folds a flat array. Default: the nesting's, or one dimension. */
  readonly shape?: Shape;
}

/** Options of `rand` and `randn`. */
export interface RandomOptions extends CreationOptions {
  /** Where the numbers come from. Default: the default generator. */
  readonly generator?: Generator;
}

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
  deviceOf(backend, "setDefaultBackend"); // refuses what is no backend
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
 * @throws ShapeError for ragged arrays or a shape of another size; TypeError for other data, or `requiresGrad` of integers; RangeError for numbers
 *   beyond int32 in one (a fraction is cut off).
 * @example
 * ```ts
 * const x = tensor([[1, 2, 3], [4, 5, 6]]);
 * const labels = tensor(new Int32Array([0, 2, 1]));
 * const folded = tensor(new Float32Array(6), { shape: [3, 2] });
 * console.log(x.shape, labels.dtype, folded.shape); // [ 2, 3 ] int32 [ 3, 2 ]
 * ```
 */
export function tensor(data: NestedArray | TypedArray, options?: TensorOptions): Tensor {
  const { dtype: wanted, shape: folded, ...rest } = optionsOf<TensorOptions>("tensor", options, { ...CREATION, shape: "any" });
  const values = elementsOf(data);
  const dtype = wanted === undefined ? impliedDtype(values) : checkDType("tensor", wanted);
  const shape = folded === undefined ? values.shape : checkShape("tensor", folded);
  if (sizeOf(shape) !== values.flat.length) {
    throw new ShapeError(
      "tensor",
      [shape],
      `expected ${sizeOf(shape)} elements for shape ${formatShape(shape)}, got ${values.flat.length}`,
    );
  }
  const placed = placementOf("tensor", dtype, rest);
  const converted = convert("tensor", values.flat, dtype);
  return make(placed, () => layoutFrom(placed.device, dtype, shape, () => converted));
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
  return filled("zeros", shape, 0, options);
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
  return filled("ones", shape, 1, options);
}

/**
 * One value everywhere. Mirrors [torch.full](https://docs.pytorch.org/docs/stable/generated/torch.full.html), but that the dtype does not follow from the value.
 *
 * @param shape Sizes, outermost first; `[]` is a scalar.
 * @param value A number; for bool, anything but 0 is true.
 * @param options Default: float32 on the default backend, without a gradient.
 * @throws TypeError for a value that is no number, RangeError for one beyond int32 in an int32 tensor (a fraction is cut off), and as for `zeros`.
 * @example
 * ```ts
 * console.log(String(full([3], 0.5))); // Tensor([0.5, 0.5, 0.5], [3], float32, cpu)
 * ```
 */
export function full(shape: Shape, value: number, options?: CreationOptions): Tensor {
  if (typeof value !== "number") throw wrongType("full", "a value that is a number", value);
  return filled("full", shape, value, options);
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
export function rand(shape: Shape, options?: RandomOptions): Tensor {
  return drawn("rand", shape, options, drawRand);
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
export function randn(shape: Shape, options?: RandomOptions): Tensor {
  return drawn("randn", shape, options, drawRandn);
}

// --- for what else makes tensors ---

/** What makers of tensors take. */
export const CREATION: OptionKinds<CreationOptions> = { dtype: "any", requiresGrad: "flag", backend: "any" };

/** Where a tensor goes, and what it may be asked. */
interface Placement {
  readonly device: Device;
  readonly requiresGrad: boolean;
}

/** The same from options: all checked, before anything is allocated or drawn. */
export function placementOf(op: string, dtype: DType, { requiresGrad = false, backend = defaults.backend }: CreationOptions): Placement {
  if (requiresGrad && !isFloating(dtype)) throw refusal(op, "a float dtype with requiresGrad", dtype, "integers have no gradient");
  return { device: deviceOf(backend, op), requiresGrad };
}

/** The tensor of a layout, as it was asked for. */
export function make({ requiresGrad }: Placement, layout: () => Layout): Tensor {
  const x = new Tensor(layout());
  x.wantsGrad = requiresGrad;
  return x;
}

// --- internal helpers ---

/** One value everywhere, under the name of the function that was called. */
function filled(op: string, sizes: Shape, value: number, options: CreationOptions | undefined): Tensor {
  const shape = checkShape(op, sizes);
  const { dtype: wanted = "float32", ...rest } = optionsOf<CreationOptions>(op, options, CREATION);
  const dtype = checkDType(op, wanted);
  const element = elementOf(op, value, dtype);
  const placed = placementOf(op, dtype, rest);
  return make(placed, () => computedLayout(placed.device, dtype, shape, (out, kernels) => kernels.fill(out, element)));
}

/** Numbers from the generator, which is asked once there is memory for them: a refused call takes no call number. */
function drawn(
  op: string,
  sizes: Shape,
  options: RandomOptions | undefined,
  draw: (generator: Generator, length: number, dtype: FloatType) => Float32Array | Float64Array,
): Tensor {
  const shape = checkShape(op, sizes);
  const { dtype: wanted = "float32", generator: given, ...rest } = optionsOf<RandomOptions>(op, options, { ...CREATION, generator: "any" });
  const dtype = checkDType(op, wanted);
  if (!isFloating(dtype)) throw refusal(op, "a float dtype", dtype, `convert the result with type("${dtype}")`);
  const generator = resolveGenerator(op, given);
  const placed = placementOf(op, dtype, rest);
  return attempt(generator, () =>
    make(placed, () =>
      layoutFrom(placed.device, dtype, shape, () => convert(op, draw(generator, sizeOf(shape), dtype as FloatType), dtype)),
    ),
  );
}
