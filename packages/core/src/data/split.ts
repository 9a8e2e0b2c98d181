import { BRAND, type Brand, Raw, raw } from "../errors/brand";
import { type OptionKinds, optionsOf } from "../errors/options";
import { wrongType, wrongValue } from "../errors/refusal";
import { attempt, drawPermutation } from "../random/draws";
import { type Generator, resolveGenerator } from "../random/generator";
import type { BatchWatcher } from "./batch-watcher";
import type { BatchOf, Dataset } from "./dataset";
import { type Collate, fetchBatch } from "./fetch";
import { checkDataset, lengthOf, placesOf, ROWS } from "./places";

/** Options of `randomSplit`. */
export interface RandomSplitOptions {
  /** Where the order comes from. Default: the default generator. */
  readonly generator?: Generator;
}

/**
 * Some samples of a dataset, in an order of their own. Mirrors
 * [torch.utils.data.Subset](https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.Subset).
 *
 * @example
 * ```ts
 * const dataset = new TensorDataset(tensor([0, 10, 20, 30]));
 * const subset = new Subset(dataset, [3, 1]);
 * for (const [x] of new DataLoader(subset, { batchSize: 2 })) console.log(x.dataSync().join()); // 30,10
 * ```
 */
export class Subset<D extends Dataset = Dataset> extends Raw {
  /** The whole. */
  readonly dataset: D;
  readonly #places: Int32Array;

  /**
   * @param dataset Stays the caller's.
   * @param indices Places in it, from 0 to its `length - 1`, also repeated. Copied.
   * @throws TypeError for what is no dataset or no array of integers, RangeError for a place that is not there.
   */
  constructor(dataset: D, indices: Int32Array | readonly number[]) {
    super();
    checkDataset("Subset", dataset);
    this.dataset = dataset;
    this.#places = placesOf("Subset", indices, lengthOf("Subset", dataset));
  }

  /** @internal */
  get [BRAND](): Brand {
    return "Dataset";
  }

  /** @internal */
  static override get name(): string {
    return "Subset";
  }

  /** The number of samples. */
  get length(): number {
    return raw(this).#places.length;
  }

  /** The places of the samples in `dataset`. A copy. */
  get indices(): Int32Array {
    return raw(this).#places.slice();
  }

  /**
   * The samples at `indices`, places in this subset, as one batch of new tensors, which the caller disposes; where the dataset gives promises, the promise of it.
   *
   * @throws TypeError for anything but an array of integers, RangeError for a place that is not there, and what the dataset throws.
   */
  batch(indices: Int32Array | readonly number[]): BatchOf<D> {
    const self = raw(this);
    return self[ROWS](placesOf("batch", indices, self.length), undefined) as BatchOf<D>;
  }

  /** @internal The same for places that are known to be there. */
  [ROWS](places: Int32Array, collate: Collate | undefined, watcher?: BatchWatcher): unknown {
    const self = raw(this);
    return fetchBatch(
      self.dataset,
      places.map((place) => self.#places[place] as number),
      collate,
      watcher,
    );
  }
}

/**
 * Splits a dataset at random into parts that share no sample. Takes one host call of the generator. Mirrors
 * [torch.utils.data.random_split](https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.random_split).
 *
 * @param dataset Stays the caller's.
 * @param lengths How many samples each part has, together all; or fractions, together 1: each part gets the whole number below, and what is left goes one
 *   each to the first parts.
 * @param options `generator`: default the default generator.
 * @throws TypeError for what is no dataset or no array of numbers, RangeError for other sums.
 * @example
 * ```ts
 * const dataset = new TensorDataset(rand([10, 3]));
 * const [training, test] = randomSplit(dataset, [0.8, 0.2], { generator: new Generator(1) });
 * console.log(training?.length, test?.length); // 8 2
 * ```
 */
export function randomSplit<D extends Dataset>(dataset: D, lengths: readonly number[], options?: RandomSplitOptions): Subset<D>[] {
  const { generator: given } = optionsOf("randomSplit", options, OPTIONS);
  checkDataset(OP, dataset);
  const count = lengthOf(OP, dataset);
  const generator = resolveGenerator(OP, given);
  const parts = partsOf(lengths, count);
  return attempt(generator, () => {
    const order = drawPermutation(generator, count);
    let end = 0;
    return parts.map((length) => {
      end += length;
      return new Subset(dataset, order.subarray(end - length, end));
    });
  });
}

/** What a subset, of a subset perhaps, is a part of. */
export function wholeOf(dataset: Dataset): Dataset {
  return dataset instanceof Subset ? wholeOf(dataset.dataset) : dataset;
}

// --- internal helpers ---

const OP = "randomSplit";
const OPTIONS: OptionKinds<RandomSplitOptions> = { generator: "any" };

/** The lengths of the parts of `count` samples. */
function partsOf(lengths: readonly number[], count: number): number[] {
  if (!Array.isArray(lengths)) throw wrongType(OP, "lengths or fractions as an array of numbers", lengths);
  const given: number[] = [];
  for (let i = 0; i < lengths.length; i++) {
    const length: unknown = lengths[i];
    if (typeof length !== "number") throw wrongType(OP, "lengths or fractions that are numbers", length);
    if (!(length >= 0 && length < Number.POSITIVE_INFINITY)) throw wrongValue(OP, "lengths or fractions of 0 or more", length);
    given.push(length);
  }
  const sum = given.reduce((total, length) => total + length, 0);
  if (sum === count && given.every(Number.isInteger)) return given;
  // Sums such as 0.7 + 0.2 + 0.1 are off by a rounding.
  if (Math.abs(sum - 1) > 1e-9) throw wrongValue(OP, `lengths with the sum ${count}, or fractions with the sum 1`, sum);
  const parts = given.map((fraction) => Math.floor(count * fraction));
  const rest = count - parts.reduce((total, length) => total + length, 0);
  return parts.map((length, i) => length + Number(i < rest));
}
