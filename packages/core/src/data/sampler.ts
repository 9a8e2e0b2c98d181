import { checkAttached, dtypeOf, hostArray, type TypedArray } from "../dtype/dtype";
import { BRAND, type Brand, Raw, raw } from "../errors/brand";
import { checkInteger, type OptionKinds, optionsOf } from "../errors/options";
import { wrongType, wrongValue } from "../errors/refusal";
import { drawIntegers, drawOrder, drawPermutation, drawWeighted, drawWeightedOnce } from "../random/draws";
import { type Generator, resolveGenerator } from "../random/generator";
import { lengthOf } from "./places";

/** The order of a pass: an array of places is one, and anything with a length that gives as many places in a loop. Asked anew for each pass. */
export interface Sampler extends Iterable<number> {
  /** The number of places in a pass. */
  readonly length: number;
}

/** Options of `RandomSampler`. */
export interface RandomSamplerOptions {
  /** Draw each place by itself, so that one may come twice. Default: false. */
  readonly replacement?: boolean;
  /** Places in a pass. Default: one for each sample. */
  readonly numSamples?: number;
  /** Where orders come from. Default: the default generator. */
  readonly generator?: Generator;
}

/** Options of `WeightedRandomSampler`. */
export interface WeightedRandomSamplerOptions {
  /** Draw each place by itself, so that one may come twice. Default: true. */
  readonly replacement?: boolean;
  /** Where places come from. Default: the default generator. */
  readonly generator?: Generator;
}

/** The order of a pass as an array, and the generator behind it: methods of the samplers here, of whichever copy of core. */
export const ORDER: unique symbol = /* @__PURE__ */ Symbol.for("@dropwise/core:order") as never;
export const SOURCE: unique symbol = /* @__PURE__ */ Symbol.for("@dropwise/core:source") as never;

/** What random samplers share: each loop draws anew. */
export abstract class RandomOrder extends Raw implements Sampler {
  readonly #generator: Generator | undefined;
  readonly #length: () => number;
  readonly #draw: (generator: Generator) => Int32Array;

  /** @internal */
  constructor(op: string, generator: Generator | undefined, length: () => number, draw: (generator: Generator) => Int32Array) {
    super();
    this.#generator = generator === undefined ? undefined : resolveGenerator(op, generator);
    this.#length = length;
    this.#draw = draw;
  }

  /** @internal */
  get [BRAND](): Brand {
    return "Sampler";
  }

  /** The number of places in a pass. */
  get length(): number {
    return raw(this).#length();
  }

  /** The places of a pass, drawn when it begins. */
  [Symbol.iterator](): IterableIterator<number> {
    return this[ORDER]().values();
  }

  /** @internal */
  [ORDER](): Int32Array {
    const self = raw(this);
    return self.#draw(self[SOURCE]());
  }

  /** @internal */
  [SOURCE](): Generator {
    return resolveGenerator("DataLoader", raw(this).#generator);
  }
}

/**
 * Places in random order, each once, or, with `replacement`, each drawn by itself. Mirrors
 * [torch.utils.data.RandomSampler](https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.RandomSampler).
 *
 * A pass takes one host call of the generator; without replacement, one for each time that it goes over all samples, as `numSamples` may ask.
 *
 * @example
 * ```ts
 * const sampler = new RandomSampler(5, { generator: new Generator(1) });
 * console.log([...sampler].sort().join()); // 0,1,2,3,4
 * ```
 */
export class RandomSampler extends RandomOrder {
  /**
   * @param source A dataset, or the number of its samples.
   * @param options Default: every sample once, from the default generator.
   * @throws TypeError for what has no length, RangeError for a length or `numSamples` that cannot be.
   */
  constructor(source: number | { readonly length: number }, options?: RandomSamplerOptions) {
    const op = "RandomSampler";
    const { replacement = false, numSamples, generator } = optionsOf(op, options, RANDOM);
    const dataset = typeof source === "number" ? { length: source } : source;
    const length = () => numSamples ?? lengthOf(op, dataset);
    super(op, generator, length, (drawn) => {
      const [count, wanted] = [lengthOf(op, dataset), length()];
      if (count === 0 && wanted > 0) throw wrongValue(op, "a dataset of at least one sample", count);
      const places = drawOrder(drawn, count, wanted, replacement, generator !== undefined);
      if (places !== undefined) return places;
      return replacement ? drawIntegers(drawn, count, wanted) : drawRounds(drawn, count, wanted);
    });
    lengthOf(op, dataset);
    if (numSamples !== undefined) checkInteger(op, "numSamples", numSamples, 1);
  }

