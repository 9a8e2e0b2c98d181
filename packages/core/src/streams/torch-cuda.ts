import { optionsOf } from "../errors/options";
import { refusal, wrongType, wrongValue } from "../errors/refusal";
import { ATTENTION_DROPOUT } from "../functional/attention";
import { LAYER_DROP } from "../functional/layer-drop";
import type { MaskKey } from "../random/mask-key";
import type { FloatType, MaskRequest, Stream } from "../random/source";
import { type CallKey, callKey } from "../random/words";
import { attentionKey } from "./attention-key";
import { type Elements, elementsOf } from "./elements";
import { type Gpu, gpuOf } from "./gpus";
import { isFused } from "./is-fused";
import { laidOutKey } from "./laid-out";
import { TorchCpuSource } from "./torch-cpu";
import { deviceMarks, deviceNormal, deviceUniform } from "./torch-cuda-draws";
import { efficientRule, fusedRule, growth, noiseRule, type Rule, type TorchDType, threadsOf } from "./torch-cuda-masks";

/** Options of `torchCuda`. */
export interface TorchCudaOptions {
  /** The GPU by its name, such as "A100": masks of more than some hundred thousand elements depend on it. Default: an H100's numbers. */
  readonly gpu?: string | undefined;
  /** The same in numbers: its streaming multiprocessors. Default: 132. */
  readonly multiprocessors?: number | undefined;
  /** Threads that one of them holds. Default: 2048. */
  readonly threadsPerMultiprocessor?: number | undefined;
  /** The element type that PyTorch's tensors have: each draws masks of its own. The data here stays what it is. Default: "float32". */
  readonly dtype?: TorchDType | undefined;
  /**
   * The kernel in which PyTorch's attention runs: each draws masks of its own. As in PyTorch, "flash" and "cudnn" take no float32 and "efficient" no float64, where
   * `dtype` says so; left out, it leaves room for autocast. Default: "math".
   */
  readonly attention?: "math" | "efficient" | "flash" | "cudnn" | undefined;
  /** Where `rand` and `randn` are drawn: on the CPU, as a script does that moves its data to the card, or on the card. Default: "host". */
  readonly draws?: "host" | "device" | undefined;
}

/**
 * The random stream of PyTorch on an NVIDIA GPU, in eager mode: the masks that the card draws, from Philox, and initial weights, orders and data as the CPU draws
 * them, from MT19937, both seeded alike, as `torch.manual_seed` does. Measured on an H100 with PyTorch 2.11; which rule is whose is told in the guide "Whose mask is it".
 *
 * @param options See `TorchCudaOptions`.
 * @returns A stream, for `manualSeed(seed, { stream })` and `new Generator(seed, { stream })`. A generator's state is the 16 bytes of `torch.cuda.get_rng_state()`, followed by
 *   the 5,056 of `torch.get_rng_state()`; the 16 alone are taken, too.
 * @throws RangeError for a GPU that is not in the table and numbers that none has; TypeError for both a name and numbers, and unknown options.
 * @example
 * ```ts
 * manualSeed(0, { stream: torchCuda({ gpu: "A100", dtype: "float16" }) });
 * const y = F.dropout(ones([8]), 0.5); // the mask of torch.ones(8, dtype=torch.float16, device="cuda")
 * console.log(y.dataSync().join()); // 2,0,0,0,0,2,0,2
 * ```
 */
export function torchCuda(options?: TorchCudaOptions): Stream {
  const settings = settingsOf(options);
  const stream: Stream = { name: "torchCuda", begin: (seed) => new TorchCuda(stream, settings, seed) };
  return stream;
}

// --- internal helpers ---

const OP = "torchCuda";

interface Settings {
  readonly gpu: Gpu;
  readonly dtype: TorchDType;
  readonly isDTypeGiven: boolean;
  readonly attention: NonNullable<TorchCudaOptions["attention"]>;
  readonly draws: NonNullable<TorchCudaOptions["draws"]>;
}

function settingsOf(options: TorchCudaOptions | undefined): Settings {
  const given = optionsOf<TorchCudaOptions>(OP, options, {
    ...{ gpu: "any", multiprocessors: "number", threadsPerMultiprocessor: "number" },
    ...{ dtype: "any", attention: "any", draws: "any" },
  });
  const { gpu, multiprocessors, threadsPerMultiprocessor, dtype = "float32", attention = "math", draws = "host" } = given;
  if (gpu !== undefined && (multiprocessors !== undefined || threadsPerMultiprocessor !== undefined))
    throw refusal(OP, "a gpu or its numbers", "both", "leave one out");
  const numbers = {
    multiprocessors: count("multiprocessors", multiprocessors ?? 132, 1, 2 ** 16),
    threadsPerMultiprocessor: count("threadsPerMultiprocessor", threadsPerMultiprocessor ?? 2048, 256, 2 ** 12),
  };
  return {
    gpu: gpu === undefined ? numbers : gpuOf(OP, gpu),
    dtype: oneOf("dtype", dtype, ["float16", "bfloat16", "float32", "float64"]),
    isDTypeGiven: given.dtype !== undefined,
    attention: oneOf("attention", attention, ["math", "efficient", "flash", "cudnn"]),
    draws: oneOf("draws", draws, ["host", "device"]),
  };
}

function count(name: string, value: number, least: number, most: number): number {
  if (!Number.isInteger(value) || value < least || value > most)
    throw wrongValue(OP, `${name} as an integer in [${least}, ${most}]`, value);
  return value;
}

