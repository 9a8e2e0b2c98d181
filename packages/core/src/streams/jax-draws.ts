/**
 * What `jax.random` draws from a key, as numbers on the host: the threefry generator with `jax_threefry_partitionable`, the default since JAX 0.5, in float32. Element e
 * has a word of its own, `x0 ^ x1` of the block at counter e, so that any part can be drawn without the rest.
 */
import { threefry2x32 } from "./threefry";

/** A key, as `jax.random.key_data` shows it: the high word first. */
export type JaxKey = readonly [high: number, low: number];

/** `jax.random.key(seed)`. Without 64-bit types, its default, JAX keeps the low 32 bits of a seed. */
export function keyOf(seed: bigint): JaxKey {
  return [0, Number(seed & 0xffffffffn)];
}

/** `jax.random.fold_in(key, data)`, data a word. It is also key `data` of `jax.random.split(key, n)`, for every n. */
export function folded([high, low]: JaxKey, data: number): JaxKey {
  const out = new Uint32Array(2);
  threefry2x32(high, low, 0, data, out);
  return [out[0] as number, out[1] as number];
}

/** A function that draws the word of an element. */
export function wordsOf([high, low]: JaxKey): (element: number) => number {
  const out = new Uint32Array(2);
  return (element) => {
    threefry2x32(high, low, Math.floor(element / 2 ** 32), element >>> 0, out);
    return ((out[0] as number) ^ (out[1] as number)) >>> 0;
  };
}

/** The word's upper 23 bits as a fraction, in [0, 1): what JAX gets from the bits of a float in [1, 2), less 1. */
export function fractionOf(word: number): number {
  return (word >>> 9) * 2 ** -23;
}

/** `jax.random.bits`. */
export function drawBits(key: JaxKey, length: number): Uint32Array {
  const word = wordsOf(key);
  return Uint32Array.from({ length }, (_, e) => word(e));
}

/** `jax.random.uniform`, in [from, to). */
export function drawUniform(key: JaxKey, length: number, from = 0, to = 1): Float32Array {
  const word = wordsOf(key);
  const { fround } = Math;
  const low = fround(from);
  const span = fround(fround(to) - low);
  return Float32Array.from({ length }, (_, e) => Math.max(low, fround(fround(fractionOf(word(e)) * span) + low)));
}

/** `jax.random.normal`, to the last bits of log1p: the inverse of the error function at a uniform number in (-1, 1). */
export function drawNormal(key: JaxKey, length: number): Float32Array {
  const belowOne = 1 - 2 ** -24;
  return drawUniform(key, length, -belowOne, 1).map((u) => Math.fround(Math.SQRT2) * erfInv(u));
}

/** `jax.random.bernoulli`, of one probability for each element: 1 where kept. */
export function drawBernoulli(key: JaxKey, length: number, probability: (element: number) => number): Uint8Array {
  const word = wordsOf(key);
  return Uint8Array.from({ length }, (_, e) => Number(fractionOf(word(e)) < Math.fround(probability(e))));
}

/** `jax.random.exponential`. */
export function drawExponential(key: JaxKey, length: number): Float32Array {
  return drawUniform(key, length).map((u) => -Math.log1p(-u));
}

/** `jax.random.randint` of int32 from 0 up to below `range`, at most 2^32: two words an element, in arithmetic mod 2^32; results from 2^31 on are negative. */
export function drawIntegers(key: JaxKey, length: number, range: number): Int32Array {
  const [upper, lower] = [wordsOf(folded(key, 0)), wordsOf(folded(key, 1))];
  const root = 2 ** 16 % range;
  const multiplier = ((root * root) % 2 ** 32) % range;
  return Int32Array.from({ length }, (_, e) => {
    const scaled = Math.imul(upper(e) % range, multiplier) >>> 0;
    return (((scaled + (lower(e) % range)) % 2 ** 32) % range) | 0;
  });
}

/** `jax.random.permutation` of 0 .. length - 1: sorted by random words, as often as makes equal words unlikely. */
export function drawPermutation(key: JaxKey, length: number): Int32Array {
  let order = Int32Array.from({ length }, (_, i) => i);
  const rounds = Math.ceil((3 * Math.log(Math.max(1, length))) / Math.log(2 ** 32 - 1));
  for (let [rest, round] = [key, 0]; round < rounds; round++) {
    const words = drawBits(folded(rest, 1), length);
    const places = Int32Array.from({ length }, (_, i) => i).sort((a, b) => (words[a] as number) - (words[b] as number) || a - b);
    order = places.map((place) => order[place] as number);
    rest = folded(rest, 0);
  }
  return order;
}

// --- internal helpers ---

/** Of float32 precision, by M. Giles, "Approximating the erfinv function" (2011), as XLA computes it. */
function erfInv(x: number): number {
  const w = -Math.log1p(-x * x);
  const [at, factors] = w < 5 ? [w - 2.5, CENTRAL] : [Math.sqrt(w) - 3, TAIL];
  return x * factors.reduce((sum, factor) => sum * at + factor, 0);
}

const CENTRAL = [
  2.81022636e-8, 3.43273939e-7, -3.5233877e-6, -4.39150654e-6, 0.00021858087, -0.00125372503, -0.00417768164, 0.246640727, 1.50140941,
] as const;
const TAIL = [
  -0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773, -0.0076224613, 0.00943887047, 1.00167406, 2.83297682,
] as const;
