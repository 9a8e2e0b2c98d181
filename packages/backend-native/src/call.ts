import { DisposedError, type DType, type Operand, type TypedArray } from "@dropwise/core/backend";
import type { AddonBackend } from "./load";
import { Memory, type NativeHandle, RELEASED } from "./memory";

/** The kernels, in the order of `KernelId` in `native/kernel-table.hpp`. */
export const Kernel = {
  dropout: 0,
  unary: 1,
  binary: 2,
  reduce: 3,
  softmax: 5,
  softmaxGrad: 6,
  sgd: 7,
  adam: 8,
  matmul: 9,
  copy: 10,
  dropoutLayout: 11,
  normalize: 12,
  normalizeGrad: 13,
  lstm: 14,
  lstmGrad: 15,
  attention: 16,
  attentionGrad: 17,
  convolution: 18,
  convolutionWeights: 19,
  pool: 20,
  activation: 21,
  where: 22,
  gather: 23,
  scatterAdd: 24,
} as const;

/** Dimensions that a kernel can walk, `kMaxRank`. */
export const MAX_RANK = 8;

/** Numbers in the argument block; the longest call, `attentionGrad`, takes 71. */
export const BLOCK_LENGTH = 96;

/**
 * Writes a call to the argument block and runs it: `begin`, then its numbers and operands in the order in which `native/calls.cc` reads
 * them, then `run`. An operand that does not lie in its tensor is refused here, before anything runs; the addon checks once more, against whole slabs and
 * that numbers are whole. A member computes how far its kernel reaches from the very numbers that it writes: each size and stride is read once.
 */
export class Call {
  readonly memory: Memory;
  #at = 0;
  #ended = false;

  constructor(
    readonly block: Float64Array,
    readonly addon: AddonBackend,
  ) {
    this.memory = new Memory(addon);
  }

  begin(kernel: number): this {
    if (this.#ended) throw disposed("native");
    this.block[0] = kernel;
    this.#at = 1;
    return this;
  }

  number(value: number): this {
    this.block[this.#at++] = value;
    return this;
  }

  /** One dimension that a kernel walks: its size, and the steps of up to two operands, which do not matter where nothing is stepped. */
  dim(size: number, a: number, b: number): this {
    const { block } = this;
    const steps = size === 0 || size === 1 ? 0 : 1;
    block[this.#at++] = size;
    block[this.#at++] = steps === 0 ? 0 : a;
    block[this.#at++] = steps === 0 ? 0 : b;
    return this;
  }

  /**
   * An operand of which `extent` elements, from its offset on, are read or written. Without elements it lies anywhere: an empty view may begin behind the
   * end.
   */
  operand(op: string, { storage, offset }: Operand<NativeHandle>, extent: number, dtype: DType = "float32"): this {
    const { handle } = storage;
    if (handle?.memory !== this.memory) throw foreign(op);
    // An array that was released, or transferred away, has no elements.
    const lies = extent === 0 ? handle.view !== RELEASED : offset >= 0 && extent > 0 && offset + extent <= handle.view.length;
    if (handle.dtype !== dtype || !lies) throw outside(op, handle, offset, extent, dtype);
    const { block } = this;
    block[this.#at++] = handle.slab.id;
    block[this.#at++] = extent === 0 ? handle.byteOffset : handle.byteOffset + offset * (dtype === "bool" ? 1 : 4);
    return this;
  }

  run(): void {
    this.addon.run();
  }

  /** The whole storage as a typed array. */
  view(handle: NativeHandle): TypedArray {
    if (this.#ended) throw disposed("view");
    if (handle?.memory !== this.memory) throw foreign("view");
    return handle.view;
  }

  /** Ends the threads and gives the memory back; every later call throws DisposedError. */
  end(): void {
    this.#ended = true;
    this.addon.stop(); // first: nobody works on memory that goes
    this.memory.end();
  }
}

/** Elements from the first to the last that `size` steps of `stride` reach. */
export function reach(size: number, stride: number): number {
  return size <= 1 ? 0 : (size - 1) * stride;
}

/** The error for strides that come to one element more than once, where that is no use: there might be no end to it. */
export function repeats(op: string): RangeError {
  return new RangeError(`${op}: expected strides that come to each element once, got some that repeat one - copy the operand first`);
}

/** The error of a call on a backend that was disposed. */
export function disposed(op: string): DisposedError {
  return new DisposedError(op, "expected a live native backend, got one that was disposed - create another with createNativeBackend()");
}

// --- internal helpers ---

function foreign(op: string): TypeError {
  return new TypeError(`${op}: expected storage of this native backend, got another's - move the tensor with await tensor.to(backend)`);
}

function outside(op: string, handle: NativeHandle, offset: number, extent: number, dtype: DType): Error {
  if (handle.dtype !== dtype) return new TypeError(`${op}: expected ${dtype} storage, got ${handle.dtype}`);
  if (handle.view.buffer !== handle.slab.buffer) return new DisposedError(op, "expected live storage, got one that was released");
  if (handle.slab.buffer.byteLength === 0) {
    return new DisposedError(
      op,
      "expected memory of the backend, got an ArrayBuffer that was transferred away - never transfer what view() gives",
    );
  }
  return new RangeError(
    `${op}: expected ${extent} elements from offset ${offset} to lie in the storage, got one with ${handle.view.length}`,
  );
}
