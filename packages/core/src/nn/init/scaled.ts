import { ShapeError } from "../../errors/errors";
import { checkNumber, didYouMean, optionsOf } from "../../errors/options";
import { wrongValue } from "../../errors/refusal";
import { drawRandn, drawSymmetric } from "../../random/draws";
import type { FloatType } from "../../random/source";
import { formatShape, sizeOf } from "../../shape/shape";
import type { Tensor } from "../../tensor/tensor";
import { checkTarget, drawInto, drawOptions, type InitOptions } from "./fill";

/** What comes after a layer, by PyTorch's names in camelCase. */
export type Nonlinearity =
  | "linear"
  | "conv1d"
  | "conv2d"
  | "conv3d"
  | "convTranspose1d"
  | "convTranspose2d"
  | "convTranspose3d"
  | "sigmoid"
  | "tanh"
  | "relu"
  | "leakyRelu"
  | "selu";

/** Options of `xavierUniform` and `xavierNormal`. */
export interface XavierOptions extends InitOptions {
  /** A factor, such as `calculateGain("tanh")`. Default: 1. */
  readonly gain?: number;
}

/** Options of `kaimingUniform` and `kaimingNormal`. */
export interface KaimingOptions extends InitOptions {
  /** The negative slope, for "leakyRelu". Default: 0. */
  readonly a?: number;
  /** Keep the size of what goes forward, or of the gradients that come back. Default: "fanIn". */
  readonly mode?: "fanIn" | "fanOut";
  /** What comes after the layer. Default: "leakyRelu". */
  readonly nonlinearity?: Nonlinearity;
}

/**
 * The factor that keeps a signal its size through a nonlinearity. Mirrors
 * [torch.nn.init.calculate_gain](https://docs.pytorch.org/docs/stable/nn.init.html#torch.nn.init.calculate_gain).
 *
 * @param nonlinearity Its name.
 * @param options `param`: the negative slope of "leakyRelu"; default 0.01.
 * @throws RangeError for another name.
 * @example
 * ```ts
 * console.log(nn.init.calculateGain("relu") === Math.SQRT2, nn.init.calculateGain("tanh") === 5 / 3); // true true
 * ```
 */
export function calculateGain(nonlinearity: Nonlinearity, options?: { param?: number }): number {
  const { param = 0.01 } = optionsOf<{ param?: number }>("calculateGain", options, { param: "number" });
  return gainOf("calculateGain", nonlinearity, param);
}

/**
 * Uniform numbers that keep signals and gradients their size through linear layers, by Glorot and Bengio
 * ([2010](https://proceedings.mlr.press/v9/glorot10a.html)). Mirrors
 * [torch.nn.init.xavier_uniform_](https://docs.pytorch.org/docs/stable/nn.init.html#torch.nn.init.xavier_uniform_).
 *
 * @param tensor As for `uniform`, of two dimensions or more.
 * @param options `gain`: default 1.
 * @returns The tensor.
 * @throws ShapeError for fewer dimensions; else as `uniform`.
 */
export function xavierUniform(tensor: Tensor, options?: XavierOptions): Tensor {
  const { x, std, generator } = readXavier("xavierUniform", tensor, options);
  return drawInto("xavierUniform", x, generator, (from) => drawSymmetric(from, x.size, Math.sqrt(3) * std, x.dtype as FloatType));
}

/** The same with normal numbers. Mirrors [torch.nn.init.xavier_normal_](https://docs.pytorch.org/docs/stable/nn.init.html#torch.nn.init.xavier_normal_). Takes a `tensor` and `options`, returns and throws as `xavierUniform`. */
export function xavierNormal(tensor: Tensor, options?: XavierOptions): Tensor {
  const { x, std, generator } = readXavier("xavierNormal", tensor, options);
  return drawInto("xavierNormal", x, generator, (from) => drawRandn(from, x.size, x.dtype as FloatType).map((z) => std * z));
}

