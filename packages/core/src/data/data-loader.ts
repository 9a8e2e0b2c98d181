import { hostArray } from "../dtype/dtype";
import { BRAND, type Brand, Raw, raw } from "../errors/brand";
import { checkInteger, type OptionKinds, optionsOf } from "../errors/options";
import { wrongType } from "../errors/refusal";
import { attempt, drawPermutation } from "../random/draws";
import { type Generator, resolveGenerator } from "../random/generator";
import type { Tensor } from "../tensor/tensor";
import type { TensorDataset } from "./dataset";

/** Options of `DataLoader`. */
export interface DataLoaderOptions {
  /** Samples per batch. Default: 1. */
  readonly batchSize?: number;
  /** A new random order in every pass. Default: false. */
  readonly shuffle?: boolean;
  /** Leave out a last batch that is not full. Default: false. */
  readonly dropLast?: boolean;
  /** Where orders come from; each pass with `shuffle` takes one host call. Default: the default generator. */
  readonly generator?: Generator;
}

const OPTIONS: OptionKinds<DataLoaderOptions> = { batchSize: "any", shuffle: "flag", dropLast: "flag", generator: "any" };

/**
 * Goes over a dataset in batches. Mirrors [torch.utils.data.DataLoader](https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.DataLoader). May be looped over many times; each pass shuffles anew.
 *
 * The loader owns a batch and frees it when the next is asked for, or the loop is left. To hold on to one, copy it: `cat([input])`.
 *
 * @example
 * ```ts
 * const dataset = new TensorDataset(rand([100, 10]), zeros([100, 1]));
 * const loader = new DataLoader(dataset, { batchSize: 64, shuffle: true });
 * const sizes = [];
 * for (const [input, target] of loader) sizes.push([input.shape[0], target.shape[0]]);
 * console.log(sizes); // [ [ 64, 64 ], [ 36, 36 ] ]
 * ```
 */
export class DataLoader<T extends readonly Tensor[] = readonly Tensor[]> extends Raw implements Iterable<{ [K in keyof T]: Tensor }> {
  /** What it goes over. */
  readonly dataset: TensorDataset<T>;
  /** Samples per batch; the last one may have fewer. */
  readonly batchSize: number;
  readonly #shuffle: boolean;
  readonly #dropLast: boolean;
  readonly #generator: Generator | undefined;

  /**
   * @param dataset Stays the caller's.
   * @param options Default: batches of 1, in order.
   * @throws RangeError for a batch size that is no positive integer, TypeError for what is no dataset or generator.
   */
  constructor(dataset: TensorDataset<T>, options?: DataLoaderOptions) {
    super();
    const { batchSize = 1, shuffle = false, dropLast = false, generator } = optionsOf("DataLoader", options, OPTIONS);
    if (typeof dataset?.batch !== "function") throw wrongType("DataLoader", "a TensorDataset", dataset);
    checkInteger("DataLoader", "batchSize", batchSize, 1);
    this.dataset = dataset;
    this.batchSize = batchSize;
    this.#shuffle = shuffle;
    this.#dropLast = dropLast;
    this.#generator = generator === undefined ? undefined : resolveGenerator("DataLoader", generator);
  }

  /** @internal */
  get [BRAND](): Brand {
    return "DataLoader";
  }

  /** @internal */
  static override get name(): string {
    return "DataLoader";
  }

  /** The number of batches in a pass. */
  get length(): number {
    const self = raw(this);
    const count = self.dataset.length / self.batchSize;
    return self.#dropLast ? Math.floor(count) : Math.ceil(count);
  }

  /** One pass: batches with a tensor for each of the dataset's. */
  *[Symbol.iterator](): globalThis.Generator<{ [K in keyof T]: Tensor }, void, undefined> {
    const self = raw(this);
    const begin = () => {
      const order = self.#shuffle ? drawPermutation(self.#source(), self.dataset.length) : null;
      return { order, first: self.#batch(order, 0) };
    };
    // A pass that fails before its first batch has not begun: it gives its call back.
    const { order, first } = self.#shuffle ? attempt(self.#source(), begin) : begin();
    for (let i = 0, batch = first; batch !== null; batch = self.#batch(order, ++i)) {
      try {
        yield batch;
      } finally {
        for (const x of batch) x.dispose();
      }
    }
  }

  #source(): Generator {
    return resolveGenerator("DataLoader", this.#generator);
  }

  /** Batch number `i` of a pass in this order, or in the dataset's own; null after the last. */
  #batch(order: Int32Array | null, i: number): { [K in keyof T]: Tensor } | null {
    if (i >= this.length) return null;
    const start = i * this.batchSize;
    const end = Math.min(start + this.batchSize, this.dataset.length);
    return this.dataset.batch(order === null ? range(start, end) : order.slice(start, end));
  }
}

// --- internal helpers ---

/** The places from `start` up to, not including, `end`. */
function range(start: number, end: number): Int32Array {
  const places = hostArray("the host", "int32", end - start);
  for (let i = 0; i < places.length; i++) places[i] = start + i;
  return places;
}
