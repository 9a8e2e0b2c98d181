import { checkInputs } from "../autograd/run";
import { composed } from "../autograd/scope";
import { checkFloating } from "../dtype/dtype";
import { ShapeError } from "../errors/errors";
import { checkNumber, type OptionKinds, optionsOf } from "../errors/options";
import { wrongValue } from "../errors/refusal";
import { checkTensor } from "../ops/binary";
import { attempt } from "../random/draws";
import { type Generator, resolveGenerator } from "../random/generator";
import { formatShape } from "../shape/shape";
import { rand } from "../tensor/creation";
import type { Tensor } from "../tensor/tensor";
import { sigmoid } from "./activations";

/** Options of `concreteDropout`. */
export interface ConcreteDropoutOptions {
  /** How soft the mask is: towards 0 it becomes one of zeros and ones, and its gradient vanishes. Default: 0.1. */
  readonly temperature?: number;
  /** Whether to drop at all. Default: true. */
  readonly training?: boolean;
  /** Where the numbers come from. Default: the default generator. */
  readonly generator?: Generator;
}

/** The options that it has. */
const CONCRETE_DROPOUT: OptionKinds<ConcreteDropoutOptions> = { temperature: "number", training: "flag", generator: "any" };

/** Keeps logarithms of uniform numbers finite, as in the authors' program. */
const EPS = 1e-7;

/**
 * Dropout whose rate is learned (Gal, Hron and Kendall, [2017](https://arxiv.org/abs/1705.07832)): each element is multiplied with a number near 0 or near 1, which
 * depends on the rate in a way that has a gradient, `1 - sigmoid((logit(p) + logit(u)) / temperature)` with u uniform, and divided by `1 - p`. The loss
 * needs `nn.ConcreteDropout`'s regularizer, without which the rate falls to 0. PyTorch has no such function.
 *
 * The uniform numbers are drawn on the host, by one host call of the generator, as `rand` draws them: the same in every part of a sharded batch. They are kept for the
 * gradient.
 *
 * @param input Any shape; float32 or float64.
 * @param logit The logit of the rate, `ln(p / (1 - p))`: one element, of the input's dtype and on its backend.
 * @param options `temperature`: default 0.1, the authors'; `training`: default true; `generator`.
 * @throws ShapeError for a logit of more than one element; RangeError for a temperature that is not above 0; TypeError for wrong types and integers.
 * @example
 * ```ts
 * const logit = tensor(0, { requiresGrad: true }); // p = 0.5
 * const y = F.concreteDropout(ones([1000]), logit, { generator: new Generator(1) });
 * console.log(y.mean().itemSync().toFixed(1)); // 1.0
 * ```
 */
export function concreteDropout(input: Tensor, logit: Tensor, options?: ConcreteDropoutOptions): Tensor {
  const {
    temperature = 0.1,
    training = true,
    generator: given,
  } = optionsOf<ConcreteDropoutOptions>("concreteDropout", options, CONCRETE_DROPOUT);
  const x = checkTensor("concreteDropout", input);
  const rate = checkTensor("concreteDropout", logit, "logit");
  checkInputs("concreteDropout", [x, rate]);
  checkFloating("concreteDropout", x.dtype);
  checkFloating("concreteDropout", rate.dtype);
  if (rate.size !== 1) {
    throw new ShapeError("concreteDropout", [rate.sizes], `expected a logit of one element, got shape ${formatShape(rate.sizes)}`);
  }
  checkTemperature("concreteDropout", temperature);
  const generator = resolveGenerator("concreteDropout", given);
  if (!training || x.size === 0) return x;
  return attempt(generator, () =>
    composed(() => {
      const { dtype, backend } = x;
      const u = rand(x.sizes, { dtype, backend, generator });
      const noise = u
        .add(EPS)
        .log()
        .sub(
          u
            .neg()
            .add(1 + EPS)
            .log(),
        );
      const own = rate.reshape([]);
      const dropped = sigmoid(noise.add(own).div(temperature));
      // 1 / (1 - p) = 1 + exp(logit).
      return x.mul(dropped.neg().add(1)).mul(own.exp().add(1));
    }),
  );
}

/** Refuses a temperature that is not above 0. */
export function checkTemperature(op: string, temperature: number): void {
  checkNumber(op, "temperature", temperature);
  if (!(temperature > 0 && temperature < Number.POSITIVE_INFINITY)) throw wrongValue(op, "a temperature above 0", temperature);
}
