import { BYTES_PER_ELEMENT, DisposedError, type DType, OutOfMemoryError, UnsupportedOpError, wrongValue } from "@dropwise/core/backend";
import { BufferUsage } from "./flags";
import { type GpuSession, NAME } from "./session";

/** A piece of device memory, as core holds it; nobody else looks inside. All elements take four bytes; bool is stored as u32. */
export interface GpuMemory {
  /** @internal */
  readonly owner: GpuAllocator;
  /** @internal Exchanged for a new one when it turned out that there was no room for the first. */
  buffer: GPUBuffer;
  /** @internal Of the buffer; no two have the same. */
  id: number;
  /** @internal */
  readonly bytes: number;
  /** @internal The last batch of recorded commands that uses it. */
  batch: number;
  /** @internal */
  failed: boolean;
  /** @internal */
  released: boolean;
  /** @internal True for what was asked for while nothing was computed: there is no buffer. */
  readonly isEmpty: boolean;
}

/** Where buffers come from and go to. */
export class GpuAllocator {
  /** Buffers that are not destroyed, scratch included. */
  readonly #live = new Set<GPUBuffer>();
  #nextId = 1;
  #liveBytes = 0;
  /** Bytes of the largest storage. */
  readonly maxBytes: number;
  /** Bytes that a kernel sees through one binding; larger memory takes several. */
  readonly windowBytes: number;
  /** Scratch memory that a kernel has. */
  readonly #lent = new Set<GpuMemory>();
  /** Scratch memory that is free, by size. */
  readonly #scratch = new Map<number, GpuMemory[]>();
  #scratchBytes = 0;

  constructor(
    readonly session: GpuSession,
    readonly before: { flush(): void; afterFlush(batch: number, action: () => void): void },
    windowBytes = session.device.limits.maxStorageBufferBindingSize,
  ) {
    const { maxBufferSize, minStorageBufferOffsetAlignment } = session.device.limits;
    this.maxBytes = Math.floor(maxBufferSize / ALIGNMENT) * ALIGNMENT;
    this.windowBytes = Math.floor(windowBytes / minStorageBufferOffsetAlignment) * minStorageBufferOffsetAlignment;
  }

  get buffers(): number {
    return this.#live.size;
  }

  get bytes(): number {
    return this.#liveBytes;
  }

  /**
   * Memory for `length` elements. Whether the device really has it is known only later: where it has not, the next awaited call throws.
   *
   * @throws UnsupportedOpError for float64, OutOfMemoryError for more than one buffer holds.
   */
  allocate(dtype: DType, length: number): GpuMemory {
    if (dtype === "float64") {
      const detail = "expected float32, int32 or bool on the webgpu backend, got float64 - use a host-visible backend such as cpu for it";
      throw new UnsupportedOpError("allocate", NAME, detail);
    }
    if (!Object.hasOwn(BYTES_PER_ELEMENT, dtype) || !Number.isSafeInteger(length) || length < 0)
      throw wrongValue("allocate", "a dtype and a length", [dtype, length]);
    const bytes = Math.max(ALIGNMENT, Math.ceil((length * 4) / ALIGNMENT) * ALIGNMENT);
    if (bytes > this.maxBytes) {
      throw new OutOfMemoryError(NAME, bytes, `one tensor has at most ${this.maxBytes} bytes on this device; split it`);
    }
    return this.#create(bytes);
  }

  /**
   * Refuses memory of another backend, and what was released, before a command with it is recorded: the device would tell of it only later, and throw away
   * everything that was submitted together with it. `name` begins with that of the operation.
   */
  check(name: string, memory: GpuMemory): void {
    const isEmpty = memory?.isEmpty && !this.session.isRehearsal;
    if (memory?.owner === this && !memory.released && !isEmpty) return;
    const op = name.split(" ", 1)[0] as string;
    if (memory?.owner !== this)
      throw new TypeError(`${op}: expected storage of this webgpu backend, got another's - move the tensor with await tensor.to(backend)`);
    if (!memory.released)
      throw new DisposedError(
        op,
        "expected a tensor with values, got one that was made inside warmUp, which computes nothing - make it outside",
      );
    throw new DisposedError(op, "expected live storage, got one that was released");
  }

