import { BRAND, type Brand, Raw, raw } from "../errors/brand";
import type { BatchOf, Dataset } from "./dataset";
import { type DataLoaderOptions, type LoaderSettings, readSettings } from "./options";
import { passOf, passOfAsync } from "./pass";
import { checkDataset, lengthOf } from "./places";
import { checkLoaderState, type DataLoaderStateDict, newProgress } from "./progress";

/**
 * Goes over a dataset in batches. Mirrors [torch.utils.data.DataLoader](https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.DataLoader). May be
 * looped over many times; each pass shuffles anew. Data that is read or computed by promises needs `for await`, which asks for batches ahead.
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
 *
 * @example
 * ```ts
 * const squares = { length: 5, at: async (i: number): Promise<[number, number]> => [i, i * i] };
 * for await (const [x, y] of new DataLoader(squares, { batchSize: 5 })) console.log(x.add(y).dataSync().join()); // 0,2,6,12,20
 * ```
 */
export class DataLoader<const D extends Dataset = Dataset, C = BatchOf<D>, B = C> extends Raw implements Iterable<B>, AsyncIterable<B> {
  /** What it goes over. */
  readonly dataset: D;
  /** Samples per batch; the last one may have fewer. */
  readonly batchSize: number;
  readonly #settings: LoaderSettings;
  readonly #progress = newProgress();

  /**
   * @param dataset Stays the caller's: a `TensorDataset`, an array of samples, or any object with a `length` and either `at(index)` or `batch(indices)`.
   * @param options Default: batches of 1, in order.
   * @throws RangeError for a batch size that is no positive integer, TypeError for what is no dataset, generator, sampler, function or signal.
   */
  constructor(dataset: D, options?: DataLoaderOptions<D, C, B>) {
    super();
    checkDataset("DataLoader", dataset);
    lengthOf("DataLoader", dataset);
    this.dataset = dataset;
    this.#settings = readSettings(dataset, options);
    this.batchSize = this.#settings.batchSize;
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
    const { sampler, dropLast } = self.#settings;
    const count = (sampler ?? self.dataset).length / self.batchSize;
    return dropLast ? Math.floor(count) : Math.ceil(count);
  }

  /**
   * Where the newest pass stands, to go on from there in another process: which batches were given out, the one in use among them, and what its order was drawn
   * from. Beside it the generators are to be saved; `saveCheckpoint` of `@dropwise/weights` does. A pass that was left early goes on; after one that
   * was looped over to its end, the next is new. A sampler with randomness of its own is the caller's to restore.
   */
  stateDict(): DataLoaderStateDict {
    const self = raw(this);
    const { batch, order } = self.#progress;
    return { batch, batchSize: self.batchSize, samples: self.#samples(), order: order?.slice() ?? null };
  }

  /**
   * Has the next pass go on where a state says: with the same order, behind the batches that were given out, which are not read again.
   *
   * @param state What `stateDict` gave of a loader with as many samples and the same batch size.
   * @throws TypeError and RangeError for a state of another form or of another loader; nothing changes then.
   */
  loadStateDict(state: DataLoaderStateDict): void {
    const self = raw(this);
    Object.assign(self.#progress, checkLoaderState(state, self.batchSize, self.#samples(), self.length));
  }

  /** Samples in a pass. */
  #samples(): number {
    const self = raw(this);
    return (self.#settings.sampler ?? self.dataset).length;
  }

  /**
   * One pass, for `for`.
   *
   * @throws TypeError from the loop for a dataset that gives promises, or other than samples; RangeError for a place from the sampler that is not there;
   *   ShapeError for samples or batches of other shapes; the signal's reason; and what the dataset, `collate` or `transform` throw. The loader may be
   *   looped over again.
   */
  [Symbol.iterator](): globalThis.Generator<B, void, undefined> {
    const self = raw(this);
    return passOf(self.dataset, self.#settings, self.#progress) as globalThis.Generator<B, void, undefined>;
  }

  /** One pass, for `for await`; the errors are the same. Leaving the loop frees the batches that were made ahead. */
  [Symbol.asyncIterator](): AsyncGenerator<B, void, undefined> {
    const self = raw(this);
    return passOfAsync(self.dataset, self.#settings, self.#progress) as AsyncGenerator<B, void, undefined>;
  }
}
