import {
  type BackendStorage,
  BYTES_PER_ELEMENT,
  createTypedArray,
  DisposedError,
  type DType,
  type Operand,
  type TypedArray,
  wrongValue,
} from "@dropwise/core/backend";
import { KERNEL_NAMES, type Kernel, type KernelName } from "./module";
import type { Pool } from "./pool";
import { Arena } from "./tensor-arena";

/** A piece of the linear memory, as core holds it; nobody else looks inside. */
export class WasmHandle {
  /** @internal The typed array on it; made anew when memory has grown since. */
  view: TypedArray | undefined;
  /** @internal Made by `Runtime.allocate` only. */
  constructor(
    /** @internal Null once it was released, or its backend disposed. */
    public runtime: Runtime | null,
    /** @internal */
    readonly dtype: DType,
    /** @internal */
    readonly length: number,
    /** @internal */
    readonly address: number,
  ) {}
}

/** Where things lie below the arena. */
export interface Layout {
  /** The words that threads share; see `protocol.ts`. */
  readonly control: number;
  /** The argument block of the call that is on: `ARGS_BYTES`, then one number for a constant operand. */
  readonly args: number;
  /** Scratch memory of this thread, `SCRATCH_BYTES`. */
  readonly scratch: number;
  /** The first address for tensors. */
  readonly start: number;
}

/** Room for the largest argument block; `MatmulArgs` and `BinaryArgs` of the kernels are about half of it. */
const ARGS_BYTES = 256;

/** Bytes of scratch memory that a thread needs, `kScratch` floats: the tiles of attention are what needs most. */
export const SCRATCH_BYTES = 4 * 176_000;

/** What a chunk should take: short, since the end of a call is waited for, and long against the price of a claim. */
const CHUNK_NS = 12_000;

/**
 * The memory, the instance and the threads of one backend, and how a kernel is called: arguments are written to a block in memory, then a
 * kernel computes a range of units. Nothing is allocated on the way, so that small calls cost little.
 *
 * The module knows one memory and no tensors. So each operand gets its address from `operand`, which refuses what does not lie in its tensor, and
 * a member computes how far its kernel reaches from the very numbers that it writes to the block: each size and stride is read once.
 */
export class Runtime {
  /** The argument block as words and as floats. Void, and replaced, when memory grows. */
  words!: Int32Array;
  floats!: Float32Array;
  #memory: WebAssembly.Memory;
  #arena: Arena;
  #kernels: readonly Kernel[];
  #pool: Pool | null;
  /** Those that somebody holds: their views keep the memory from the garbage collector. */
  readonly #handles = new Set<WasmHandle>();
  /** True after `dispose`. */
  isDisposed = false;
  /** Threads that a kernel may use. */
  readonly threads: number;

  constructor(
    memory: WebAssembly.Memory,
    exports: WebAssembly.Exports,
    readonly layout: Layout,
    pool: Pool | null,
  ) {
    this.#memory = memory;
    this.#kernels = KERNEL_NAMES.map((name) => exports[name] as Kernel);
    this.#pool = pool;
    this.threads = 1 + (pool?.workers.length ?? 0);
    this.#arena = new Arena(memory, layout.start, () => this.#refresh());
    this.#refresh();
  }

  /**
   * The address of an operand of which `extent` elements, from its offset on, are read or written. Throws for one that does not lie in a live tensor of
   * this backend. Without elements it lies anywhere: an empty view may begin behind the end.
   */
  operand(op: string, { storage, offset }: Operand<WasmHandle>, extent: number, dtype: DType = "float32"): number {
    const { handle } = storage;
    if (handle?.runtime !== this || handle.dtype !== dtype) this.#refuse(op, handle, offset, extent, dtype);
    if (extent === 0) return handle.address;
    if (extent >>> 0 !== extent || offset >>> 0 !== offset || offset + extent > handle.length)
      this.#refuse(op, handle, offset, extent, dtype);
    return handle.address + (dtype === "bool" ? offset : 4 * offset);
  }

  /** The address of a constant operand with this value. */
  constant(value: number): number {
    this.floats[ARGS_BYTES / 4] = value;
    return this.layout.args + ARGS_BYTES;
  }

  /** Computes the units [0, units) of the call whose arguments are in the block. `unitNs`: about what a unit takes on one thread. */
  run(name: KernelName, units: number, unitNs: number): void {
    if (this.isDisposed) throw disposed(name);
    const kernel = KERNEL_NAMES.indexOf(name);
    const run = this.#kernels[kernel] as Kernel;
    const { args, scratch } = this.layout;
    const pool = this.#pool;
    if (pool === null || units < 2 || !pool.isWorthwhile(units * unitNs)) run(args, 0, units, scratch);
    else {
      let chunk = Math.max(1, Math.ceil(CHUNK_NS / unitNs));
      if (chunk > 64) chunk = Math.ceil(chunk / 64) * 64; // elements: whole vectors and whole Philox blocks
      pool.run(kernel, args, units, units * unitNs, chunk, (begin, end) => run(args, begin, end, scratch));
    }
  }

