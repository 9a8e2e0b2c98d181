import { describe } from "../errors/errors";
import { drawPermutation } from "../random/draws";
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

/**
 * Goes over a dataset in batches. Mirrors `torch.utils.data.DataLoader`. May be looped over many times; each pass shuffles anew.
 *
 * The loader owns a batch and frees it when the next is asked for, or the loop is left. To hold on to one, copy it: `cat([input])`.
 *
 * @example
 * ```ts
 * const loader = new DataLoader(dataset, { batchSize: 64, shuffle: true });
 * for (const [input, target] of loader) { ... }
 * ```
 */
export class DataLoader<T extends readonly Tensor[] = readonly Tensor[]> implements Iterable<{ [K in keyof T]: Tensor }> {
  readonly dataset: TensorDataset<T>;
  readonly batchSize: number;
  readonly #shuffle: boolean;
  readonly #dropLast: boolean;
  readonly #generator: Generator | undefined;

  /** @throws RangeError for a batch size that is no positive integer. */
  constructor(dataset: TensorDataset<T>, { batchSize = 1, shuffle = false, dropLast = false, generator }: DataLoaderOptions = {}) {
    if (typeof dataset?.batch !== "function") throw new TypeError(`DataLoader: expected a TensorDataset, got ${describe(dataset)}`);
    if (!Number.isSafeInteger(batchSize) || batchSize < 1) {
      throw new RangeError(`DataLoader: expected batchSize to be a positive integer, got ${describe(batchSize)}`);
    }
    if (generator !== undefined) resolveGenerator("DataLoader", generator);
    this.dataset = dataset;
    this.batchSize = batchSize;
    this.#shuffle = shuffle;
    this.#dropLast = dropLast;
    this.#generator = generator;
  }

  /** The number of batches in a pass. */
  get length(): number {
    const count = this.dataset.length / this.batchSize;
    return this.#dropLast ? Math.floor(count) : Math.ceil(count);
  }

  *[Symbol.iterator](): Generator_<{ [K in keyof T]: Tensor }> {
    const order = this.#order();
    for (let i = 0; i < this.length; i++) {
      const batch = this.dataset.batch(order.slice(i * this.batchSize, (i + 1) * this.batchSize));
      try {
        yield batch;
      } finally {
        for (const x of batch) x.dispose();
      }
    }
  }

  #order(): Int32Array {
    const { length } = this.dataset;
    if (this.#shuffle) return drawPermutation(resolveGenerator("DataLoader", this.#generator), length);
    return Int32Array.from({ length }, (_, i) => i);
  }
}

/** JavaScript's generator type; `Generator` is the random one here. */
type Generator_<T> = globalThis.Generator<T, void, undefined>;
