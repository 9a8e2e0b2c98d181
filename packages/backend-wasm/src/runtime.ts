import {
  type BackendStorage,
  BYTES_PER_ELEMENT,
  createTypedArray,
  DisposedError,
  type DType,
  type Operand,
  type TypedArray,
} from "@dropwise/core/backend";
import { KERNEL_NAMES, type Kernel, type KernelName } from "./module";
import type { Pool } from "./pool";
import { Arena } from "./tensor-arena";

/** A piece of the linear memory, as core holds it; nobody else looks inside. */
export interface WasmHandle {
  /** @internal */
  readonly dtype: DType;
  /** @internal */
  readonly length: number;
  /** @internal */
  readonly address: number;
  /** @internal The typed array on it; made anew when memory has grown since. */
  view: TypedArray | undefined;
  /** @internal */
  released: boolean;
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

/** What a chunk should take: short, since the end of a call is waited for, and long against the price of a claim. */
const CHUNK_NS = 12_000;

/**
 * The memory, the instance and the threads of one backend, and how a kernel is called: arguments are written to a block in memory, then a
 * kernel computes a range of units. Nothing is allocated on the way, so that small calls cost little.
 */
export class Runtime {
  /** The argument block as words and as floats. Void, and replaced, when memory grows. */
  words!: Int32Array;
  floats!: Float32Array;
  readonly arena: Arena;
  readonly #kernels: readonly Kernel[];
  #disposed = false;

  constructor(
    readonly memory: WebAssembly.Memory,
    exports: WebAssembly.Exports,
    readonly layout: Layout,
    readonly pool: Pool | null,
  ) {
    this.#kernels = KERNEL_NAMES.map((name) => exports[name] as Kernel);
    this.arena = new Arena(memory, layout.start, () => this.#refresh());
    this.#refresh();
  }

  /** Threads that a kernel may use. */
  get threads(): number {
    return 1 + (this.pool?.workers.length ?? 0);
  }

  /** The address of a constant operand with this value. */
  constant(value: number): number {
    this.floats[ARGS_BYTES / 4] = value;
    return this.layout.args + ARGS_BYTES;
  }

  /** Computes the units [0, units) of the call whose arguments are in the block. `unitNs`: about what a unit takes on one thread. */
  run(name: KernelName, units: number, unitNs: number): void {
    if (this.#disposed) throw disposed(name);
    const kernel = KERNEL_NAMES.indexOf(name);
    const run = this.#kernels[kernel] as Kernel;
    const { args, scratch } = this.layout;
    const { pool } = this;
    if (pool === null || units < 2 || !pool.isWorthwhile(units * unitNs)) run(args, 0, units, scratch);
    else {
      let chunk = Math.max(1, Math.ceil(CHUNK_NS / unitNs));
      if (chunk > 64) chunk = Math.ceil(chunk / 64) * 64; // elements: whole vectors and whole Philox blocks
      pool.run(kernel, args, units, units * unitNs, chunk, (begin, end) => run(args, begin, end, scratch));
    }
  }

  /** Memory for `length` elements. */
  allocate(dtype: DType, length: number): WasmHandle {
    if (this.#disposed) throw disposed("allocate");
    return { dtype, length, address: this.arena.allocate(length * BYTES_PER_ELEMENT[dtype]), view: undefined, released: false };
  }

  /** Gives memory back, once. */
  release(handle: WasmHandle): void {
    if (handle.released || this.#disposed) return;
    handle.released = true;
    handle.view = undefined;
    this.arena.release(handle.address, handle.length * BYTES_PER_ELEMENT[handle.dtype]);
  }

  /** The storage as a typed array, valid until memory grows. */
  view(storage: BackendStorage<WasmHandle>): TypedArray {
    if (this.#disposed) throw disposed("view");
    const { handle } = storage;
    // A plain memory that grows detaches its old buffer, whose arrays then have no length; a shared one keeps it.
    if (handle.view === undefined || handle.view.length !== handle.length) {
      handle.view = typedArray(handle.dtype, this.memory.buffer, handle.address, handle.length);
    }
    return handle.view;
  }

  /** Ends the workers and lets go of the memory. */
  dispose(): void {
    this.#disposed = true;
    this.pool?.end();
  }

  #refresh(): void {
    this.words = new Int32Array(this.memory.buffer, this.layout.args, ARGS_BYTES / 4 + 1);
    this.floats = new Float32Array(this.memory.buffer, this.layout.args, ARGS_BYTES / 4 + 1);
  }
}

/** The address of an operand's first element; 4 bytes an element. */
export function addressOf(operand: Operand<WasmHandle>): number {
  return operand.storage.handle.address + 4 * operand.offset;
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

function disposed(op: string): DisposedError {
  return new DisposedError(op, "expected a live wasm backend, got one that was disposed - create another with createWasmBackend()");
}