function oneOf<T extends string>(name: string, value: T, words: readonly T[]): T {
  if (!words.includes(value)) throw wrongType(OP, `${name} to be ${words.map((word) => `"${word}"`).join(" or ")}`, value);
  return value;
}

/** The types that PyTorch's kernels of attention take. */
const TAKEN: Readonly<Record<Settings["attention"], readonly TorchDType[]>> = {
  math: ["float16", "bfloat16", "float32", "float64"],
  efficient: ["float16", "bfloat16", "float32"],
  flash: ["float16", "bfloat16"],
  cudnn: ["float16", "bfloat16"],
};

/** Bytes of `torch.cuda.get_rng_state()`: seed and offset. */
const STATE_BYTES = 16;

/** The card's generator; what it does not draw is drawn by the CPU's, which was seeded alike. */
class TorchCuda extends TorchCpuSource {
  #seed: bigint;
  #offset = 0n;
  /** The mask that is about to be taken, and what it takes. */
  #next: { readonly key: MaskKey; readonly grows: number | bigint } | undefined;

  constructor(
    stream: Stream,
    readonly settings: Settings,
    seed: bigint,
  ) {
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
    const host = super.getState();
    const state = new Uint8Array(STATE_BYTES + host.length);
    state.set(new Uint8Array(new BigUint64Array([this.#seed, this.#offset]).buffer));
    state.set(host, STATE_BYTES);
    return state;
  }

  override setState(state: Uint8Array): void {
    if (state.length < STATE_BYTES)
      throw wrongValue(
        "setState",
        `${STATE_BYTES} bytes of torch.cuda.get_rng_state(), alone or before torch.get_rng_state()`,
        state.length,
      );
    const [seed, offset] = new BigUint64Array(state.slice(0, STATE_BYTES).buffer) as unknown as [bigint, bigint];
    if (offset % 4n !== 0n || offset >= 2n ** 53n) throw wrongValue("setState", "an offset that is a multiple of 4 below 2^53", offset);
    if (state.length > STATE_BYTES) super.setState(state.subarray(STATE_BYTES));
    this.#seed = seed;
    this.#offset = offset;
  }

  override mask(request: MaskRequest): MaskKey {
    const { attention, dtype, isDTypeGiven } = this.settings;
    const { op, p, shape, elementOffset } = request;
    // Which layers run is decided by the CPU, also of a model on the card.
    if (op === LAYER_DROP) return super.mask(request);
    const elements = elementsOf(request);
    if (op === ATTENTION_DROPOUT && isDTypeGiven && !TAKEN[attention].includes(dtype)) {
      throw refusal("scaledDotProductAttention", `${TAKEN[attention].join(" or ")} under ${attention} attention, as in PyTorch`, dtype);
    }
    if (op === ATTENTION_DROPOUT && (attention === "flash" || attention === "cudnn")) {
      const { key, grows } = attentionKey(attention, request, this.#seed, this.#offset);
      return this.#planned(key, grows);
    }
    const rule = this.#ruleOf(request, elements);
    const { layout, threshold, isByRows } = rule;
    const strides = request.strides ?? (isByRows ? undefined : elements.memory);
    const key = {
      call: this.#call(),
      p,
      shape,
      strides,
      // The attention's words are counted from the offset on.
      elementOffset: elementOffset + (layout?.kind === "flat" ? Number(this.#offset) : 0),
    };
    return this.#planned(layout === undefined ? key : laidOutKey(request, key, { layout, threshold }), rule.grows);
  }

  override take(key: MaskKey): void {
    if (this.#next?.key === key) this.#offset += BigInt(this.#next.grows);
    else super.take(key);
  }

  override uniform(length: number, from: number, to: number, dtype: FloatType): Float64Array {
    if (this.settings.draws === "host") return super.uniform(length, from, to, dtype);
    return this.#drawn(length, dtype, (call) => deviceUniform(call, threadsOf(this.settings.gpu), length, from, to, dtype));
  }

  override normal(length: number, dtype: FloatType): Float64Array {
    if (this.settings.draws === "host") return super.normal(length, dtype);
    return this.#drawn(length, dtype, (call) => deviceNormal(call, threadsOf(this.settings.gpu), length, dtype));
  }

  marks(length: number): Float64Array {
    const marks = deviceMarks(this.#call(), length);
    if (length > 0) this.#offset += 12n;
    return marks;
  }

  #call(): CallKey {
    return callKey(this.#seed, this.#offset / 4n);
  }

  /** Draws on the card. */
  #drawn(length: number, dtype: FloatType, draw: (call: CallKey) => Float64Array): Float64Array {
    const result = draw(this.#call());
    if (length > 0) this.#offset += BigInt(growth(threadsOf(this.settings.gpu), length, dtype === "float64" ? 2 : 4));
    return result;
  }

  #ruleOf(request: MaskRequest, elements: Elements): Rule {
    const { gpu, dtype, attention } = this.settings;
    const { op, p } = request;
    if (op === ATTENTION_DROPOUT && attention === "efficient") return efficientRule(p, elements);
    return (isFused(request) ? fusedRule : noiseRule)(gpu, dtype, p, elements);
  }

  #planned(key: MaskKey, grows: number | bigint): MaskKey {
    this.#next = { key, grows };
    return key;
  }
}
