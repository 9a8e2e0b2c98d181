import { BYTES_PER_ELEMENT, createTypedArray, type DType, OutOfMemoryError, type TypedArray, wrongValue } from "@dropwise/core/backend";
import type { AddonBackend } from "./load";

/** The view of what was released. */
export const RELEASED = new Uint8Array(0);

/** A piece of the native backend's memory, as core holds it; nobody else looks inside. */
export class NativeHandle {
  /** @internal Made by `Memory.allocate` only. `view` becomes empty on release, so that no check passes any more. */
  constructor(
    /** @internal */
    readonly memory: Memory,
    /** @internal */
    readonly slab: Slab,
    /** @internal Bytes from the start of the slab. */
    readonly byteOffset: number,
    /** @internal */
    readonly dtype: DType,
    /** @internal */
    public view: TypedArray,
  ) {}
}

/** One ArrayBuffer: a large tensor of its own, or many small ones. */
interface Slab {
  readonly id: number;
  readonly buffer: ArrayBuffer;
  /** Free ranges [start, end) in order, never touching each other. */
  readonly free: Range[];
  readonly usable: number;
}

interface Range {
  start: number;
  end: number;
}

/**
 * The memory of one backend: plain ArrayBuffers made here (memory made by an addon cannot be shown to JavaScript in every runtime), attached to the
 * addon once. What is too small to have one of its own shares one. Core pools by size before it comes here, so calls are rare.
 */
export class Memory {
  /** Those that small pieces share. */
  readonly #slabs: Slab[] = [];
  /** All that are attached. */
  readonly #attached = new Set<number>();

  constructor(readonly addon: AddonBackend) {}

  /** Memory for `length` elements, on a cache line. Throws OutOfMemoryError. */
  allocate(dtype: DType, length: number): NativeHandle {
    if (!Object.hasOwn(BYTES_PER_ELEMENT, dtype) || !Number.isSafeInteger(length) || length < 0)
      throw wrongValue("allocate", "a dtype and a length", [dtype, length]);
    const bytes = Math.max(CACHE_LINE, Math.ceil((length * BYTES_PER_ELEMENT[dtype]) / CACHE_LINE) * CACHE_LINE);
    let slab = bytes >= OWN_SLAB_BYTES ? undefined : this.#slabs.find(({ free }) => free.some(({ start, end }) => end - start >= bytes));
    if (slab === undefined) {
      slab = this.#newSlab(Math.max(bytes, SHARED_SLAB_BYTES), bytes);
      if (bytes < OWN_SLAB_BYTES) this.#slabs.push(slab);
    }
    const range = slab.free.find(({ start, end }) => end - start >= bytes) as Range;
    const { start } = range;
    range.start += bytes;
    if (range.start === range.end) slab.free.splice(slab.free.indexOf(range), 1);
    return new NativeHandle(this, slab, start, dtype, viewOf(dtype, slab.buffer, start, length));
  }

  /** Takes it back. A second time does nothing. */
  release(handle: NativeHandle): void {
    const { slab, byteOffset, view } = handle;
    if (view === RELEASED) return;
    const bytes = Math.max(CACHE_LINE, Math.ceil(view.byteLength / CACHE_LINE) * CACHE_LINE);
    handle.view = RELEASED;
    insert(slab.free, { start: byteOffset, end: byteOffset + bytes });
    const [only] = slab.free;
    if (only === undefined || only.end - only.start < slab.usable) return;
    // Nothing is left in it. One empty slab for small pieces is kept for the next.
    const shared = this.#slabs.indexOf(slab);
    if (shared >= 0 && this.#slabs.length === 1) return;
    if (shared >= 0) this.#slabs.splice(shared, 1);
    this.#detach(slab.id);
  }

  /** Gives everything back, whoever still holds handles, or arrays that `view` gave: they have no elements any more. */
  end(): void {
    for (const id of this.#attached) this.#detach(id);
    this.#slabs.length = 0;
  }

  #detach(id: number): void {
    this.#attached.delete(id);
    this.addon.detach(id);
  }

  #newSlab(usable: number, wanted: number): Slab {
    let buffer: ArrayBuffer;
    try {
      buffer = new ArrayBuffer(usable + CACHE_LINE);
    } catch {
      throw new OutOfMemoryError("native", wanted);
    }
    const attached = this.addon.attach(buffer);
    const start = attached % CACHE_LINE;
    const id = Math.floor(attached / CACHE_LINE);
    this.#attached.add(id);
    return { id, buffer, free: [{ start, end: start + usable }], usable };
  }
}

// --- internal helpers ---

/** Pieces begin on cache lines: vectors do not straddle two, threads do not write to one, and stores can go around the caches. */
const CACHE_LINE = 64;

/** From here on a tensor has an ArrayBuffer of its own, which goes back to the system when it is released. */
const OWN_SLAB_BYTES = 2 ** 18;

const SHARED_SLAB_BYTES = 2 ** 20;

function viewOf(dtype: DType, buffer: ArrayBuffer, byteOffset: number, length: number): TypedArray {
  const ArrayOf = createTypedArray(dtype, 0).constructor as new (buffer: ArrayBuffer, byteOffset: number, length: number) => TypedArray;
  return new ArrayOf(buffer, byteOffset, length);
}

/** Adds a range, joined with its neighbours. */
function insert(free: Range[], range: Range): void {
  const after = free.findIndex(({ start }) => start > range.start);
  const at = after < 0 ? free.length : after;
  const previous = free[at - 1];
  const next = free[at];
  if (next !== undefined && next.start === range.end) {
    range.end = next.end;
    free.splice(at, 1);
  }
  if (previous !== undefined && previous.end === range.start) previous.end = range.end;
  else free.splice(at, 0, range);
}
