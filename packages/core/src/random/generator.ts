import { shared } from "../backend/shared";
import { typedArrayKind } from "../dtype/dtype";
import { BRAND, type Brand, isBranded, Raw, raw } from "../errors/brand";
import { optionsOf } from "../errors/options";
import { wrongType, wrongValue } from "../errors/refusal";
import type { MaskKey } from "./mask-key";
import type { MaskRequest, Source, Stream } from "./source";
import type { CallKey } from "./words";

/** Calls are numbered below 2^62, so that `offset`, 4 times the call, fits PyTorch's 64 bits. In units of the high word. */
const CALL_HIGH_LIMIT = 2 ** 30;

/** The top bit of a 64-bit call marks draws made on the host, which thereby never move a mask. In the high word. */
const HOST_CALL_BIT = 0x80000000;

/** The largest word. */
const WORD = 0xffffffff;

const STATE_BYTES = 24;
const CUDA_STATE_BYTES = 16;

/** Options of `manualSeed` and of a generator. */
export interface GeneratorOptions {
  /** Whose numbers are drawn: `torchCpu`, `torchCuda()`, ... of `@dropwise/core/streams`. Default: Dropwise's own. */
  readonly stream?: Stream;
}

/**
 * A source of random numbers: a 64-bit seed and two call counters, one for dropout masks and one for draws on the host
 * (initialisation, `rand`, shuffling). Every draw takes one call number and leaves the other counter alone, so that building
 * a model never moves a mask. Generators know no backend: the same one serves all.
 *
 * Mirrors [torch.Generator](https://docs.pytorch.org/docs/stable/generated/torch.Generator.html), whose CUDA form has the same state.
 *
 * @example
 * ```ts
 * const generator = new Generator(42);
 * const y = F.dropout(ones([8]), { p: 0.5, generator }); // the mask of call 0 of seed 42, on every backend
 * console.log(y.dataSync().join()); // 0,2,2,2,2,2,2,0
 * console.log(generator.offset); // 4n
 * ```
 */
export class Generator extends Raw {
  /** Seed, calls and host calls, each as the two words that kernels take, the low one first. */
  readonly #words = new Uint32Array(6);

  /** @internal Under another framework's stream: who draws instead. */
  source: Source | undefined;

  /**
   * @param seed A safe integer or a bigint in [-2^63, 2^64), negative as two's complement. Default: taken from `crypto`.
   * @param options `stream`: whose numbers are drawn (default: Dropwise's own).
   * @throws TypeError for anything else than a number or bigint and for what is no stream, RangeError outside the range.
   */
  constructor(seed?: number | bigint, options?: GeneratorOptions) {
    super();
    this.reset(seed === undefined ? entropy() : checkSeed("Generator", seed), streamOf("Generator", options));
  }

  /** @internal */
  get [BRAND](): Brand {
    return "Generator";
  }

  /** @internal */
  static override get name(): string {
    return "Generator";
  }

  /**
   * Sets the seed and puts both counters to 0. The stream stays.
   *
   * @param seed As for the constructor, which also tells the errors.
   * @returns This generator, as PyTorch does.
   */
  manualSeed(seed: number | bigint): this {
    const self = raw(this);
    self.reset(checkSeed("manualSeed", seed), self.source?.stream);
    return this;
  }

  /** @internal The state after seeding, under a stream or the default one. */
  reset(seed: bigint, stream: Stream | undefined): this {
    this.source = stream?.begin(seed);
    this.#set(seed);
    return this;
  }

  /** The seed, in [0, 2^64). */
  get seed(): bigint {
    const self = raw(this);
    return self.source?.seed ?? self.#value(0);
  }

  /** The number that the next mask will take. */
  get call(): bigint {
    const self = raw(this);
    return self.source ? self.source.offset / 4n : self.#value(2);
  }

  /** The Philox offset of PyTorch's CUDA generator after the same calls: `4 * call`. @throws UnsupportedOpError under a stream that has none, such as `torchCpu`. */
  get offset(): bigint {
    const self = raw(this);
    return self.source ? self.source.offset : self.call * 4n;
  }

