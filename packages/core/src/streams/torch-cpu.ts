import { UnsupportedOpError } from "../errors/errors";
import { wrongValue } from "../errors/refusal";
import { LAYER_DROP } from "../functional/layer-drop";
import type { MaskKey } from "../random/mask-key";
import type { FloatType, ForeignSource, MaskRequest, Stream, TruncatedNormal } from "../random/source";
import { bitsInOrder, bitsKey, drawnOrder } from "./bits";
import { Mt19937 } from "./mt19937";
import {
  drawAbove,
  drawBits,
  drawExponential,
  drawModulo,
  drawNormal,
  drawOrder,
  drawPlaces,
  drawTruncated,
  drawUniform,
} from "./torch-draws";

/**
 * Everything that PyTorch draws on the CPU (2.13): `torch.manual_seed(s)` there and `manualSeed(s, { stream: torchCpu })` here give the same initial weights, data, order
 * of a loader and masks, call for call. The state is that of `torch.get_rng_state()`, 5,056 bytes.
 *
 * Its generator, MT19937, cannot be asked for a word further on: masks are drawn on the host and kept, one bit for each element, and `elementOffset` is refused (a
 * `shard` draws the whole mask and keeps its part). It has no `offset` and no `call`.
 *
 * As in PyTorch, a mask follows the order of its input in memory, so that a transposed tensor has another mask than its contiguous copy. Here operations on elements
 * give contiguous results, there they keep the order: after such an operation on a transposed tensor, call `contiguous()` in both.
 *
 * @example
 * ```ts
 * manualSeed(0, { stream: torchCpu });
 * console.log(String(rand([3]))); // Tensor([0.4963, 0.7682, 0.0885], [3], float32, cpu)
 * ```
 */
export const torchCpu: Stream = {
  name: "torchCpu",
  begin: (seed) => new TorchCpuSource(seed),
};

/** @internal The CPU's generator of a PyTorch process. */
export class TorchCpuSource implements ForeignSource {
  readonly #words: Mt19937;
  /** The mask that was asked for last, and the state behind it. */
  #next: { readonly key: MaskKey; readonly after: Mt19937 } | undefined;

  constructor(
    seed: bigint,
    readonly stream: Stream = torchCpu,
  ) {
    this.#words = new Mt19937(seed);
  }

  get seed(): bigint {
    return this.#words.seed;
  }

  get offset(): bigint {
    throw new UnsupportedOpError("offset", "cpu", "expected a stream that can be addressed, got torchCpu - keep getState() instead");
  }

  getState(): Uint8Array {
    return this.#words.getState();
  }

  setState(state: Uint8Array): void {
    this.#words.setState(state);
  }

  mask(request: MaskRequest): MaskKey {
    const { op, p, shape, whole, elementOffset } = request;
    const order = drawnOrder(request);
    const end = shape.reduce((sum, size, dim) => sum + (size - 1) * (order.strides[dim] as number), order.offset);
    if ((whole === undefined && elementOffset > 0) || end >= order.length) {
      throw wrongValue(op, "an elementOffset of 0 under torchCpu, which cannot be addressed", elementOffset, "cut the batch with shard()");
    }
    const after = this.#words.clone();
    // fairseq and transformers compare uniform numbers to decide which layers run.
    const bits = op === LAYER_DROP ? drawAbove(after, order.length, p) : drawBits(after, order.length, 1 - p);
    const key = bitsKey(p, shape, bitsInOrder(bits, shape, order));
    this.#next = { key, after };
    return key;
  }

  take(key: MaskKey): void {
    // Nobody takes another mask than that which was asked for last.
    if (this.#next?.key === key) this.#words.become(this.#next.after);
    this.#next = undefined;
  }

  uniform(length: number, from: number, to: number, dtype: FloatType): Float64Array {
    return drawUniform(this.#words, length, from, to, dtype);
  }

  normal(length: number, dtype: FloatType): Float64Array {
    return drawNormal(this.#words, length, dtype);
  }

  truncatedNormal(length: number, range: TruncatedNormal, dtype: FloatType): Float64Array {
    return drawTruncated(this.#words, length, range, dtype);
  }

  integers(length: number, range: number): Int32Array {
    return drawModulo(this.#words, length, range);
  }

  permutation(length: number): Int32Array {
    return drawOrder(this.#words, length);
  }

  exponential(length: number, dtype: FloatType): Float64Array {
    return drawExponential(this.#words, length, dtype);
  }

  weighted(weights: Float32Array | Float64Array, length: number, replacement: boolean): Int32Array {
    return drawPlaces(this.#words, weights, length, replacement);
  }

  beginPass(): void {
    this.#seedOfPass();
  }

  order(samples: number, length: number, replacement: boolean, isOwn: boolean): Int32Array {
    // Without a generator of its own a sampler seeds a new one.
    const words = isOwn ? this.#words : new Mt19937(this.#seedOfPass());
    if (replacement) return drawModulo(words, length, samples);
    const places = new Int32Array(length);
    if (samples === 0) return places;
    // One more than it takes: PyTorch's loop asks for a last part, which may be empty.
    for (let at = 0; at <= length; at += samples) places.set(drawOrder(words, samples).subarray(0, length - at), at);
    return places;
  }

  /** 63 bits of the 64 that are drawn. */
  #seedOfPass(): bigint {
    const high = this.#words.random() & 0x7fffffff;
    return (BigInt(high) << 32n) | BigInt(this.#words.random());
  }
}
