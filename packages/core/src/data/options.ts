import { checkInteger, type OptionKinds, optionsOf } from "../errors/options";
import { refusal, wrongType } from "../errors/refusal";
import { type Generator, resolveGenerator } from "../random/generator";
import type { BatchOf, Dataset, SampleOf } from "./dataset";
import { RandomSampler, type Sampler } from "./sampler";
import { type AbortSignalLike, checkSignal } from "./signal";
import { wholeOf } from "./split";

/** Options of `DataLoader`. `D` is the dataset, `C` a batch of it, `B` what `transform` makes of that. */
export interface DataLoaderOptions<D = unknown, C = BatchOf<D>, B = C> {
  /** Samples per batch. Default: 1. */
  readonly batchSize?: number;
  /** A new random order in every pass. Default: false. */
  readonly shuffle?: boolean;
  /** Leave out a last batch that is not full. Default: false. */
  readonly dropLast?: boolean;
  /** Where orders come from; each pass with `shuffle` takes one host call when it begins. Default: the default generator. */
  readonly generator?: Generator;
  /** Which places a pass visits, and in which order, in place of `shuffle`. Default: all of them, in order. */
  readonly sampler?: Sampler;
  /** Puts samples together as a batch of new tensors, which the loader frees, for a dataset with `at`. Default: `defaultCollate`. */
  readonly collate?: (samples: SampleOf<D>[]) => C;
  /** What is made of each batch, without gradients. Tensors of the batch that it does not return are freed at once, those that it returns after the step. */
  readonly transform?: (batch: C) => B;
  /** Batches asked for ahead of the one in use by `for await`. A plain loop makes none ahead. Default: 1. */
  readonly prefetch?: number;
  /** An `AbortSignal` that ends a pass: the loop throws its reason. */
  readonly signal?: AbortSignalLike;
}

/** The same, read and checked. */
export interface LoaderSettings {
  readonly batchSize: number;
  readonly dropLast: boolean;
  readonly sampler: Sampler | undefined;
  readonly generator: Generator | undefined;
  readonly collate: ((samples: never) => unknown) | undefined;
  readonly transform: ((batch: never) => unknown) | undefined;
  readonly prefetch: number;
  readonly signal: AbortSignalLike | undefined;
}

/** Reads and checks the options of a loader over `dataset`. */
export function readSettings<D extends Dataset, C, B>(dataset: D, options: DataLoaderOptions<D, C, B> | undefined): LoaderSettings {
  const given = optionsOf<DataLoaderOptions<D, C, B>>(OP, options, OPTIONS as OptionKinds<DataLoaderOptions<D, C, B>>);
  const { batchSize = 1, shuffle = false, dropLast = false, prefetch = 1, generator, sampler, collate, transform, signal } = given;
  checkInteger(OP, "batchSize", batchSize, 1);
  checkInteger(OP, "prefetch", prefetch, 0);
  if (generator !== undefined) resolveGenerator(OP, generator);
  if (sampler !== undefined) {
    if (shuffle || generator !== undefined)
      throw refusal(
        OP,
        "a sampler alone",
        `one with ${shuffle ? "shuffle" : "a generator"}`,
        "leave that out, and let the sampler draw the order",
      );
    checkSampler(sampler);
  }
  for (const [name, value] of Object.entries({ collate, transform }))
    if (value !== undefined && typeof value !== "function") throw wrongType(OP, `${name} to be a function`, value);
  if (collate !== undefined && "batch" in wholeOf(dataset))
    throw refusal(OP, "a collate for a dataset with at", "one for a dataset with batch", "make batches there, or in transform");
  checkSignal(OP, signal);
  return {
    batchSize,
    dropLast,
    sampler: shuffle ? new RandomSampler(dataset, generator === undefined ? {} : { generator }) : sampler,
    generator,
    collate,
    transform,
    prefetch,
    signal,
  };
}

// --- internal helpers ---

const OP = "DataLoader";

const OPTIONS: OptionKinds<DataLoaderOptions> = {
  batchSize: "any",
  shuffle: "flag",
  dropLast: "flag",
  generator: "any",
  sampler: "any",
  collate: "any",
  transform: "any",
  prefetch: "any",
  signal: "any",
};

function checkSampler(sampler: Sampler): void {
  const isObject = typeof sampler === "object" && sampler !== null;
  if (!isObject || typeof sampler[Symbol.iterator] !== "function" || typeof sampler.length !== "number")
    throw wrongType(OP, "sampler to be an array of places, or another iterable of them with a length", sampler, "such as a RandomSampler");
}
