import { wrongType, wrongValue } from "../../errors/refusal";
import { constantLike } from "../../ops/layout";
import { overwrite } from "../../ops/overwrite";
import { drawBetween, drawRand, drawRandn, drawTruncated } from "../../random/draws";
import type { FloatType } from "../../random/source";
import { elementOf } from "../../tensor/elements";
import type { Tensor } from "../../tensor/tensor";
import { checkTarget, drawInto, drawOptions, type InitOptions } from "./fill";
import { inverseNormal, normalShare } from "./inverse-normal";

/** Options of `uniform`. */
export interface UniformOptions extends InitOptions {
  /** The lower bound. Default: 0. */
  readonly a?: number;
  /** The upper bound. Default: 1. */
  readonly b?: number;
}

/** Options of `normal`. */
export interface NormalOptions extends InitOptions {
  /** Default: 0. */
  readonly mean?: number;
  /** The standard deviation, of 0 or more. Default: 1. */
  readonly std?: number;
}

/** Options of `truncNormal`. */
export interface TruncNormalOptions extends NormalOptions {
  /** The smallest number. Default: -2. */
  readonly a?: number;
  /** The largest. Default: 2. */
  readonly b?: number;
}

/**
 * Numbers that are uniform in [a, b). Mirrors [torch.nn.init.uniform_](https://docs.pytorch.org/docs/stable/nn.init.html#torch.nn.init.uniform_).
 *
 * @param tensor Written over, also where it requires a gradient, as by all of `nn.init`; float32 or float64.
 * @param options `a`: default 0. `b`: default 1. `generator`: default the default generator, of which every draw here takes one host call.
 * @returns The tensor.
 * @throws TypeError for integers, RangeError for bounds that are not in order; InPlaceError for an expanded tensor.
 * @example
 * ```ts
 * const layer = new nn.Linear(3, 2);
 * nn.init.uniform(layer.weight, { a: 5, b: 6 });
 * console.log(layer.weight.amin().itemSync() >= 5); // true
 * ```
 */
export function uniform(tensor: Tensor, options?: UniformOptions): Tensor {
  const { a = 0, b = 1, generator } = drawOptions("uniform", options, { a: "number", b: "number" });
  const x = checkTarget("uniform", tensor);
  checkBounds("uniform", a, b);
  return drawInto("uniform", x, generator, (from) => drawBetween(from, x.size, a, b, x.dtype as FloatType));
}

/**
 * Numbers that are normal. Mirrors [torch.nn.init.normal_](https://docs.pytorch.org/docs/stable/nn.init.html#torch.nn.init.normal_).
 *
 * @param tensor As for `uniform`.
 * @param options `mean`: default 0. `std`: default 1.
 * @returns The tensor.
 * @throws RangeError for a `std` below 0; else as `uniform`.
 */
export function normal(tensor: Tensor, options?: NormalOptions): Tensor {
  const { mean = 0, std = 1, generator } = drawOptions("normal", options, { mean: "number", std: "number" });
  const x = checkTarget("normal", tensor);
  checkStd("normal", mean, std);
  return drawInto("normal", x, generator, (from) => drawRandn(from, x.size, x.dtype as FloatType).map((z) => mean + std * z));
}

/**
 * Normal numbers of which none lies outside [a, b]. Mirrors [torch.nn.init.trunc_normal_](https://docs.pytorch.org/docs/stable/nn.init.html#torch.nn.init.trunc_normal_).
 *
 * @param tensor As for `uniform`.
 * @param options `mean`: default 0. `std`: default 1. `a`: default -2. `b`: default 2; these are numbers, and not multiples of `std`.
 * @returns The tensor.
 * @throws RangeError for a `std` of 0 or below; else as `uniform`.
 */
export function truncNormal(tensor: Tensor, options?: TruncNormalOptions): Tensor {
  const kinds = { mean: "number", std: "number", a: "number", b: "number" } as const;
  const { mean = 0, std = 1, a = -2, b = 2, generator } = drawOptions("truncNormal", options, kinds);
  const x = checkTarget("truncNormal", tensor);
  checkStd("truncNormal", mean, std);
  if (std === 0) throw wrongValue("truncNormal", "std above 0", std);
  checkBounds("truncNormal", a, b);
  const low = normalShare((a - mean) / std);
  const share = normalShare((b - mean) / std) - low;
  return drawInto(
    "truncNormal",
    x,
    generator,
    (from) =>
      drawTruncated(from, x.size, { mean, std, a, b, share }, x.dtype as FloatType) ??
      // From the middle of each of the 2^24 steps, since an end may be infinite.
      Float64Array.from(drawRand(from, x.size), (u) => Math.min(Math.max(mean + std * inverseNormal(low + share * (u + 2 ** -25)), a), b)),
  );
}

/**
 * One value everywhere. Mirrors [torch.nn.init.constant_](https://docs.pytorch.org/docs/stable/nn.init.html#torch.nn.init.constant_).
 *
 * @param tensor Written over; any dtype.
 * @param val The value.
 * @returns The tensor.
 * @throws TypeError for what is no number, RangeError for one beyond int32 in an int32 tensor; InPlaceError for an expanded tensor.
 */
export function constant(tensor: Tensor, val: number): Tensor {
  return filled("constant", tensor, val);
}

/** Ones. Mirrors [torch.nn.init.ones_](https://docs.pytorch.org/docs/stable/nn.init.html#torch.nn.init.ones_). Takes and returns the `tensor`, as `constant`. */
export function ones(tensor: Tensor): Tensor {
  return filled("ones", tensor, 1);
}

/** Zeros. Mirrors [torch.nn.init.zeros_](https://docs.pytorch.org/docs/stable/nn.init.html#torch.nn.init.zeros_). Takes and returns the `tensor`, as `constant`. */
export function zeros(tensor: Tensor): Tensor {
  return filled("zeros", tensor, 0);
}

// --- internal helpers ---

function filled(op: string, tensor: Tensor, value: number): Tensor {
  const x = checkTarget(op, tensor);
  if (typeof value !== "number") throw wrongType(op, "a value that is a number", value);
  const values = constantLike(x, elementOf(op, value, x.dtype), x.sizes);
  try {
    overwrite(x, values);
  } finally {
    values.dispose();
  }
  return x;
}

function checkBounds(op: string, a: number, b: number): void {
  if (!(a <= b && Number.isFinite(b - a))) throw wrongValue(op, `finite bounds with a <= b, a being ${a}`, b);
}

function checkStd(op: string, mean: number, std: number): void {
  if (!Number.isFinite(mean)) throw wrongValue(op, "a finite mean", mean);
  if (!(std >= 0 && std < Number.POSITIVE_INFINITY)) throw wrongValue(op, "a finite std of 0 or more", std);
}