/**
 * Uniform numbers that keep signals their size through layers with rectifiers, by He et al. ([2015](https://arxiv.org/abs/1502.01852)). Mirrors
 * [torch.nn.init.kaiming_uniform_](https://docs.pytorch.org/docs/stable/nn.init.html#torch.nn.init.kaiming_uniform_).
 *
 * @param tensor As for `uniform`, of two dimensions or more.
 * @param options `a`: default 0. `mode`: default "fanIn". `nonlinearity`: default "leakyRelu".
 * @returns The tensor.
 * @throws ShapeError for fewer dimensions, RangeError for another mode or nonlinearity; else as `uniform`.
 * @example
 * ```ts
 * const { weight } = new nn.Linear(300, 100);
 * nn.init.kaimingNormal(weight, { nonlinearity: "relu" });
 * console.log(Math.abs(weight.std().itemSync() / Math.sqrt(2 / 300) - 1) < 0.05); // true
 * ```
 */
export function kaimingUniform(tensor: Tensor, options?: KaimingOptions): Tensor {
  const { x, std, generator } = readKaiming("kaimingUniform", tensor, options);
  return drawInto("kaimingUniform", x, generator, (from) => drawSymmetric(from, x.size, Math.sqrt(3) * std, x.dtype as FloatType));
}

/** The same with normal numbers. Mirrors [torch.nn.init.kaiming_normal_](https://docs.pytorch.org/docs/stable/nn.init.html#torch.nn.init.kaiming_normal_). Takes a `tensor` and `options`, returns and throws as `kaimingUniform`. */
export function kaimingNormal(tensor: Tensor, options?: KaimingOptions): Tensor {
  const { x, std, generator } = readKaiming("kaimingNormal", tensor, options);
  return drawInto("kaimingNormal", x, generator, (from) => drawRandn(from, x.size, x.dtype as FloatType).map((z) => std * z));
}

// --- internal helpers ---

const GAINS: Readonly<Record<Nonlinearity, (param: number) => number>> = {
  linear: () => 1,
  conv1d: () => 1,
  conv2d: () => 1,
  conv3d: () => 1,
  convTranspose1d: () => 1,
  convTranspose2d: () => 1,
  convTranspose3d: () => 1,
  sigmoid: () => 1,
  tanh: () => 5 / 3,
  relu: () => Math.SQRT2,
  leakyRelu: (slope) => Math.sqrt(2 / (1 + slope ** 2)),
  selu: () => 3 / 4,
};

function gainOf(op: string, nonlinearity: unknown, param: number): number {
  if (typeof nonlinearity === "string" && Object.hasOwn(GAINS, nonlinearity)) return GAINS[nonlinearity as Nonlinearity](param);
  const names = Object.keys(GAINS);
  const near = typeof nonlinearity === "string" ? didYouMean(nonlinearity, names) : undefined;
  throw wrongValue(op, `one of the nonlinearities ${names.join(", ")}`, nonlinearity, near);
}

/** How many numbers each output is made of, and for how many outputs each input is used. */
function fansOf(op: string, x: Tensor): { fanIn: number; fanOut: number } {
  const [out, inputs] = x.sizes;
  if (inputs === undefined) throw new ShapeError(op, [x.sizes], `expected two dimensions or more, got ${formatShape(x.sizes)}`);
  const field = sizeOf(x.sizes.slice(2));
  return { fanIn: inputs * field, fanOut: (out as number) * field };
}

function readXavier(op: string, tensor: Tensor, options: XavierOptions | undefined) {
  const { gain = 1, generator } = drawOptions(op, options, { gain: "number" });
  const x = checkTarget(op, tensor);
  const { fanIn, fanOut } = fansOf(op, x);
  return { x, std: finite(op, "gain", gain) * Math.sqrt(2 / (fanIn + fanOut)), generator };
}

function readKaiming(op: string, tensor: Tensor, options: KaimingOptions | undefined) {
  const given = drawOptions(op, options, { a: "number", mode: "any", nonlinearity: "any" });
  const { a = 0, mode = "fanIn", nonlinearity = "leakyRelu", generator } = given;
  const x = checkTarget(op, tensor);
  if (mode !== "fanIn" && mode !== "fanOut") throw wrongValue(op, 'mode "fanIn" or "fanOut"', mode);
  const gain = gainOf(op, nonlinearity, finite(op, "a", a));
  return { x, std: gain / Math.sqrt(fansOf(op, x)[mode]), generator };
}

function finite(op: string, name: string, value: number): number {
  checkNumber(op, name, value);
  if (!Number.isFinite(value)) throw wrongValue(op, `${name} to be finite`, value);
  return value;
}
