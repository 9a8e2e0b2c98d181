import { checkDType, hostArray } from "../dtype/dtype";
import { checkInteger, optionsOf } from "../errors/options";
import { wrongType, wrongValue } from "../errors/refusal";
import { checkTensor } from "../ops/binary";
import { computedLayout } from "../ops/layout";
import { checkShape, type Shape, sizeOf } from "../shape/shape";
import { CREATION, type CreationOptions, make, placementOf } from "./creation";
import { convert } from "./elements";
import type { Tensor } from "./tensor";
import { layoutFrom } from "./transfer";

/** Options of `arange`. */
export interface ArangeOptions extends CreationOptions {
  /** From one number to the next; not 0. Default: 1. */
  readonly step?: number;
}

/** Options of `eye`. */
export interface EyeOptions extends CreationOptions {
  /** The number of columns. Default: as many as rows. */
  readonly m?: number;
}

/**
 * Numbers from 0 up to, not including, `end`. Mirrors [torch.arange](https://docs.pytorch.org/docs/stable/generated/torch.arange.html), but that integers
 * give float32, too, unless `dtype` says otherwise.
 *
 * @param end Where they end.
 * @param options `step`: default 1. Else as for `zeros`.
 * @throws RangeError for a step of 0 or away from the end, and numbers that are not finite.
 * @example
 * ```ts
 * console.log(arange(3).dataSync().join(" "), arange(1, 2, { step: 0.25 }).size); // 0 1 2 4
 * ```
 */
export function arange(end: number, options?: ArangeOptions): Tensor;
/**
 * The same from `start` on.
 *
 * @param start The first number.
 * @param end Where they end.
 * @param options As above.
 */
export function arange(start: number, end: number, options?: ArangeOptions): Tensor;
export function arange(first: number, second?: number | ArangeOptions, third?: ArangeOptions): Tensor {
  const [start, end, options] = typeof second === "number" ? [first, second, third] : [0, first, second];
  const { step = 1, ...rest } = optionsOf<ArangeOptions>("arange", options, { ...CREATION, step: "number" });
  for (const [name, value] of [
    ["start", start],
    ["end", end],
    ["step", step],
  ] as const)
    checkFinite("arange", name, value);
  if (step === 0 || (end - start) / step < 0) throw wrongValue("arange", "a step that leads from start to end", step);
  return listed("arange", [Math.ceil((end - start) / step)], (i) => start + i * step, rest);
}

/**
 * `steps` numbers from `start` to `end`, both included, evenly apart. Mirrors [torch.linspace](https://docs.pytorch.org/docs/stable/generated/torch.linspace.html).
 *
 * @param start The first number.
 * @param end The last number.
 * @param steps How many; one is the start alone.
 * @param options As for `zeros`.
 * @throws RangeError for numbers that are not finite, or steps that are no integer of 0 or more.
 * @example
 * ```ts
 * console.log(linspace(0, 1, 5).dataSync().join(" ")); // 0 0.25 0.5 0.75 1
 * ```
 */
export function linspace(start: number, end: number, steps: number, options?: CreationOptions): Tensor {
  checkFinite("linspace", "start", start);
  checkFinite("linspace", "end", end);
  checkInteger("linspace", "steps", steps, 0);
  const step = steps > 1 ? (end - start) / (steps - 1) : 0;
  // From both ends, so that the last number is exact.
  const value = (i: number) => (i < steps / 2 ? start + step * i : end - step * (steps - 1 - i));
  return listed("linspace", [steps], value, optionsOf<CreationOptions>("linspace", options, CREATION));
}

/**
 * Ones on the diagonal, zeros elsewhere. Mirrors [torch.eye](https://docs.pytorch.org/docs/stable/generated/torch.eye.html).
 *
 * @param n The number of rows.
 * @param options `m`: the number of columns, default `n`. Else as for `zeros`.
 * @throws RangeError for sizes that are no integers of 0 or more.
 * @example
 * ```ts
 * console.log(eye(2).dataSync().join(" ")); // 1 0 0 1
 * ```
 */
export function eye(n: number, options?: EyeOptions): Tensor {
  const { m = n, ...rest } = optionsOf<EyeOptions>("eye", options, { ...CREATION, m: "any" });
  checkInteger("eye", "n", n, 0);
  checkInteger("eye", "m", m, 0);
  return listed("eye", [n, m], (i) => Number(Math.floor(i / m) === i % m), rest);
}

/**
 * Zeros of the shape, dtype and backend of a tensor. Mirrors [torch.zeros_like](https://docs.pytorch.org/docs/stable/generated/torch.zeros_like.html).
 *
 * @param input Any shape and dtype.
 * @param options As for `zeros`, in place of the tensor's.
 */
export function zerosLike(input: Tensor, options?: CreationOptions): Tensor {
  return alike("zerosLike", input, 0, options);
}

/**
 * Ones of the shape, dtype and backend of a tensor. Mirrors [torch.ones_like](https://docs.pytorch.org/docs/stable/generated/torch.ones_like.html).
 *
 * @param input Any shape and dtype.
 * @param options As for `ones`, in place of the tensor's.
 */
export function onesLike(input: Tensor, options?: CreationOptions): Tensor {
  return alike("onesLike", input, 1, options);
}

// --- internal helpers ---

function alike(op: string, input: Tensor, value: number, options: CreationOptions | undefined): Tensor {
  const x = checkTensor(op, input);
  const given = optionsOf<CreationOptions>(op, options, CREATION);
  const { dtype: wanted, ...rest } = { dtype: x.dtype, backend: x.backend, ...given };
  const dtype = checkDType(op, wanted);
  const placed = placementOf(op, dtype, rest);
  return make(placed, () => computedLayout(placed.device, dtype, x.sizes, (out, kernels) => kernels.fill(out, value)));
}

function listed(op: string, sizes: Shape, value: (i: number) => number, { dtype: wanted = "float32", ...rest }: CreationOptions): Tensor {
  const shape = checkShape(op, sizes);
  const dtype = checkDType(op, wanted);
  const placed = placementOf(op, dtype, rest);
  return make(placed, () =>
    layoutFrom(placed.device, dtype, shape, () => {
      const numbers = hostArray("the host", "float64", sizeOf(shape));
      for (let i = 0; i < numbers.length; i++) numbers[i] = value(i);
      return convert(op, numbers, dtype);
    }),
  );
}

function checkFinite(op: string, name: string, value: unknown): void {
  if (typeof value !== "number") throw wrongType(op, `${name} to be a number`, value);
  if (!Number.isFinite(value)) throw wrongValue(op, `a finite ${name}`, value);
}
