/**
 * Random numbers drawn on the host, so that a model starts equal on every backend. Each function takes one host call of the
 * generator, whatever the length, and uses its words in order. Stated in `docs/random-stream.md`. Memory comes first: where there is none, no call is taken.
 */
import { hostArray, type TypedArray } from "../dtype/dtype";
import { drawing } from "./drawing";
import type { Generator } from "./generator";
import { type OwnSource, takeHostCall } from "./own-source";
import type { FloatType, ForeignSource, TruncatedNormal } from "./source";
import { WordReader } from "./words";

/** Uniform in [0, 1) with 24 bits, as float32 holds: `(word >>> 8) * 2^-24`. Under another stream as many bits as it has for the dtype. */
export function drawRand(generator: Generator, length: number, dtype?: FloatType): Float32Array | Float64Array {
  return drawUniform(generator, length, 0, 1, dtype, (u) => u);
}

/** What probabilities are compared with: an element is 1 where this is below its own. */
export function drawMarks(generator: Generator, length: number, dtype: FloatType): Float32Array | Float64Array {
  return sourceOf(generator, length)?.marks?.(length, dtype) ?? drawRand(generator, length, dtype);
}

/** Uniform in [-bound, bound): `f32(bound * (2 u - 1))`. */
export function drawSymmetric(generator: Generator, length: number, bound: number, dtype?: FloatType): Float32Array | Float64Array {
  return drawUniform(generator, length, -bound, bound, dtype, (u) => bound * (2 * u - 1));
}

/** Uniform in [from, to), in double. */
export function drawBetween(generator: Generator, length: number, from: number, to: number, dtype: FloatType): Float32Array | Float64Array {
  const source = sourceOf(generator, length);
  return source ? source.uniform(length, from, to, dtype) : Float64Array.from(drawRand(generator, length), (u) => from + (to - from) * u);
}

/** Standard normal by Box-Muller in double: of each block, words (0, 1) give cosine and sine, and words (2, 3) likewise. */
export function drawRandn(generator: Generator, length: number, dtype: FloatType = "float32"): Float64Array {
  const source = sourceOf(generator, length);
  if (source) return source.normal(length, dtype);
  const out = hostArray("the host", "float64", length);
  const words = wordsFor(generator, length);
  for (let i = 0; i < length; i += 2) {
    const u1 = (words.next() + 1) * 2 ** -32; // in (0, 1], so that the logarithm is finite
    const u2 = words.next() * 2 ** -32;
    const radius = Math.sqrt(-2 * Math.log(u1));
    out[i] = radius * Math.cos(2 * Math.PI * u2);
    if (i + 1 < length) out[i + 1] = radius * Math.sin(2 * Math.PI * u2);
  }
  return out;
}

/** Normal numbers in [a, b], where another framework has a way of its own for them. */
export function drawTruncated(generator: Generator, length: number, range: TruncatedNormal, dtype: FloatType): Float64Array | undefined {
  return sourceOf(generator, length)?.truncatedNormal?.(length, range, dtype);
}

/** A random order of 0 .. length - 1: Fisher-Yates from the last place down. The partner of place i is drawn below i + 1. */
export function drawPermutation(generator: Generator, length: number): Int32Array {
  const source = sourceOf(generator, length);
  if (source) return source.permutation(length);
  const order = hostArray("the host", "int32", length);
  for (let i = 0; i < length; i++) order[i] = i;
  const words = wordsFor(generator, length);
  for (let i = length - 1; i > 0; i--) {
    const j = below(words, i + 1);
    const held = order[i] as number;
    order[i] = order[j] as number;
    order[j] = held;
  }
  return order;
}

/** The places that a random sampler visits, where another framework has a way of its own for it. `isOwn`: the generator was given to the sampler. */
export function drawOrder(
  generator: Generator,
  samples: number,
  length: number,
  replacement: boolean,
  isOwn: boolean,
): Int32Array | undefined {
  return sourceOf(generator, length)?.order?.(samples, length, replacement, isOwn);
}

/** A pass of a loader begins, which some frameworks draw for. */
export function drawPass(generator: Generator): void {
  sourceOf(generator, 1)?.beginPass?.();
}

/** Integers in [0, range), each as likely as any other. */
export function drawIntegers(generator: Generator, range: number, length: number): Int32Array {
  const source = sourceOf(generator, length);
  if (source) return source.integers(length, range);
  const out = hostArray("the host", "int32", length);
  const words = wordsFor(generator, length);
  for (let i = 0; i < length; i++) out[i] = below(words, range);
  return out;
}

/** Times of a race that each place wins as often as its weight, by which the time is divided, says. For generators under a stream. */
export function drawTimes(generator: Generator, length: number, dtype: FloatType): Float64Array {
  return (sourceOf(generator, length) as ForeignSource).exponential(length, dtype);
}

