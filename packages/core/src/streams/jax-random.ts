/**
 * `jax.random` for keys of one's own, under the names that JAX has: threefry keys with `jax_threefry_partitionable`, JAX's defaults since 0.5, in float32. For code that
 * passes keys, such as Equinox's; a generator under the stream `jax` counts its keys itself.
 */
import type { Backend } from "../backend/backend";
import { MAX_HOST_BYTES } from "../dtype/dtype";
import { OutOfMemoryError } from "../errors/errors";
import { checkInteger, checkNumber, optionsOf } from "../errors/options";
import { wrongType, wrongValue } from "../errors/refusal";
import { checkShape, type Shape, sizeOf } from "../shape/shape";
import { placementOf, tensor } from "../tensor/creation";
import type { Tensor } from "../tensor/tensor";
import { drawBernoulli, drawBits, drawIntegers, drawNormal, drawPermutation, drawUniform, folded, type JaxKey, keyOf } from "./jax-draws";

export type { JaxKey } from "./jax-draws";

/** Where drawn numbers go. */
export interface JaxOptions {
  /** Default: the default backend. */
  readonly backend?: Backend;
}

/** Options of `uniform`. */
export interface JaxUniformOptions extends JaxOptions {
  /** The least number. Default: 0. */
  readonly minval?: number;
  /** The number above all. Default: 1. */
  readonly maxval?: number;
}

/**
 * A key. Mirrors [jax.random.key](https://docs.jax.dev/en/latest/_autosummary/jax.random.key.html).
 *
 * @param seed A safe integer or a bigint in [-2^63, 2^64). As in JAX without 64-bit types, its default, the low 32 bits count.
 * @returns The key's two words, as `jax.random.key_data` shows them.
 * @throws TypeError for anything else than a number or bigint, RangeError outside the range.
 * @example
 * ```ts
 * const key = jaxRandom.key(0);
 * console.log(jaxRandom.uniform(key, [1]).itemSync().toFixed(6)); // 0.947667
 * ```
 */
export function key(seed: number | bigint): JaxKey {
  if (typeof seed !== "number" && typeof seed !== "bigint") throw wrongType("jaxRandom.key", "a number or bigint", seed);
  if (typeof seed === "number" ? !Number.isSafeInteger(seed) : seed < -(2n ** 63n) || seed >= 2n ** 64n)
    throw wrongValue("jaxRandom.key", "a safe integer, or a bigint in [-2^63, 2^64)", seed);
  return keyOf(BigInt.asUintN(64, BigInt(seed)));
}

/**
 * Another key, of a key and a number. Mirrors [jax.random.fold_in](https://docs.jax.dev/en/latest/_autosummary/jax.random.fold_in.html).
 *
 * @param key Of `key`, `foldIn` or `split`.
 * @param data An integer in [0, 2^32).
 * @throws TypeError for what is no key, RangeError for another number.
 */
export function foldIn(key: JaxKey, data: number): JaxKey {
  const from = checkKey("jaxRandom.foldIn", key);
  checkWord("jaxRandom.foldIn", "data", data);
  return folded(from, data);
}

/**
 * Several keys of one. Mirrors [jax.random.split](https://docs.jax.dev/en/latest/_autosummary/jax.random.split.html).
 *
 * @param key Of `key`, `foldIn` or `split`.
 * @param num How many. Default: 2.
 * @throws TypeError for what is no key, RangeError for a number that is no integer of 0 or more.
 */
export function split(key: JaxKey, num = 2): JaxKey[] {
  const from = checkKey("jaxRandom.split", key);
  checkInteger("jaxRandom.split", "num", num, 0);
  if (num > 2 ** 24) throw wrongValue("jaxRandom.split", "num of at most 2^24", num);
  return Array.from({ length: num }, (_, i) => folded(from, i));
}

/**
 * Random words. Mirrors [jax.random.bits](https://docs.jax.dev/en/latest/_autosummary/jax.random.bits.html) of 32 bits.
 *
 * @param key Of `key`, `foldIn` or `split`.
 * @param shape Sizes, outermost first; the words come flat, as no tensor holds them.
 * @throws TypeError for what is no key or shape, RangeError for sizes that are none.
 */
export function bits(key: JaxKey, shape: Shape): Uint32Array {
  const from = checkKey("jaxRandom.bits", key);
  return drawBits(from, lengthOf("jaxRandom.bits", checkShape("jaxRandom.bits", shape)));
}

/**
 * Uniform in [minval, maxval), float32. Mirrors [jax.random.uniform](https://docs.jax.dev/en/latest/_autosummary/jax.random.uniform.html).
 *
 * @param key Of `key`, `foldIn` or `split`.
 * @param shape Sizes, outermost first.
 * @param options The bounds, and the backend.
 * @throws TypeError for what is no key or shape and unknown options, RangeError for sizes that are none.
 */
export function uniform(key: JaxKey, shape: Shape, options?: JaxUniformOptions): Tensor {
  const op = "jaxRandom.uniform";
  const {
    minval = 0,
    maxval = 1,
    ...rest
  } = optionsOf<JaxUniformOptions>(op, options, { backend: "any", minval: "number", maxval: "number" });
  return drawn(op, key, shape, rest, (from, length) => drawUniform(from, length, minval, maxval));
}

