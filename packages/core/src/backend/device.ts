import { BYTES_PER_ELEMENT, type DType, type TypedArray } from "../dtype/dtype";
import { OutOfMemoryError, UnsupportedOpError } from "../errors/errors";
import type { Backend, BackendStorage } from "./backend";
import { Storage } from "./storage";

/** The members of a backend that compute. Required here: an absent one was filled in or throws when called. */
type Families = Required<Pick<Backend, "unary" | "binary" | "reduce" | "where" | "matmul" | "copy" | "fill" | "dropout">>;

/** Turns a storage of a host-visible backend into the typed array behind it. */
export type View = (storage: BackendStorage) => TypedArray;

/** The kernels core calls: every family, and those other ones that the backend has. */
export type DeviceKernels = Families & Pick<Backend, "gather" | "scatterAdd" | "linear" | "softmax" | "softmaxGrad" | "optimizerStep">;

/** A backend as core uses it: its kernels made complete, its memory pooled and counted. There is one for each backend object. */
export class Device {
  /** Tensors that are not disposed. */
  liveTensors = 0;
  /** Bytes of the storages that somebody holds. */
  liveBytes = 0;
  /** Bytes of released memory that is kept for the next allocation. */
  pooledBytes = 0;
  #peakBytes = 0;
  readonly #pool: Partial<Record<DType, Map<number, unknown[]>>> = {};

  constructor(
    readonly backend: Backend,
    readonly kernels: DeviceKernels,
    /** The backend's `view`; absent when it is not host-visible. */
    readonly view: View | undefined,
    /** Its name, with "#2" for the second of that name that was used: what tells them apart in messages. */
    readonly label: string,
  ) {}

  /**
   * Storage for `length` elements with undefined contents, from the pool where it has one of that size. Fresh memory costs several times a
   * kernel (the system clears each page), which is why there is a pool.
   *
   * @throws UnsupportedOpError for a dtype the backend does not have, OutOfMemoryError when memory is short even with the pool emptied.
   */
  allocate(dtype: DType, length: number): Storage {
    let capacity = capacityFor(length);
    // The largest tensor is what the backend says, whatever it would be rounded to.
    if (capacity * BYTES_PER_ELEMENT[dtype] > this.backend.info.maxBufferBytes) capacity = length;
    let handle = this.#pool[dtype]?.get(capacity)?.pop();
    if (handle === undefined) handle = this.#allocateFresh(dtype, capacity);
    else this.pooledBytes -= capacity * BYTES_PER_ELEMENT[dtype];
    const storage = new Storage(this, handle, dtype, length, capacity);
    this.liveBytes += storage.byteLength;
    if (this.liveBytes > this.#peakBytes) this.#peakBytes = this.liveBytes;
    return storage;
  }

  /**
   * Takes back the memory of a storage that nobody holds. The pool never has more bytes than were live at the peak; what was released last is
   * the likeliest to be asked for again, so memory of other sizes makes room for it.
   */
  recycle(storage: Storage): void {
    const { dtype, capacity, handle } = storage;
    this.liveBytes -= storage.byteLength;
    const bytes = capacity * BYTES_PER_ELEMENT[dtype];
    // Sizes are rounded up by an eighth at most, and so is the bound.
    const limit = Math.max(this.#peakBytes * 1.125, MIN_POOL_BYTES);
    this.#pool[dtype] ??= new Map();
    const free = this.#pool[dtype].get(capacity) ?? [];
    if (this.pooledBytes + bytes > limit) this.#evict(this.pooledBytes + bytes - limit, free);
    if (this.pooledBytes + bytes > limit) {
      this.backend.release(handle);
      return;
    }
    this.pooledBytes += bytes;
    free.push(handle);
    if (free.length === 1) this.#pool[dtype].set(capacity, free);
  }

  /** Gives all pooled memory back to the backend. */
  emptyPool(): void {
    this.#evict(this.pooledBytes);
  }

  /** Gives back at least `bytes`, if there are as many, of all sizes but the one whose list is `spared`. */
  #evict(bytes: number, spared?: unknown[]): void {
    const enough = this.pooledBytes - bytes;
    for (const [dtype, sizes] of Object.entries(this.#pool) as [DType, Map<number, unknown[]>][]) {
      for (const [capacity, handles] of sizes) {
        while (handles !== spared && handles.length > 0 && this.pooledBytes > enough) {
          this.backend.release(handles.pop());
          this.pooledBytes -= capacity * BYTES_PER_ELEMENT[dtype];
        }
      }
    }
  }

  #allocateFresh(dtype: DType, capacity: number): unknown {
    const { backend } = this;
    if (!backend.info.dtypes.includes(dtype)) {
      const detail = `expected one of ${backend.info.dtypes.join(", ")} on the ${backend.name} backend, got ${dtype} - convert it first`;
      throw new UnsupportedOpError("allocate", backend.name, detail);
    }
    const bytes = capacity * BYTES_PER_ELEMENT[dtype];
    if (bytes > backend.info.maxBufferBytes) {
      throw new OutOfMemoryError(backend.name, bytes, `one tensor has at most ${backend.info.maxBufferBytes} bytes here; split it`);
    }
    try {
      return backend.allocate(dtype, capacity);
    } catch (error) {
      if ((error as Error)?.name !== "OutOfMemoryError" || this.pooledBytes === 0) throw error;
      this.emptyPool();
      return backend.allocate(dtype, capacity);
    }
  }
}

// --- internal helpers ---

/** A pool this small is never worth giving back. */
const MIN_POOL_BYTES = 2 ** 20;

/** The smallest size that is given out, in elements. */
const MIN_CAPACITY = 16;

/** Rounds a length up to one of eight sizes per power of two, so that memory is found again for a slightly other length; an eighth is wasted at most. */
function capacityFor(length: number): number {
  if (length <= MIN_CAPACITY) return MIN_CAPACITY;
  const step = length < 2 ** 31 ? 1 << Math.max(0, 28 - Math.clz32(length - 1)) : 2 ** (Math.floor(Math.log2(length - 1)) - 3);
  return Math.ceil(length / step) * step;
}
