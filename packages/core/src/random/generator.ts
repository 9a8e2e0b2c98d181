import { shared } from "../backend/shared";
import { typedArrayKind } from "../dtype/dtype";
import { BRAND, type Brand, isBranded, Raw, raw } from "../errors/brand";
import { optionsOf } from "../errors/options";
import { wrongType, wrongValue } from "../errors/refusal";
import { OwnSource } from "./own-source";
import type { Source, Stream } from "./source";

/** Options of `manualSeed` and of a generator. */
export interface GeneratorOptions {
  /** Whose numbers are drawn: `torchCpu`, `torchCuda()`, ... of `@dropwise/core/streams`. Default: Dropwise's own. */
  readonly stream?: Stream | undefined;
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
  /** @internal Who draws: the default stream, or another framework's. */
  source: Source;

  /**
   * @param seed A safe integer or a bigint in [-2^63, 2^64), negative as two's complement. Default: taken from `crypto`.
   * @param options `stream`: whose numbers are drawn (default: Dropwise's own).
   * @throws TypeError for anything else than a number or bigint and for what is no stream, RangeError outside the range.
   */
  constructor(seed?: number | bigint, options?: GeneratorOptions) {
    super();
    this.source = begun("Generator", seed === undefined ? entropy() : seed, options);
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
    self.source = begun("manualSeed", seed, optionsLike(self));
    return this;
  }

  /** The seed, in [0, 2^64). */
  get seed(): bigint {
    return raw(this).source.seed;
  }

  /** The number that the next mask will take. @throws UnsupportedOpError under a stream that counts none, such as `torchCpu`. */
  get call(): bigint {
    return this.offset / 4n;
  }

  /** The Philox offset of PyTorch's CUDA generator after the same calls: `4 * call`. @throws As `call`. */
  get offset(): bigint {
    return raw(this).source.offset;
  }

  /**
   * 24 bytes: seed, offset and next host call, each a little-endian u64. Under another framework's stream, that framework's bytes.
   *
   * @throws RangeError after 2^62 calls, when the offset no longer fits.
   */
  getState(): Uint8Array {
    return raw(this).source.getState();
  }

  /**
   * Restores a `state` of `getState`, or the 16 bytes of a PyTorch CUDA generator (`torch.cuda.get_rng_state()`), which sets the host counter to 0.
   *
   * @throws TypeError for anything but a Uint8Array; RangeError for another length or an offset that is no multiple of 4. Nothing changes then.
   */
  setState(state: Uint8Array): this {
    if (typedArrayKind(state) !== "Uint8Array") throw wrongType("setState", "a Uint8Array", state);
    raw(this).source.setState(state);
    return this;
  }

  /** A generator with the same state, which then goes its own way: shards of one tensor each take the same call number. */
  clone(): Generator {
    return new Generator(this.seed, optionsLike(raw(this))).setState(this.getState());
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
  const generator = theGenerator(0);
  generator.source = begun("manualSeed", seed, options);
  return generator;
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

function optionsLike({ source: { stream } }: Generator): GeneratorOptions {
  return { stream };
}

/** The state after seeding. */
function begun(op: string, seed: unknown, options: GeneratorOptions | undefined): Source {
  const { stream } = optionsOf<GeneratorOptions>(op, options, { stream: "any" });
  const checked = checkSeed(op, seed);
  if (stream === undefined) return new OwnSource(checked);
  if (typeof (stream as Partial<Stream> | null)?.begin !== "function") throw wrongType(op, "a stream such as torchCpu", stream);
  return stream.begin(checked);
}

function checkSeed(op: string, seed: unknown): bigint {
  if (typeof seed !== "number" && typeof seed !== "bigint") throw wrongType(op, "a number or bigint", seed);
  if (typeof seed === "number" ? !Number.isSafeInteger(seed) : seed < -(2n ** 63n) || seed >= 2n ** 64n) {
    throw wrongValue(op, "a safe integer, or a bigint in [-2^63, 2^64)", seed);
  }
  return BigInt.asUintN(64, BigInt(seed));
}
