import { checkInputs } from "../autograd/run";
import { composed } from "../autograd/scope";
import { checkFloating } from "../dtype/dtype";
import { ShapeError } from "../errors/errors";
import { checkInteger, checkNumber, optionsOf } from "../errors/options";
import { wrongValue } from "../errors/refusal";
import { checkTensor } from "../ops/binary";
import { attempt, drawGumbel } from "../random/draws";
import { type Generator, resolveGenerator } from "../random/generator";
import { formatShape } from "../shape/shape";
import type { Tensor } from "../tensor/tensor";
import { softmax } from "./activations";
import { drawn } from "./host-tensor";

/** Options of `sample`. */
export interface SampleOptions {
  /** What logits are divided by: below 1 likely ones come more often, and 0 takes the largest. Default: 1. */
  readonly temperature?: number;
  /** Only so many of the largest logits, and what equals the last of them. Default: all. */
  readonly topK?: number;
  /** Only the likeliest that together have this probability, in (0, 1], and what equals the last of them; after `topK`. Default: 1. */
  readonly topP?: number;
  /** Where the numbers come from. Default: the default generator. */
  readonly generator?: Generator;
}

/**
 * Draws a place from logits, each as likely as their softmax says: the next token of a language model. PyTorch writes it as a softmax and `multinomial`.
 *
 * The largest of logit and Gumbel number is taken. These numbers are drawn on the host, in one call of the generator (none for temperature 0), and added where the logits
 * are: nothing waits, and equal logits give equal places for a seed on every backend (with `topP`, as long as no sum of probabilities is within its rounding of it).
 *
 * @param logits `[..., places]`, float; -Infinity is never drawn.
 * @param options `temperature`: default 1. `topK`: default all. `topP`: default 1. `generator`: default the default generator.
 * @returns int32, of the leading dimensions. It has no gradient.
 * @throws RangeError for a temperature that is below 0 or infinite, a topK that is no positive integer, and a topP outside (0, 1]; ShapeError for no places; TypeError for integers.
 * @example
 * ```ts
 * const logits = tensor([[1, 5, 2], [4, 0, 0]]);
 * console.log(sample(logits, { temperature: 0 }).dataSync().join(" ")); // 1 0
 * console.log(sample(logits, { topK: 2, generator: new Generator(4) }).dataSync().join(" ")); // 1 0
 * ```
 */
export function sample(logits: Tensor, options?: SampleOptions): Tensor {
  const op = "sample";
  const {
    temperature = 1,
    topK,
    topP = 1,
    generator: given,
  } = optionsOf<SampleOptions>(op, options, { temperature: "any", topK: "any", topP: "any", generator: "any" });
  const x = checkTensor(op, logits);
  checkFloating(op, x.dtype);
  checkInputs(op, [x]);
  const count = x.sizes.at(-1);
  if (!count) throw new ShapeError(op, [x.sizes], `expected [..., places] with at least one place, got ${formatShape(x.sizes)}`);
  checkNumber(op, "temperature", temperature);
  if (!(temperature >= 0 && temperature < Number.POSITIVE_INFINITY)) throw wrongValue(op, "a finite temperature of 0 or more", temperature);
  if (topK !== undefined) checkInteger(op, "topK", topK, 1);
  checkNumber(op, "topP", topP);
  if (!(topP > 0 && topP <= 1)) throw wrongValue(op, "topP in (0, 1]", topP);
  const generator = resolveGenerator(op, given);
  return attempt(generator, () =>
    composed(() => {
      const all = x.detach();
      if (temperature === 0) return all.argmax({ dim: -1 });
      const scaled = all.mul(1 / temperature);
      const few = topK === undefined || topK >= count ? scaled : above(scaled, scaled, topK, (part) => part.type(x.dtype));
      const likely = topP === 1 ? few : above(few, softmax(few, { dim: -1 }), topP, (part, p) => p.where(part, 0));
      const noise = drawn(x, x.sizes, (length) => drawGumbel(generator, length));
      return likely.add(noise).argmax({ dim: -1 });
    }),
  );
}

// --- internal helpers ---

/** How often an interval is halved: float32 has no more numbers between two logits than that. */
const HALVINGS = 32;

/**
 * The logits whose `score` is at or above the highest bar over which the scores still weigh `target`; -Infinity elsewhere. The bar is found by halving, since
 * a device that the host does not see would sort by comparing every one with every other.
 */
function above(logits: Tensor, scores: Tensor, target: number, weigh: (isOver: Tensor, scores: Tensor) => Tensor): Tensor {
  const along = { dim: -1, keepdim: true };
  let high = scores.amax(along);
  let low = scores.where(scores.gt(Number.NEGATIVE_INFINITY), high).amin(along);
  const weighs = (bar: Tensor) => weigh(scores.ge(bar), scores).sum(along).ge(target);
  // The highest one may do by itself; what is between is open.
  low = high.where(weighs(high), low);
  for (let i = 0; i < HALVINGS; i++) {
    const middle = low.add(high).mul(0.5);
    const isEnough = weighs(middle);
    low = middle.where(isEnough, low);
    high = high.where(isEnough, middle);
  }
  return logits.where(scores.ge(low), Number.NEGATIVE_INFINITY);
}