/**
 * Standard normal, float32, as near to JAX's as logarithms are: some 1e-7. Mirrors [jax.random.normal](https://docs.jax.dev/en/latest/_autosummary/jax.random.normal.html).
 *
 * @param key Of `key`, `foldIn` or `split`.
 * @param shape Sizes, outermost first.
 * @param options The backend.
 * @throws TypeError for what is no key or shape and unknown options, RangeError for sizes that are none.
 */
export function normal(key: JaxKey, shape: Shape, options?: JaxOptions): Tensor {
  return drawn("jaxRandom.normal", key, shape, backendOf("jaxRandom.normal", options), drawNormal);
}

/**
 * True with a probability, bool. Mirrors [jax.random.bernoulli](https://docs.jax.dev/en/latest/_autosummary/jax.random.bernoulli.html); with `1 - p` and a layer's key it is the mask
 * of Equinox's `Dropout(p)`.
 *
 * @param key Of `key`, `foldIn` or `split`.
 * @param p The probability, in [0, 1].
 * @param shape Sizes, outermost first.
 * @param options The backend.
 * @throws TypeError for what is no key or shape and unknown options, RangeError for sizes that are none and another probability.
 * @example
 * ```ts
 * const mask = jaxRandom.bernoulli(jaxRandom.key(0), 0.7, [8]);
 * console.log(mask.dataSync().join("")); // 00111111
 * ```
 */
export function bernoulli(key: JaxKey, p: number, shape: Shape, options?: JaxOptions): Tensor {
  const op = "jaxRandom.bernoulli";
  checkNumber(op, "p", p);
  if (p < 0 || p > 1) throw wrongValue(op, "p in [0, 1]", p);
  return drawn(op, key, shape, backendOf(op, options), (from, length) => drawBernoulli(from, length, () => p));
}

/**
 * Integers in [minval, maxval), int32. Mirrors [jax.random.randint](https://docs.jax.dev/en/latest/_autosummary/jax.random.randint.html).
 *
 * @param key Of `key`, `foldIn` or `split`.
 * @param shape Sizes, outermost first.
 * @param minval The least of them, from -2^31 on.
 * @param maxval The first one above them, at most 2^31.
 * @param options The backend.
 * @throws TypeError for what is no key or shape and unknown options, RangeError for sizes that are none and bounds that are not in this order.
 */
export function randint(key: JaxKey, shape: Shape, minval: number, maxval: number, options?: JaxOptions): Tensor {
  const op = "jaxRandom.randint";
  checkInteger(op, "minval", minval, -(2 ** 31));
  checkInteger(op, "maxval", maxval, minval + 1);
  if (maxval > 2 ** 31) throw wrongValue(op, "maxval of at most 2^31", maxval);
  // Sums beyond int32 come round as JAX's do.
  return drawn(op, key, shape, backendOf(op, options), (from, length) =>
    drawIntegers(from, length, maxval - minval).map((offset) => offset + minval),
  );
}

/**
 * 0 to n - 1 in a random order, int32. Mirrors [jax.random.permutation](https://docs.jax.dev/en/latest/_autosummary/jax.random.permutation.html) of a number.
 *
 * @param key Of `key`, `foldIn` or `split`.
 * @param n How many.
 * @param options The backend.
 * @throws TypeError for what is no key and unknown options, RangeError for an n that is no integer in [0, 2^24].
 */
export function permutation(key: JaxKey, n: number, options?: JaxOptions): Tensor {
  const op = "jaxRandom.permutation";
  checkInteger(op, "n", n, 0);
  if (n > 2 ** 24) throw wrongValue(op, "n of at most 2^24", n);
  return drawn(op, key, [n], backendOf(op, options), drawPermutation);
}

// --- internal helpers ---

function backendOf(op: string, options: JaxOptions | undefined): JaxOptions {
  return optionsOf<JaxOptions>(op, options, { backend: "any" });
}

/** All is checked before anything is drawn. */
function drawn(
  op: string,
  key: JaxKey,
  sizes: Shape,
  options: JaxOptions,
  draw: (key: JaxKey, length: number) => Float32Array | Int32Array | Uint8Array,
): Tensor {
  const from = checkKey(op, key);
  const shape = checkShape(op, sizes);
  placementOf(op, "float32", options);
  return tensor(draw(from, lengthOf(op, shape)), { ...options, shape });
}

/** Elements of a shape that the host has room for. */
function lengthOf(op: string, shape: Shape): number {
  const length = sizeOf(shape);
  if (4 * length > MAX_HOST_BYTES) throw new OutOfMemoryError(op, 4 * length);
  return length;
}

function checkKey(op: string, key: unknown): JaxKey {
  if (!Array.isArray(key) || key.length !== 2) throw wrongType(op, "a key of jaxRandom.key", key);
  const [high, low]: unknown[] = key;
  checkWord(op, "the key's high word", high);
  checkWord(op, "the key's low word", low);
  return [high, low];
}

function checkWord(op: string, name: string, value: unknown): asserts value is number {
  checkInteger(op, name, value, 0);
  if (value >= 2 ** 32) throw wrongValue(op, `${name} to be below 2^32`, value);
}
