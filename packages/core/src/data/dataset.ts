import type { TypedArray } from "../dtype/dtype";
import type { Tensor } from "../tensor/tensor";

/**
 * One sample of a dataset: a tensor, a number, a boolean or a typed array, or an array or plain object of those, such as `[pixels, label]`.
 */
export type Sample = Tensor | number | boolean | TypedArray | readonly Sample[] | { readonly [name: string]: Sample };

/** Samples one at a time: an array is such a dataset, and any object with a length and `at`. */
export interface SampleDataset<S = unknown> {
  /** The number of samples. */
  readonly length: number;
  /**
   * One sample, or the promise of it.
   *
   * @param index Its place, from 0 to `length - 1`.
   */
  at(index: number): S;
}

/** Whole batches: for data that is quicker to take together. */
export interface BatchDataset<B = unknown> {
  /** The number of samples. */
  readonly length: number;
  /**
   * Samples as one batch of new tensors, whose first dimensions count them; or the promise of it. The loader frees them.
   *
   * @param indices Their places, from 0 to `length - 1`.
   */
  batch(indices: Int32Array): B;
}

/**
 * What a `DataLoader` goes over. Of one that has `batch` and `at`, `batch` is asked. Where they give promises, loop with `for await`.
 *
 * `T`, which may be left out, is anything; the empty tuple in it lets TypeScript take a `[pixels, label]` that is written in place for a pair.
 */
export type Dataset<T = readonly [] | object | string | number | bigint | boolean | symbol | null | undefined> =
  | SampleDataset<T | PromiseLike<T>>
  | BatchDataset<T | PromiseLike<T>>;

/** What a dataset's `at` gives. */
export type SampleOf<D> = D extends SampleDataset<infer S> ? Exclude<Awaited<S>, undefined> : never;

/** What becomes of samples: a tensor for each number, boolean, typed array or tensor in one of them. */
export type Collated<S> = S extends Tensor | number | boolean | TypedArray
  ? Tensor
  : S extends readonly unknown[] | { readonly [name: string]: unknown }
    ? { -readonly [K in keyof S]: Collated<S[K]> }
    : never;

/** A batch of a dataset: what its `batch` gives, or its samples put together. */
export type BatchOf<D> = D extends BatchDataset<infer B> ? Awaited<B> : Collated<SampleOf<D>>;