  /**
   * 24 bytes: seed, offset and next host call, each a little-endian u64. Under another framework's stream, that framework's bytes.
   *
   * @throws RangeError after 2^62 calls, when the offset no longer fits.
   */
  getState(): Uint8Array {
    const self = raw(this);
    if (self.source) return self.source.getState();
    self.nextMaskCall();
    // In the machine's order, as PyTorch's is: little-endian, but on IBM Z.
    return new Uint8Array(new BigUint64Array([self.seed, self.offset, self.#value(4)]).buffer);
  }

  /**
   * Restores a `state` of `getState`, or the 16 bytes of a PyTorch CUDA generator (`torch.cuda.get_rng_state()`), which sets the host counter to 0.
   *
   * @throws TypeError for anything but a Uint8Array; RangeError for another length or an offset that is no multiple of 4. Nothing changes then.
   */
  setState(state: Uint8Array): this {
    if (typedArrayKind(state) !== "Uint8Array") throw wrongType("setState", "a Uint8Array", state);
    const { source } = raw(this);
    if (source) {
      source.setState(state);
      return this;
    }
    if (state.length !== STATE_BYTES && state.length !== CUDA_STATE_BYTES) {
      throw wrongValue("setState", `${STATE_BYTES} bytes, or the ${CUDA_STATE_BYTES} of PyTorch's CUDA form`, state.length);
    }
    const [seed = 0n, offset = 0n, host = 0n] = new BigUint64Array(new Uint8Array(state).buffer);
    if (offset % 4n !== 0n || host >= 2n ** 63n) {
      throw wrongValue("setState", "an offset that is a multiple of 4, and a host call below 2^63", `${offset}, ${host}`);
    }
    raw(this).#set(seed, offset / 4n, host);
    return this;
  }

  /** A generator with the same state, which then goes its own way: shards of one tensor each take the same call number. */
  clone(): Generator {
    return new Generator(0).reset(this.seed, raw(this).source?.stream).setState(this.getState());
  }

  /** @internal The key of the next mask. */
  nextMask(request: MaskRequest): MaskKey {
    const { p, shape, strides, elementOffset } = request;
    return this.source ? this.source.mask(request) : { call: this.nextMaskCall(), p, shape, elementOffset, ...(strides && { strides }) };
  }

  /** @internal Moves behind a mask, once it was drawn: what failed draws nothing. */
  takeMask(key: MaskKey): void {
    if (this.source) this.source.take(key);
    else this.takeMaskCall();
  }

  /** @internal The key of the next mask. Throws RangeError after 2^62 calls. */
  nextMaskCall(): CallKey {
    return this.#key(2, CALL_HIGH_LIMIT, 0);
  }

  /** @internal Takes that key's call number. Core calls it once the mask was drawn: what failed draws nothing. */
  takeMaskCall(): void {
    this.#advance(2);
  }

  /** @internal Takes the call number of the next draw on the host. */
  takeHostCall(): CallKey {
    const key = this.#key(4, HOST_CALL_BIT, HOST_CALL_BIT);
    this.#advance(4);
    return key;
  }

  /** The key of the call that is counted at word `i`, which is marked by `bit`. Throws RangeError once the counter's high word has reached its limit. */
  #key(i: number, limit: number, bit: number): CallKey {
    const words = this.#words;
    const callHi = words[i + 1] as number;
    if (callHi >= limit) throw new RangeError("Generator: expected more calls, got none left - set a new seed");
    return { seedLo: words[0] as number, seedHi: words[1] as number, callLo: words[i] as number, callHi: callHi + bit };
  }

  #advance(i: number): void {
    // A word goes from its largest value to 0 by itself.
    if (++(this.#words[i] as number) > WORD) (this.#words[i + 1] as number)++;
  }

  /** The number at word `i`. */
  #value(i: number): bigint {
    return (BigInt(this.#words[i + 1] as number) << 32n) | BigInt(this.#words[i] as number);
  }

  #set(seed: bigint, call = 0n, hostCall = 0n): void {
    [seed, call, hostCall].forEach((value, i) => {
      this.#words.set([Number(value & 0xffffffffn), Number(value >> 32n)], 2 * i);
    });
  }
}

/**
 * The generator that is used where none is given. Seeded from `crypto` until `manualSeed` is called. Mirrors
 * `torch.default_generator`.
 */
export function defaultGenerator(): Generator {
  return theGenerator();
}

/**
 * Seeds the default generator, puts its counters to 0 and returns it: from here on masks, initial weights and shuffles repeat. Mirrors
 * [torch.manual_seed](https://docs.pytorch.org/docs/stable/generated/torch.manual_seed.html).
 *
 * @param seed A safe integer or a bigint in [-2^63, 2^64), negative as two's complement.
 * @param options `stream`: whose numbers are drawn from here on (default: Dropwise's own, also where another was set before).
 * @throws TypeError for anything else than a number or bigint and for what is no stream, RangeError outside the range or for a number that is no safe integer.
 * @example
 * ```ts
 * manualSeed(42);
 * console.log(F.dropout(ones([8]), 0.5).dataSync().join()); // 0,2,2,2,2,2,2,0
 * ```
 */
export function manualSeed(seed: number | bigint, options?: GeneratorOptions): Generator {
  return theGenerator(0).reset(checkSeed("manualSeed", seed), streamOf("manualSeed", options));
}

/** The given generator, or the default one. Throws TypeError for anything else. */
export function resolveGenerator(op: string, generator: Generator | undefined): Generator {
  if (generator === undefined) return theGenerator();
  if (!isBranded(generator, "Generator")) throw wrongType(op, "generator to be a Generator", generator);
  return raw(generator);
}

// --- internal helpers ---

/**
 * Two words that nobody can foresee, from `crypto`; where an engine has none (React Native, old test environments) from `Math.random` and
 * the clock, which is enough for masks that need not repeat.
 */
function entropy(): bigint {
  const { crypto } = globalThis as { crypto?: { getRandomValues(words: Uint32Array): Uint32Array } };
  const words = new Uint32Array([Math.random() * 2 ** 32, Date.now() % 2 ** 32]);
  crypto?.getRandomValues(words);
  return new BigUint64Array(words.buffer)[0] as bigint;
}

/** With a first seed `crypto` is not asked, which some runtimes forbid while a program starts. */
function theGenerator(firstSeed?: number): Generator {
  return shared("defaultGenerator", () => new Generator(firstSeed));
}

function streamOf(op: string, options: GeneratorOptions | undefined): Stream | undefined {
  const { stream } = optionsOf<GeneratorOptions>(op, options, { stream: "any" });
  if (stream !== undefined && typeof (stream as Partial<Stream> | null)?.begin !== "function")
    throw wrongType(op, "a stream such as torchCpu or torchCuda()", stream);
  return stream;
}

function checkSeed(op: string, seed: unknown): bigint {
  if (typeof seed !== "number" && typeof seed !== "bigint") throw wrongType(op, "a number or bigint", seed);
  if (typeof seed === "number" ? !Number.isSafeInteger(seed) : seed < -(2n ** 63n) || seed >= 2n ** 64n) {
    throw wrongValue(op, "a safe integer, or a bigint in [-2^63, 2^64)", seed);
  }
  return BigInt.asUintN(64, BigInt(seed));
}
