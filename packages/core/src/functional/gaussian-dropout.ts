import { composed } from "../autograd/scope";
import { checkFloating } from "../dtype/dtype";
import { checkBoolean, type OptionKinds } from "../errors/options";
import { wrongValue } from "../errors/refusal";
import { checkTensor } from "../ops/binary";
import { attempt } from "../random/draws";
import { type Generator, resolveGenerator } from "../random/generator";
import type { Shape } from "../shape/shape";
import { normal } from "../tensor/draws";
import type { Tensor } from "../tensor/tensor";
import { checkProbability, rateOptions } from "./dropout-options";

/** Options of `gaussianDropout`. */
export interface GaussianDropoutOptions {
  /** The rate of the dropout whose noise has the same variance, in [0, 1). Default: 0.5. */
  readonly p?: number;
  /** Whether to lay noise over the input at all. Default: true. */
  readonly training?: boolean;
  /** Where the noise comes from. Default: the default generator. */
  readonly generator?: Generator;
}

/** The options that it has. */
const GAUSSIAN_DROPOUT: OptionKinds<GaussianDropoutOptions> = { p: "any", training: "flag", generator: "any" };

/**
 * Multiplies each element with a normal number of mean 1 and variance `p / (1 - p)`, which is that of dropout at the rate `p` (Srivastava et al.,
 * [2014](https://jmlr.org/papers/v15/srivastava14a.html), section 10). Nothing is dropped, and nothing to be scaled in inference. Mirrors
 * [keras.layers.GaussianDropout](https://keras.io/api/layers/regularization_layers/gaussian_dropout/).
 *
 * On the torch backend of Keras, call k of a layer with the seed s has the noise of `new Generator(s + k, { stream: torchCpu })`, to the rounding of logarithms.
 *
 * The noise is drawn on the host, by one host call of the generator, as `randn` draws it: the same in every part of a sharded batch. It is kept for the gradient.
 *
 * @param input Any shape; float32 or float64.
 * @param options `p`: default 0.5; a lone number is `p`. `training`: default true. `generator`.
 * @throws RangeError for p outside [0, 1) or NaN; TypeError for wrong types and integers.
 * @example
 * ```ts
 * const y = F.gaussianDropout(ones([10000]), { p: 0.2, generator: new Generator(1) });
 * console.log(y.mean().itemSync().toFixed(1), y.std().itemSync().toFixed(1)); // 1.0 0.5
 * ```
 */
export function gaussianDropout(input: Tensor, options: number | GaussianDropoutOptions = {}): Tensor {
  const x = checkTensor("gaussianDropout", input);
  const { p, training, generator } = gaussianOptions("gaussianDropout", options);
  if (!training || p === 0 || x.size === 0) return x;
  checkFloating("gaussianDropout", x.dtype);
  return attempt(generator, () => composed(() => x.mul(gaussianNoise(x, x.sizes, p, generator))));
}

/** Checks the options. */
export function gaussianOptions(op: string, options: number | GaussianDropoutOptions) {
  const { p = 0.5, training = true, generator } = rateOptions<GaussianDropoutOptions>(op, options, GAUSSIAN_DROPOUT);
  checkProbability(op, p);
  if (p === 1) throw wrongValue(op, "a rate p below 1, of which the variance p / (1 - p) is finite", p);
  checkBoolean(op, "training", training);
  return { p, training, generator: resolveGenerator(op, generator) };
}

/** The noise for an input: of mean 1, and the variance of dropout. */
export function gaussianNoise(
  { dtype, backend }: Pick<Tensor, "dtype" | "backend">,
  shape: Shape,
  p: number,
  generator: Generator,
): Tensor {
  return normal(1, Math.sqrt(p / (1 - p)), shape, { dtype, backend, generator });
}
