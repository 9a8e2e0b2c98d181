import { hostArray } from "../dtype/dtype";
import { UnsupportedOpError } from "../errors/errors";
import { checkInteger } from "../errors/options";
import { wrongValue } from "../errors/refusal";
import type { MaskKey } from "../random/mask-key";
import type { ForeignSource, MaskRequest, Stream } from "../random/source";
import { contiguousStrides, type Shape, sizeOf } from "../shape/shape";
import { bitsKey } from "./bits";
import {
  drawExponential,
  drawIntegers,
  drawNormal,
  drawPermutation,
  drawUniform,
  folded,
  fractionOf,
  type JaxKey,
  keyOf,
  wordsOf,
} from "./jax-draws";

/**
 * The random stream of JAX and Flax (threefry keys, JAX's default): mask k of a generator with seed s is that of the k-th call of `flax.nnx.Dropout(rate, rngs=nnx.Rngs(s))`, which keeps an element
 * where `jax.random.bernoulli(fold_in(fold_in(key(s), 0), k), 1 - rate, shape)` is true. As in JAX without 64-bit types, its default, the low 32 bits of a seed count, and all draws are of
 * float32, also for float64 tensors. A layer that is not the first to ask its `Rngs` for a key: `jaxFork`. Keys of one's own (Equinox): `jaxRandom`.
 *
 * Initial weights, `rand` and orders are this library's own choice, as JAX passes keys for them: draw j uses the key `fold_in(fold_in(key(s), 2^32 - 1), j)` with `jax.random.uniform`, `normal`,
 * `randint`, `permutation` or `exponential`. Weighted draws are refused. Masks are drawn on the host, and every part of one can be asked for.
 *
 * A generator's state is 24 bytes: seed, calls of masks and calls on the host, each a little-endian u64. Its `offset` is four times its `call`.
 *
 * @example
 * ```ts
 * manualSeed(0, { stream: jax });
 * const y = F.dropout(ones([8]), 0.3); // the first mask of nnx.Dropout(0.3, rngs=nnx.Rngs(0))
 * console.log(y.gt(0).dataSync().join("")); // 10101111
 * ```
 */
export const jax: Stream = /* @__PURE__ */ streamOf(0);

/**
 * The stream `jax` for a layer that took another key of its `Rngs` than the first: mask k uses `fold_in(fold_in(key(s), fork), k)`. A `flax.nnx.Dropout` takes one key when it is made, and so does each parameter that is
 * made of the same `Rngs` before.
 *
 * @param fork How many keys were taken before, an integer in [0, 2^32 - 1).
 * @returns A stream, for `new Generator(seed, { stream })`, one for each layer.
 * @throws TypeError for what is no number, RangeError for another one.
 */
export function jaxFork(fork: number): Stream {
  checkInteger("jaxFork", "fork", fork, 0);
  if (fork >= HOST_FORK) throw wrongValue("jaxFork", `fork to be below ${HOST_FORK}`, fork);
  return streamOf(fork);
}

// --- internal helpers ---

/** The key that no layer has. */
const HOST_FORK = 2 ** 32 - 1;

/** Keys are folded with words. */
const CALLS = 2 ** 32;

const STATE_BYTES = 24;

function streamOf(fork: number): Stream {
  const stream: Stream = { name: fork === 0 ? "jax" : `jax, fork ${fork}`, begin: (seed) => new JaxSource(stream, fork, seed) };
  return stream;
}

class JaxSource implements ForeignSource {
  #call = 0;
  #hostCall = 0;
  #next: MaskKey | undefined;

  constructor(
    readonly stream: Stream,
    readonly fork: number,
    public seed: bigint,
  ) {}

  get offset(): bigint {
    return BigInt(this.#call) * 4n;
  }

  getState(): Uint8Array {
    return new Uint8Array(new BigUint64Array([this.seed, BigInt(this.#call), BigInt(this.#hostCall)]).buffer);
  }

  setState(state: Uint8Array): void {
    if (state.length !== STATE_BYTES)
      throw wrongValue("setState", `the ${STATE_BYTES} bytes of a generator under ${this.stream.name}`, state.length);
    const [seed = 0n, ...calls] = new BigUint64Array(state.slice().buffer);
    const [call, hostCall] = calls.map(Number) as [number, number];
    if (call > CALLS || hostCall > CALLS) throw wrongValue("setState", "at most 2^32 calls", `${call}, ${hostCall}`);
    this.seed = seed;
    this.#call = call;
    this.#hostCall = hostCall;
  }

  mask({ p, shape, strides, elementOffset }: MaskRequest): MaskKey {
    const key = this.#key(this.fork, this.#call);
    this.#next = bitsKey(p, shape, keptBits(key, p, shape, strides ?? contiguousStrides(shape), elementOffset));
    return this.#next;
  }

  take(key: MaskKey): void {
    if (key === this.#next) this.#call++;
    this.#next = undefined;
  }

  uniform(length: number, from: number, to: number): Float64Array {
    return Float64Array.from(drawUniform(this.#hostKey(), length, from, to));
  }

  normal(length: number): Float64Array {
    return Float64Array.from(drawNormal(this.#hostKey(), length));
  }

  integers(length: number, range: number): Int32Array {
    return drawIntegers(this.#hostKey(), length, range);
  }

  permutation(length: number): Int32Array {
    return drawPermutation(this.#hostKey(), length);
  }

  exponential(length: number): Float64Array {
    return Float64Array.from(drawExponential(this.#hostKey(), length));
  }

  weighted(): Int32Array {
    throw new UnsupportedOpError(
      "a weighted draw",
      "the host",
      "expected a stream that has one, got jax - draw with a generator of its own",
    );
  }

  #hostKey(): JaxKey {
    const key = this.#key(HOST_FORK, this.#hostCall);
    this.#hostCall++;
    return key;
  }

  #key(fork: number, call: number): JaxKey {
    if (call >= CALLS) throw new RangeError("Generator: expected more calls, got none left - set a new seed");
    return folded(folded(keyOf(this.seed), fork), call);
  }
}

/** The kept elements of a mask, or of a part of one, as bits in row-major order. */
function keptBits(key: JaxKey, p: number, shape: Shape, strides: readonly number[], first: number): Uint8Array {
  const size = sizeOf(shape);
  const bits = hostArray("the host", "bool", Math.ceil(size / 8)) as Uint8Array;
  const word = wordsOf(key);
  const keep = Math.fround(1 - p);
  const index = shape.map(() => 0);
  let element = first;
  for (let i = 0; i < size; i++) {
    if (fractionOf(word(element)) < keep) bits[i >>> 3] = (bits[i >>> 3] as number) | (1 << (i & 7));
    // On to the next index: the last dimension first, and those that are through begin anew.
    for (let dim = shape.length - 1; dim >= 0; dim--) {
      element += strides[dim] as number;
      index[dim] = (index[dim] as number) + 1;
      if ((index[dim] as number) < (shape[dim] as number)) break;
      element -= (strides[dim] as number) * (shape[dim] as number);
      index[dim] = 0;
    }
  }
  return bits;
}