  /** Memory for `length` elements. */
  allocate(dtype: DType, length: number): WasmHandle {
    if (this.isDisposed) throw disposed("allocate");
    if (!Object.hasOwn(BYTES_PER_ELEMENT, dtype) || !isWhole(length)) throw wrongValue("allocate", "a dtype and a length", [dtype, length]);
    const handle = new WasmHandle(this, dtype, length, this.#arena.allocate(length * BYTES_PER_ELEMENT[dtype]));
    this.#handles.add(handle);
    return handle;
  }

  /** Gives memory back, once. */
  release(handle: WasmHandle): void {
    if (!this.#handles.delete(handle)) return;
    this.#drop(handle);
    this.#arena.release(handle.address, handle.length * BYTES_PER_ELEMENT[handle.dtype]);
  }

  /** Memory for the time of a call, to be given back. May move the argument block: before anything is written to it. */
  borrow(bytes: number): number {
    return this.#arena.allocate(bytes);
  }

  /** Takes back what `borrow(bytes)` gave. */
  giveBack(address: number, bytes: number): void {
    this.#arena.release(address, bytes);
  }

  /** The storage as a typed array, valid until memory grows. */
  view({ handle }: BackendStorage<WasmHandle>): TypedArray {
    if (handle?.runtime !== this) this.#refuse("view", handle, 0, 0, handle?.dtype);
    // A plain memory that grows detaches its old buffer, whose arrays then have no length; a shared one keeps it.
    if (handle.view === undefined || handle.view.length !== handle.length) {
      handle.view = typedArray(handle.dtype, this.#memory.buffer, handle.address, handle.length);
    }
    return handle.view;
  }

  /** Ends the workers and lets go of the memory, of which nothing that others hold keeps a part: not the backend, and not its tensors. */
  dispose(): void {
    if (this.isDisposed) return;
    this.isDisposed = true;
    this.#pool?.end();
    this.#pool = null;
    for (const handle of this.#handles) this.#drop(handle);
    this.#handles.clear();
    this.#kernels = [];
    this.#memory = this.#arena = undefined as never;
    this.words = new Int32Array(0);
    this.floats = new Float32Array(0);
  }

  #drop(handle: WasmHandle): void {
    handle.runtime = null;
    handle.view = undefined;
  }

  #refresh(): void {
    this.words = new Int32Array(this.#memory.buffer, this.layout.args, ARGS_BYTES / 4 + 1);
    this.floats = new Float32Array(this.#memory.buffer, this.layout.args, ARGS_BYTES / 4 + 1);
  }

  #refuse(op: string, handle: WasmHandle | undefined, offset: number, extent: number, dtype: DType): never {
    if (this.isDisposed) throw disposed(op);
    if (handle?.runtime === null) throw new DisposedError(op, "expected live storage, got one that was released");
    if (handle?.runtime !== this) throw foreign(op);
    if (handle.dtype !== dtype) throw new TypeError(`${op}: expected ${dtype} storage, got ${handle.dtype}`);
    const wanted = `${extent} elements from offset ${offset} to lie in the storage`;
    throw new RangeError(`${op}: expected ${wanted}, got one with ${handle.length}`);
  }
}

/** True for what the module can count with: an integer in [0, 2^32). */
export function isWhole(value: number): boolean {
  return value >>> 0 === value;
}

/** The elements between the first and the last that `size` steps of `stride` reach; NaN, which no operand has room for, where they are no whole numbers. */
export function reach(size: number, stride: number): number {
  if (size === 1) return 0; // never stepped
  return size >>> 0 === size && stride >>> 0 === stride ? (size - 1) * stride : Number.NaN;
}

/** The elements of three dimensions; NaN, which no operand has room for, where those are no sizes. */
export function elementsOf(a: number, b: number, c: number): number {
  return isWhole(a) && isWhole(b) && isWhole(c) ? a * b * c : Number.NaN;
}

/** Whether all operands are float32, the dtype that the kernels are for. */
export function areFloat32(a: Operand, b?: Operand | number | null, c?: Operand | number | null): boolean {
  return isFloat32(a) && isFloat32(b) && isFloat32(c);
}

// --- internal helpers ---

function isFloat32(operand: Operand | number | null | undefined): boolean {
  return typeof operand !== "object" || operand === null || operand.storage.dtype === "float32";
}

function typedArray(dtype: DType, buffer: ArrayBuffer, address: number, length: number): TypedArray {
  const ArrayType = createTypedArray(dtype, 0).constructor as new (buffer: ArrayBuffer, address: number, length: number) => TypedArray;
  return new ArrayType(buffer, address, length);
}

function foreign(op: string): TypeError {
  return new TypeError(`${op}: expected storage of this wasm backend, got another's - move the tensor with await tensor.to(backend)`);
}

function disposed(op: string): DisposedError {
  return new DisposedError(op, "expected a live wasm backend, got one that was disposed - create another with createWasmBackend()");
}