/** How fast each place runs in a race that is won as often as its weight says: `f32(-1 / log((word + 1/2) * 2^-32))`, between 1/23 and 2^33. */
export function drawRaces(generator: Generator, length: number): Float32Array {
  const out = hostArray("the host", "float32", length);
  const words = wordsFor(generator, length);
  for (let i = 0; i < length; i++) out[i] = -1 / Math.log((words.next() + 0.5) * 2 ** -32);
  return out;
}

/** Gumbel numbers: `f32(-log(-log((word + 1/2) * 2^-32)))`. The place with the largest sum of logit and number is drawn as often as the softmax says. */
export function drawGumbel(generator: Generator, length: number): Float32Array {
  const source = sourceOf(generator, length);
  if (source) return Float32Array.from(source.exponential(length, "float32"), (time) => -Math.log(time));
  const out = hostArray("the host", "float32", length);
  const words = wordsFor(generator, length);
  for (let i = 0; i < length; i++) out[i] = -Math.log(-Math.log((words.next() + 0.5) * 2 ** -32));
  return out;
}

/**
 * Places of `weights`, each as likely as its weight says: the first whose running sum, added up in order, is above `word * 2^-32` times the sum of all.
 */
export function drawWeighted(generator: Generator, weights: Float32Array | Float64Array, length: number): Int32Array {
  const source = sourceOf(generator, length);
  if (source) return source.weighted(weights, length, true);
  const out = hostArray("the host", "int32", length);
  let sum = 0;
  const sums = Float64Array.from(weights, (weight) => {
    sum += weight;
    return sum;
  });
  const words = wordsFor(generator, length);
  for (let i = 0; i < length; i++) {
    out[i] = firstAbove(sums, words.next() * 2 ** -32 * sum);
  }
  return out;
}

/** The first place of rising sums that is above what is wanted, found by halving; the last one where none is. */
export function firstAbove(sums: TypedArray, wanted: number): number {
  let [low, high] = [0, sums.length - 1];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sums[middle] as number) > wanted) high = middle;
    else low = middle + 1;
  }
  return low;
}

/**
 * The same without a place twice: those with the smallest `-log((word + 1/2) * 2^-32) / weight`, smallest first, where place i has word i. That is the order
 * in which they would be drawn one after the other. There are at least `length` weights above 0.
 */
export function drawWeightedOnce(generator: Generator, weights: Float64Array, length: number): Int32Array {
  const source = sourceOf(generator, length);
  if (source) return source.weighted(weights, length, false);
  const places = hostArray("the host", "int32", weights.length);
  for (let i = 0; i < places.length; i++) places[i] = i;
  const words = wordsFor(generator, weights.length);
  const times = weights.map((weight) => {
    const time = -Math.log((words.next() + 0.5) * 2 ** -32);
    return weight > 0 ? time / weight : Number.POSITIVE_INFINITY;
  });
  const timeOf = (place: number) => times[place] as number;
  return places.sort((a, b) => (timeOf(a) === timeOf(b) ? a - b : timeOf(a) - timeOf(b))).slice(0, length);
}

/** What `fn` draws, or, where it throws, a generator that was not asked: a refused call takes no call number. */
export function attempt<T>(generator: Generator, fn: () => T): T {
  const before = generator.getState();
  try {
    return fn();
  } catch (error) {
    generator.setState(before);
    throw error;
  }
}

// --- internal helpers ---

/** Who draws instead, where the generator is under another framework's stream. */
function sourceOf(generator: Generator, length: number): ForeignSource | undefined {
  const { source } = generator;
  if (!source.stream) return undefined;
  drawing.ask?.({ op: "a draw on the host", generator }, [length]);
  return source as ForeignSource;
}

/** The words of the next host call, for a draw of `length` numbers. */
function wordsFor(generator: Generator, length: number): WordReader {
  drawing.ask?.({ op: "a draw on the host", generator }, [length]);
  return new WordReader(takeHostCall(generator.source as OwnSource));
}

/** `word % range`, where words at or above the largest multiple of `range` in 32 bits are passed over, so that no number is likelier than another. */
function below(words: WordReader, range: number): number {
  let word = words.next();
  // Few words are so near the end that the multiple matters. A quotient is found sooner than a remainder, and is exact: doubles have 21 bits to spare.
  while (word >= 2 ** 32 - range && word >= 2 ** 32 - (2 ** 32 % range)) word = words.next();
  return word - Math.floor(word / range) * range;
}

function drawUniform(
  generator: Generator,
  length: number,
  from: number,
  to: number,
  dtype: FloatType = "float32",
  map: (u: number) => number,
): Float32Array | Float64Array {
  const source = sourceOf(generator, length);
  if (source) return source.uniform(length, from, to, dtype);
  const out = hostArray("the host", "float32", length);
  const words = wordsFor(generator, length);
  for (let i = 0; i < length; i++) out[i] = map((words.next() >>> 8) * 2 ** -24);
  return out;
}
