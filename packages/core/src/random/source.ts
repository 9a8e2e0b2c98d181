/**
 * What it takes to draw as another framework does. A generator that was given a stream asks its source wherever it would else draw from the default stream;
 * the streams themselves are in `streams/`, and who imports none carries none.
 */
import type { Layout } from "../autograd/node";
import type { Shape } from "../shape/shape";
import type { Draw } from "./drawing";
import type { Affine, MaskKey } from "./mask-key";

/** Whose random numbers a generator draws: `torchCpu`, what `torchCuda()` gives, and their like, of `@dropwise/core/streams`. */
export interface Stream {
  /** As messages name it. */
  readonly name: string;
  /** @internal The state after seeding. */
  begin(seed: bigint): ForeignSource;
}

/** A mask that is to be drawn. */
export interface MaskRequest extends Draw {
  readonly p: number;
  readonly inplace: boolean;
  /** The mask's shape. */
  readonly shape: Shape;
  readonly elementOffset: number;
  /** For a part of a larger mask: the larger one's shape, and what of it this part is. Default: a mask of its own, all of it. */
  readonly whole?: Shape;
  readonly strides?: readonly number[];
}

/** Who draws for a generator, and its state. */
export interface Source {
  /** Of another framework; none: the default stream, of which all below `take` is drawn by who wants it. */
  readonly stream?: Stream;
  readonly seed: bigint;
  /** The Philox offset; of a stream that has none, an error. */
  readonly offset: bigint;
  getState(): Uint8Array;
  /** Nothing changes where it throws. */
  setState(state: Uint8Array): void;
  /** The key of the next mask. The source moves when that is taken. */
  mask(request: MaskRequest): MaskKey;
  /** Moves behind a mask. */
  take(key: MaskKey): void;
}

/** The same under another framework's stream, which also draws on the host. */
export interface ForeignSource extends Source {
  readonly stream: Stream;
  /** Uniform in [from, to), of the values that the dtype has; as are the next. */
  uniform(length: number, from: number, to: number, dtype: FloatType): Float64Array;
  normal(length: number, dtype: FloatType): Float64Array;
  /** Integers in [0, range), range at most 2^32; those from 2^31 on come as negative ones. */
  integers(length: number, range: number): Int32Array;
  permutation(length: number): Int32Array;
  /** Exponential of rate 1. */
  exponential(length: number, dtype: FloatType): Float64Array;
  /** What `bernoulli` of a tensor compares: an element is 1 where this is below its probability. Default: uniform in [0, 1). */
  marks?(length: number, dtype: FloatType): Float64Array;
  /** Places of weights, each as likely as its weight says; without a place twice unless `replacement`. */
  weighted(weights: Float32Array | Float64Array, length: number, replacement: boolean): Int32Array;
  truncatedNormal?(length: number, range: TruncatedNormal, dtype: FloatType): Float64Array;
  /** A pass of a data loader begins. */
  beginPass?(): void;
  /** `length` places of as many `samples`, in random order. `isOwn`: the generator was given for this. */
  order?(samples: number, length: number, replacement: boolean, isOwn: boolean): Int32Array;
}

/** Normal numbers in [a, b], which have the `share` of all. */
export interface TruncatedNormal {
  readonly mean: number;
  readonly std: number;
  readonly a: number;
  readonly b: number;
  readonly share: number;
}

/** The dtypes that are drawn. */
export type FloatType = "float32" | "float64";

/** How a mask by another framework's rule is laid over data: `out = keep ? f32(f32(x * keepScale) + keepShift) : dropValue`; `out` may be `x`. */
export type Apply = (affine: Affine, x: Layout, out: Layout) => void;