  /** @internal */
  static override get name(): string {
    return "RandomSampler";
  }
}

/**
 * Places drawn as often as their weights say, for classes of unequal size. Mirrors
 * [torch.utils.data.WeightedRandomSampler](https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.WeightedRandomSampler).
 *
 * A pass takes one host call of the generator.
 *
 * @example
 * ```ts
 * const labels = [0, 0, 0, 1];
 * const weights = labels.map((label) => (label === 1 ? 3 : 1)); // as many of each class
 * const sampler = new WeightedRandomSampler(weights, 1000, { generator: new Generator(1) });
 * const positive = [...sampler].filter((place) => labels[place] === 1).length;
 * console.log(positive > 400 && positive < 600); // true
 * ```
 */
export class WeightedRandomSampler extends RandomOrder {
  /**
   * @param weights One for each sample, 0 or more; their sum need not be 1.
   * @param numSamples Places in a pass.
   * @param options Default: with replacement, from the default generator.
   * @throws TypeError for what is no array of numbers, RangeError for weights below 0 or not finite, without any above 0, or, without replacement, with
   *   fewer above 0 than `numSamples`.
   */
  constructor(
    weights: readonly number[] | Float32Array | Float64Array | Int32Array,
    numSamples: number,
    options?: WeightedRandomSamplerOptions,
  ) {
    const op = "WeightedRandomSampler";
    const { replacement = true, generator } = optionsOf(op, options, WEIGHTED);
    checkInteger(op, "numSamples", numSamples, 1);
    const own = weightsOf(op, weights);
    const draw = replacement ? drawWeighted : drawWeightedOnce;
    super(
      op,
      generator,
      () => numSamples,
      (drawn) => draw(drawn, own, numSamples),
    );
    const possible = own.filter((weight) => weight > 0).length;
    const needed = replacement ? 1 : numSamples;
    if (possible < needed) throw wrongValue(op, `at least ${needed} weights above 0`, possible);
  }

  /** @internal */
  static override get name(): string {
    return "WeightedRandomSampler";
  }
}

// --- internal helpers ---

const RANDOM: OptionKinds<RandomSamplerOptions> = { replacement: "flag", numSamples: "any", generator: "any" };
const WEIGHTED: OptionKinds<WeightedRandomSamplerOptions> = { replacement: "flag", generator: "any" };

/** One random order after the other, until there are enough places. */
function drawRounds(generator: Generator, count: number, length: number): Int32Array {
  if (count === length) return drawPermutation(generator, count);
  const places = hostArray("the host", "int32", length);
  for (let at = 0; at < length; at += count) places.set(drawPermutation(generator, count).subarray(0, length - at), at);
  return places;
}

/** A copy of weights, all of them finite and 0 or more. */
function weightsOf(op: string, weights: unknown): Float64Array {
  if (!Array.isArray(weights) && !["float32", "float64", "int32"].includes(dtypeOf(weights) as string))
    throw wrongType(op, "weights as an array of numbers, a Float32Array or a Float64Array", weights);
  if (!Array.isArray(weights)) checkAttached(op, weights as TypedArray);
  const given = weights as ArrayLike<unknown>;
  const copy: number[] = [];
  for (let i = 0; i < given.length; i++) {
    const weight = given[i];
    if (typeof weight !== "number") throw wrongType(op, "weights that are numbers", weight);
    if (!(weight >= 0 && weight < Number.POSITIVE_INFINITY)) throw wrongValue(op, "weights that are finite and 0 or more", weight);
    copy.push(weight);
  }
  if (copy.reduce((sum, weight) => sum + weight, 0) === Number.POSITIVE_INFINITY)
    throw wrongValue(op, "weights with a finite sum", Number.POSITIVE_INFINITY);
  return Float64Array.from(copy);
}