  /** Gives memory back. Commands that use it still complete. Does nothing the second time, or on a dead device. */
  release(memory: GpuMemory): void {
    if (memory.owner !== this || memory.released) return;
    memory.released = true;
    const { buffer } = memory;
    if (!this.#live.delete(buffer)) return;
    this.#liveBytes -= memory.bytes;
    this.before.afterFlush(memory.batch, () => buffer.destroy());
  }

  /** Memory for a kernel's intermediate result, to be given back with `reuse` as soon as the kernel is recorded: commands run in order. */
  scratch(length: number): GpuMemory {
    const bytes = 2 ** Math.ceil(Math.log2(Math.max(ALIGNMENT, length * 4)));
    let memory = this.session.isRehearsal ? undefined : this.#scratch.get(bytes)?.pop();
    if (memory === undefined) memory = this.#create(Math.min(bytes, this.maxBytes));
    else this.#scratchBytes -= bytes;
    this.#lent.add(memory);
    return memory;
  }

  /** Takes back what a kernel that failed on its way had of it. */
  reclaim(): void {
    for (const memory of this.#lent) this.reuse(memory);
  }

  reuse(memory: GpuMemory): void {
    this.#lent.delete(memory);
    if (memory.isEmpty) return;
    if (this.#scratchBytes + memory.bytes > MAX_SCRATCH_BYTES) {
      this.release(memory);
      return;
    }
    this.#scratchBytes += memory.bytes;
    const free = this.#scratch.get(memory.bytes);
    if (free === undefined) this.#scratch.set(memory.bytes, [memory]);
    else free.push(memory);
  }

  /** The buffer to use in a command. One for which there was no room is asked for again, since a pool may have given it out once more. */
  bufferOf(memory: GpuMemory): GPUBuffer {
    if (memory.failed) {
      memory.failed = false;
      this.#live.delete(memory.buffer);
      memory.id = this.#nextId++;
      memory.buffer = this.#createBuffer(memory.bytes, () => {
        memory.failed = true;
      });
    }
    return memory.buffer;
  }

  /** Frees everything. */
  dispose(): void {
    for (const buffer of this.#live) buffer.destroy();
    this.#live.clear();
    this.#liveBytes = 0;
    this.#lent.clear();
    this.#scratch.clear();
  }

  #create(bytes: number): GpuMemory {
    const { isRehearsal } = this.session;
    // A failed allocation takes with it all commands submitted together with its first use, so what was recorded before goes ahead of it.
    if (bytes >= LARGE_BYTES && !isRehearsal) this.before.flush();
    const memory: GpuMemory = {
      owner: this,
      buffer: undefined as never,
      id: this.#nextId++,
      bytes,
      batch: 0,
      failed: false,
      released: false,
      isEmpty: isRehearsal,
    };
    if (isRehearsal) return memory;
    memory.buffer = this.#createBuffer(bytes, () => {
      memory.failed = true;
    });
    this.#liveBytes += bytes;
    return memory;
  }

  #createBuffer(bytes: number, failed: () => void): GPUBuffer {
    const usage = BufferUsage.STORAGE | BufferUsage.COPY_SRC | BufferUsage.COPY_DST;
    const buffer = this.session.guard(() => this.session.device.createBuffer({ size: bytes, usage }), bytes, failed);
    this.#live.add(buffer);
    return buffer;
  }
}

/** Sizes are multiples of this, so that kernels may load four elements at once. */
const ALIGNMENT = 16;

/** From here on an allocation is thought likely to fail. */
const LARGE_BYTES = 2 ** 24;

/** Scratch memory beyond this is not kept. */
const MAX_SCRATCH_BYTES = 2 ** 26;
