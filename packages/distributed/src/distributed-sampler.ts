import { type Generator, RandomSampler, type Sampler } from "@dropwise/core";
import { optionsOf, wrongType } from "@dropwise/core/backend";
import { checkGroup, wholeNumber } from "./checks";
import { planOf } from "./data-parallel/plan";
import type { Group } from "./group";

/** Options of `DistributedSampler`. */
export interface DistributedSamplerOptions {
  /** Rows of a whole batch, over all processes. */
  readonly batchSize: number;
  /** That of `dataParallel`. Default: 8. */
  readonly shards?: number;
  /** A new random order in every pass, the same in all processes. Default: false. */
  readonly shuffle?: boolean;
  /** Leave out a last batch that is not full. Default: false. */
  readonly dropLast?: boolean;
  /** Where orders come from; of one seed in all processes. Default: the default generator. */
  readonly generator?: Generator;
}

/**
 * The places of a dataset that this process loads: of every batch, the rows of its own shards. Mirrors
 * [torch.utils.data.distributed.DistributedSampler](https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.distributed.DistributedSampler), which fills batches up with rows that it repeats; here
 * every row comes once, and batches are those that one process alone would make. A process that has no shard of a batch gets the rows of the first one, so that all make as many steps.
 *
 * @throws TypeError and RangeError for options, and what has no length.
 * @example
 * ```ts
 * const data = new TensorDataset(rand([100, 4]), rand([100, 1]));
 * const group = await connect();
 * const sampler = new DistributedSampler(data, group, { batchSize: 32, shuffle: true });
 * const loader = new DataLoader(data, { sampler, batchSize: sampler.ownBatchSize });
 * const rows = Array.from(loader, ([x], batch) => `${x.shape[0]} of ${sampler.totalOf(batch)}`);
 * console.log(rows.join()); // 32 of 32,32 of 32,32 of 32,4 of 4
 * ```
 */
export class DistributedSampler implements Sampler {
  /** Places of this process in a pass. */
  readonly length: number;
  /** Rows of this process in a full batch: the `batchSize` of its `DataLoader`. */
  readonly ownBatchSize: number;
  /** Itself, also where it is called through a transparent proxy, which has no private fields. */
  private readonly self = this;
  readonly #rows: number;
  readonly #options: Required<Omit<DistributedSamplerOptions, "generator">>;
  readonly #group: Group;
  readonly #order: Iterable<number>;

  /**
   * @param source A dataset, or the number of its rows.
   * @param group See `connect`.
   * @param options `batchSize` is needed.
   */
  constructor(source: number | { readonly length: number }, group: Group, options: DistributedSamplerOptions) {
    const given = optionsOf<DistributedSamplerOptions>(OP, options, {
      batchSize: "any",
      shards: "any",
      shuffle: "flag",
      dropLast: "flag",
      generator: "any",
    });
    const { batchSize, shards = 8, shuffle = false, dropLast = false, generator } = given;
    const rows = typeof source === "number" ? source : (source as { length?: unknown } | null)?.length;
    wholeNumber(OP, "the length of the dataset", rows, 0, 2 ** 31 - 1);
    wholeNumber(OP, "batchSize", batchSize, 1, 2 ** 31 - 1);
    wholeNumber(OP, "shards", shards, 1, 2 ** 16);
    checkGroup(OP, group);
    if (generator !== undefined && typeof (generator as Partial<Generator> | null)?.manualSeed !== "function")
      throw wrongType(OP, "generator to be a Generator", generator, "new Generator(seed)");
    this.#rows = rows;
    this.#options = { batchSize, shards, shuffle, dropLast };
    this.#group = group;
    this.#order = shuffle
      ? new RandomSampler(rows, generator === undefined ? {} : { generator })
      : Array.from({ length: rows }, (_, i) => i);
    this.ownBatchSize = this.#ownRows(batchSize);
    this.length = Array.from({ length: this.#batches }, (_, batch) => this.#ownRows(this.totalOf(batch))).reduce(
      (sum, own) => sum + own,
      0,
    );
  }

  /**
   * Rows of a whole batch: the `total` of a step.
   *
   * @param batch Its number in the pass, from 0.
   * @throws TypeError and RangeError for another number.
   */
  totalOf(batch: number): number {
    const self = this.self;
    wholeNumber("totalOf", "batch", batch, 0, self.#batches - 1);
    const { batchSize } = self.#options;
    return Math.min(batchSize, self.#rows - batch * batchSize);
  }

  /** The places of a pass. */
  *[Symbol.iterator](): IterableIterator<number> {
    const self = this.self;
    const order = [...self.#order];
    for (let batch = 0; batch < self.#batches; batch++) {
      const { start, end } = self.#plan(self.totalOf(batch)).rows;
      const first = batch * self.#options.batchSize;
      yield* order.slice(first + start, first + end);
    }
  }

  get #batches(): number {
    const { batchSize, dropLast } = this.#options;
    return dropLast ? Math.floor(this.#rows / batchSize) : Math.ceil(this.#rows / batchSize);
  }

  #plan(total: number) {
    return planOf(total, this.#options.shards, this.#group);
  }

  #ownRows(total: number): number {
    const { start, end } = this.#plan(total).rows;
    return end - start;
  }
}

// --- internal helpers ---

const OP = "DistributedSampler";
