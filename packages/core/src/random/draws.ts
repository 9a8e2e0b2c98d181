/**
 * Random numbers drawn on the host, so that a model starts equal on every backend. Each function takes one host call of the
 * generator, whatever the length, and uses its words in order. Stated in `docs/random-stream.md`. Memory comes first: where there is none, no call is taken.
 */
import { hostArray } from "../dtype/dtype";
import type { Generator } from "./generator";
import { WordReader } from "./words";

/** Uniform in [0, 1) with 24 bits, as float32 holds: `(word >>> 8) * 2^-24`. */
export function drawRand(generator: Generator, length: number): Float32Array {
  return drawUniform(generator, length, (u) => u);
}

/** Uniform in [-bound, bound): `f32(bound * (2 u - 1))`. */
export function drawSymmetric(generator: Generator, length: number, bound: number): Float32Array {
  return drawUniform(generator, length, (u) => bound * (2 * u - 1));
}

/** Standard normal by Box-Muller in double: of each block, words (0, 1) give cosine and sine, and words (2, 3) likewise. */
export function drawRandn(generator: Generator, length: number): Float64Array {
  const out = hostArray("the host", "float64", length);
  const words = new WordReader(generator.takeHostCall());
  for (let i = 0; i < length; i += 2) {
    const u1 = (words.next() + 1) * 2 ** -32; // in (0, 1], so that the logarithm is finite
    const u2 = words.next() * 2 ** -32;
    const radius = Math.sqrt(-2 * Math.log(u1));
    out[i] = radius * Math.cos(2 * Math.PI * u2);
    if (i + 1 < length) out[i + 1] = radius * Math.sin(2 * Math.PI * u2);
  }
  return out;
}

/**
 * A random order of 0 .. length - 1: Fisher-Yates from the last place down. The partner of place i is `word % (i + 1)`, where words
 * at or above the largest multiple of i + 1 in 32 bits are passed over, so that no order is likelier than another.
 */
export function drawPermutation(generator: Generator, length: number): Int32Array {
  const order = hostArray("the host", "int32", length);
  for (let i = 0; i < length; i++) order[i] = i;
  const words = new WordReader(generator.takeHostCall());
  for (let i = length - 1; i > 0; i--) {
    const range = i + 1;
    const limit = 2 ** 32 - (2 ** 32 % range);
    let word = words.next();
    while (word >= limit) word = words.next();
    const j = word % range;
    const held = order[i] as number;
    order[i] = order[j] as number;
    order[j] = held;
  }
  return order;
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

function drawUniform(generator: Generator, length: number, map: (u: number) => number): Float32Array {
  const out = hostArray("the host", "float32", length);
  const words = new WordReader(generator.takeHostCall());
  for (let i = 0; i < length; i++) out[i] = map((words.next() >>> 8) * 2 ** -24);
  return out;
}
