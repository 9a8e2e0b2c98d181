import { checkInputs } from "../autograd/run";
import { composed } from "../autograd/scope";
import { checkFloating } from "../dtype/dtype";
import { checkBoolean, type OptionKinds, optionsOf } from "../errors/options";
import { wrongValue } from "../errors/refusal";
import { fusedLinearDropout, takesEpilogue } from "../ops/linear-dropout";
import { checkLinear, linear } from "../ops/matmul";
import { drawing } from "../random/drawing";
import { type Generator, resolveGenerator } from "../random/generator";
import { dropoutAffine } from "../random/mask-key";
import { sizeOf } from "../shape/shape";
import type { Tensor } from "../tensor/tensor";
import { gelu, relu } from "./activations";
import { dropout } from "./dropout";
import { checkElementOffset, checkProbability, type FeatureDropoutOptions } from "./dropout-options";

/** Options of `linearDropout`. */
export interface LinearDropoutOptions extends Omit<FeatureDropoutOptions, "inplace"> {
  /** `[out]`. Default: none. */
  readonly bias?: Tensor | null;
  /** Between the product and dropout. Default: none. */
  readonly activation?: "relu" | "gelu";
  /** Where the mask comes from. Default: the default generator. */
  readonly generator?: Generator;
}

/**
 * `dropout(activation(linear(input, weight, bias)))`: the same values, gradients and mask, from the same call of the generator. Where the backend can, the
 * product without an activation or with `"relu"` is made, activated and dropped in one step, while it is in the cache, and nothing in between is kept. It has no
 * counterpart in PyTorch, where `torch.compile` makes such things of the three calls.
 *
 * @param input `[..., in]`.
 * @param weight `[out, in]`.
 * @param options Of dropout: `p` (default 0.5), `training` (default true), `generator` and `elementOffset`, as in `dropout`; `bias`; `activation`.
 * @returns `[..., out]`.
 * @throws As `linear` and `dropout`, and RangeError for another activation; the generator then takes no call.
 * @example
 * ```ts
 * const [x, weight, options] = [ones([2, 3]), ones([4, 3]), { p: 0.5, generator: new Generator(1) }];
 * const y = F.linearDropout(x, weight, { activation: "relu", ...options });
 * const same = F.dropout(F.relu(F.linear(x, weight)), { ...options, generator: new Generator(1) });
 * console.log(y.dataSync().join() === same.dataSync().join()); // true
 * ```
 */
export function linearDropout(input: Tensor, weight: Tensor, options?: LinearDropoutOptions): Tensor {
  const {
    bias = null,
    activation,
    p = 0.5,
    training = true,
    generator: given,
    elementOffset = 0,
  } = optionsOf<LinearDropoutOptions>("linearDropout", options, OPTIONS);
  const inputs = checkLinear("linearDropout", input, weight, bias);
  const [x, weights, offsets] = inputs;
  for (const operand of inputs) checkFloating("linearDropout", (operand as Tensor).dtype);
  checkInputs("linearDropout", inputs as Tensor[]);
  if (activation !== undefined && activation !== "relu" && activation !== "gelu") {
    throw wrongValue("linearDropout", 'activation "relu" or "gelu"', activation);
  }
  checkProbability("linearDropout", p);
  checkBoolean("linearDropout", "training", training);
  const shape = [...x.sizes.slice(0, -1), weights.sizes[0] as number];
  checkElementOffset("linearDropout", elementOffset, training ? sizeOf(shape) : 0);
  const generator = resolveGenerator("linearDropout", given);

  const draws = training && p > 0 && p < 1 && x.size * weights.size > 0;
  // A mask that is a part of another one, or drawn as by another framework, or heard of by others: calls of their own are its definition.
  const isPlain = drawing.ask === undefined && generator.source.stream === undefined;
  if (draws && isPlain && activation !== "gelu" && inputs.every(isFloat32) && takesEpilogue(x)) {
    const key = generator.source.mask({ op: "linearDropout", generator, p, inplace: false, shape, elementOffset });
    const output = fusedLinearDropout(inputs, activation, key, dropoutAffine(p));
    generator.source.take(key);
    return output;
  }
  return composed(() => {
    const product = linear(x, weights, offsets);
    const active = activation === undefined ? product : activation === "relu" ? relu(product) : gelu(product);
    return dropout(active, { p, training, generator, elementOffset });
  });
}

// --- internal helpers ---

const OPTIONS: OptionKinds<LinearDropoutOptions> = {
  bias: "any",
  activation: "any",
  p: "any",
  training: "any",
  generator: "any",
  elementOffset: "any",
};

const isFloat32 = (x: Tensor | undefined): boolean => x?.dtype === "float32";
