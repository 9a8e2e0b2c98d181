import { UnsupportedOpError } from "../errors/errors";
import { refusePromise } from "../errors/misuse";
import { checkFunction, optionsOf } from "../errors/options";
import { wrongType, wrongValue } from "../errors/refusal";
import { type Generator, resolveGenerator } from "../random/generator";
import type { MaskKey } from "../random/mask-key";
import { philox4x32 } from "../random/philox";
import type { MaskRequest, Stream } from "../random/source";
import { callKey } from "../random/words";
import { compiledSteps } from "./compiled-order";
import { type CompiledDevice, type CompiledKind, compiledRule, seedOf } from "./compiled-words";
import { isFused } from "./is-fused";
import { laidOutKey } from "./laid-out";
import { Mt19937 } from "./mt19937";
import { TorchCpuSource } from "./torch-cpu";

/** Options of `torchCompiled`. */
export interface TorchCompiledOptions {
  /** Where the compiled model runs: each draws masks of its own. Default: "cuda". */
  readonly device?: "cuda" | "cpu";
}

/**
 * The random stream of a model under `torch.compile` (Inductor, default settings): other masks than the same model draws in eager mode. Each call of compiled code draws
 * one seed for every random op in it; here each mask is a call of its own, unless `graph` says otherwise. Numbers drawn on the host (initial weights, orders, `rand`) come as
 * a script draws them outside, from the CPU's generator. Measured with PyTorch 2.11 on an H100 and 2.13 on a CPU.
 *
 * On the CPU, Inductor leaves noise by `bernoulli_` to eager code (in place, `dropout1d` and the like, `alphaDropout`), and so does this stream. Attention has the masks of
 * a graph that computes it by its parts, as on the CPU; on CUDA PyTorch may call a kernel for it, which draws as in eager mode.
 *
 * @param options See `TorchCompiledOptions`.
 * @returns A stream, for `manualSeed(seed, { stream })` and `new Generator(seed, { stream })`. A generator's state is, for CUDA, the 16 bytes of `torch.cuda.get_rng_state()`, followed
 *   by the 5,056 of `torch.get_rng_state()`, and the 16 alone are taken, too; for the CPU the 5,056. Inside `graph` 8 bytes count the call's random ops behind the 16.
 * @throws TypeError for another device and unknown options.
 * @example
 * ```ts
 * manualSeed(0, { stream: torchCompiled() });
 * const y = F.dropout(ones([8]), 0.3); // the mask that torch.compile(F.dropout) draws after torch.manual_seed(0)
 * console.log(y.gt(0).dataSync().join("")); // 01100111
 * ```
 */
export function torchCompiled(options?: TorchCompiledOptions): Stream {
  const { device = "cuda" } = optionsOf<TorchCompiledOptions>("torchCompiled", options, { device: "any" });
  if (device !== "cuda" && device !== "cpu") throw wrongType("torchCompiled", 'device to be "cuda" or "cpu"', device);
  const Source = device === "cuda" ? CompiledCuda : CompiledCpu;
  const stream: Stream = { name: `torchCompiled ${device}`, begin: (seed) => new Source(seed, stream) };
  return stream;
}

/**
 * Runs `fn` as one call of compiled code: the masks in it have the seeds 0, 1, 2, ... of a single call. For a model whose whole forward pass is one graph of `torch.compile`. The order
 * must be that in which the graph has its random ops.
 *
 * @param generator A generator under `torchCompiled()`.
 * @param fn Returns at once. Where it throws, the generator is as before.
 * @returns What `fn` returned.
 * @throws TypeError for another generator, and an async function; on the CPU UnsupportedOpError for a dropout that follows noise, which follows another dropout: such a graph draws
 *   both seeds before the noise.
 * @example
 * ```ts
 * const generator = new Generator(0, { stream: torchCompiled() });
 * const layer = new nn.Dropout({ p: 0.5, generator });
 * graph(generator, () => layer.forward(layer.forward(ones([4]))));
 * console.log(generator.offset); // 4n
 * ```
 */
export function graph<T>(generator: Generator, fn: () => T): T {
  const { source } = resolveGenerator("graph", generator);
  const compiled = source as unknown as Partial<Compiled>;
  if (typeof compiled.openCall !== "function")
    throw wrongType(
      "graph",
      "a generator under torchCompiled()",
      generator,
      "make one with new Generator(seed, { stream: torchCompiled() })",
    );
  checkFunction("graph", fn, "write graph(generator, () => { ... })");
  const close = compiled.openCall();
  try {
    const result = refusePromise("graph", fn());
    close(true);
    return result;
  } catch (error) {
    close(false);
    throw error;
  }
}

// --- internal helpers ---

/** A source whose masks may share a call. */
interface Compiled {
  /** Opens a call, or goes on in the one that is open; closes it by what is returned, told whether it counts. */
  openCall(): (succeeded: boolean) => void;
}

const STATE_BYTES = 16;
const OPEN_STATE_BYTES = 24;
const HOST_STATE_BYTES = 5056;

/** The card's generator; all else is drawn by the CPU's, which was seeded alike. */
class CompiledCuda extends TorchCpuSource implements Compiled {
  #seed: bigint;
  #offset = 0n;
  /** Random ops that the open call has had. */
  #ops = 0;
  #depth = 0;

  constructor(seed: bigint, stream: Stream) {
    super(seed, stream);
    this.#seed = seed;
  }

  override get seed(): bigint {
    return this.#seed;
  }

  override get offset(): bigint {
    return this.#offset;
  }

  override getState(): Uint8Array {
    const numbers = [this.#seed, this.#offset, ...(this.#ops > 0 ? [BigInt(this.#ops)] : [])];
    return Uint8Array.of(...new Uint8Array(new BigUint64Array(numbers).buffer), ...super.getState());
  }

  override setState(state: Uint8Array): void {
    const own = state.length % HOST_STATE_BYTES;
    if ((own !== STATE_BYTES && own !== OPEN_STATE_BYTES) || state.length > own + HOST_STATE_BYTES) {
      const expected = `the ${STATE_BYTES} bytes of torch.cuda.get_rng_state(), alone or before torch.get_rng_state()`;
      throw wrongValue("setState", expected, state.length);
    }
    const [seed = 0n, offset = 0n, ops = 0n] = new BigUint64Array(state.slice(0, own).buffer);
    if (offset % 4n !== 0n || ops >= 2n ** 32n) throw wrongValue("setState", "an offset that is a multiple of 4", offset);
    if (state.length > own) super.setState(state.subarray(own));
    this.#seed = seed;
    this.#offset = offset;
    this.#ops = Number(ops);
  }

  override mask(request: MaskRequest): MaskKey {
    if (this.#offset >= 2n ** 64n - 4n) throw new RangeError("Generator: expected more calls, got none left - set a new seed");
    const words = new Uint32Array(4);
    const { seedLo, seedHi, callLo, callHi } = callKey(this.#seed, this.#offset / 4n);
    philox4x32(seedLo, seedHi, callLo, callHi, this.#ops, 0, words);
    return compiledKey("cuda", request, seedOf(words[0] as number, words[1] as number));
  }

  override take(): void {
    this.#ops++;
    if (this.#depth === 0) this.#endCall();
  }

  openCall(): (succeeded: boolean) => void {
    const before = this.getState();
    this.#depth++;
    return (succeeded) => {
      this.#depth--;
      if (!succeeded) this.setState(before);
      else if (this.#depth === 0 && this.#ops > 0) this.#endCall();
    };
  }

  #endCall(): void {
    this.#ops = 0;
    this.#offset += 4n;
  }
}

/** The CPU's generator, which gives 64 bits for a seed. */
class CompiledCpu extends TorchCpuSource implements Compiled {
  /** The mask that was asked for last: the state behind it, for one with a seed. */
  #next: { readonly key: MaskKey; readonly after?: Uint8Array } | undefined;
  #depth = 0;
  /** What the open call drew, in this order. */
  #drawn: "nothing" | "seeds" | "seeds, noise" = "nothing";

  override setState(state: Uint8Array): void {
    super.setState(state);
    this.#drawn = "nothing";
  }

  override mask(request: MaskRequest): MaskKey {
    if (kindOf(request) === "noise") {
      const key = super.mask(request);
      this.#next = { key };
      return key;
    }
    if (this.#drawn === "seeds, noise") {
      const detail =
        "expected all dropouts of a compiled graph before its in-place, channel and alpha dropouts on the CPU, got one behind both";
      throw new UnsupportedOpError(request.op, "cpu", `${detail} - call them outside graph()`);
    }
    const words = new Mt19937(0n);
    words.setState(this.getState());
    const seed = seedOf(words.random(), words.random());
    const key = compiledKey("cpu", request, seed % 2n ** 32n);
    this.#next = { key, after: words.getState() };
    return key;
  }

  override take(key: MaskKey): void {
    const after = this.#next?.key === key ? this.#next.after : undefined;
    if (after) super.setState(after);
    else super.take(key);
    if (this.#depth > 0 && (after || this.#drawn !== "nothing")) this.#drawn = after ? "seeds" : "seeds, noise";
  }

  openCall(): (succeeded: boolean) => void {
    const before = this.getState();
    this.#depth++;
    return (succeeded) => {
      if (!succeeded) super.setState(before);
      if (--this.#depth === 0) this.#drawn = "nothing";
    };
  }
}

function compiledKey(device: CompiledDevice, request: MaskRequest, seed: bigint): MaskKey {
  const { p, shape, elementOffset } = request;
  const strides = compiledSteps(request);
  return laidOutKey(request, { call: callKey(seed, 0n), p, shape, elementOffset, strides }, compiledRule(device, kindOf(request), p));
}

function kindOf(request: MaskRequest): CompiledKind {
  return isFused(request) ? (request.input?.dtype === "float64" ? "fused64" : "fused") : "noise";
}
