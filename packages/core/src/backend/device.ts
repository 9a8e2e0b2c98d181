import { BYTES_PER_ELEMENT, DTYPES, type DType } from "../dtype/dtype";
import { OutOfMemoryError, UnsupportedOpError } from "../errors/errors";
import type { Backend } from "./backend";
import type { DeviceKernels, View } from "./kernels";
import { type Claim, type Device, Storage } from "./storage";

/** The device of a backend, which pools and counts its memory. There is one for each backend object. */
export class PooledDevice implements Device {
  liveTensors = 0;
  liveBytes = 0;
  pooledBytes = 0;
  #peakBytes = 0;
  #askedBytes = 0;
  /** By capacity and dtype: handles, each followed by its weight. */
  readonly #pool = new Map<number, unknown[]>();

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
    const bytes = capacity * BYTES_PER_ELEMENT[dtype];
    const size = capacity * DTYPES.length + DTYPES.indexOf(dtype);
    let free = this.#pool.get(size);
    if (free === undefined) {
      free = [];
      this.#pool.set(size, free);
    }
    let weight = free.pop();
    let handle = free.pop();
    if (handle === undefined) handle = this.#allocateFresh(dtype, capacity, bytes);
    else this.pooledBytes -= bytes;
    this.#askedBytes += bytes;
    const { isCollected } = this.backend.info;
    if (!isCollected) weight ??= weightOf(bytes);
    const byteLength = length * BYTES_PER_ELEMENT[dtype];
    this.liveBytes += byteLength;
    this.#peakBytes = Math.max(this.#peakBytes, this.liveBytes);
    const claim = { references: 1, device: this, free, bytes, byteLength, handle: isCollected ? undefined : handle };
    return new Storage(claim, handle, dtype, length, weight);
  }

  /**
   * Takes back the memory of a storage that nobody holds. The pool has at most half as many bytes again as were live at the peak: each size has a peak of its
   * own, and a step of a network comes to them one after the other. One that is full has sizes that are no longer asked for, and starts anew.
   */
  recycle({ free, bytes, byteLength }: Claim, handle: unknown, weight: unknown): void {
    this.liveBytes -= byteLength;
    if (handle === undefined) return; // the garbage collector has it
    if (this.pooledBytes + bytes > Math.max(this.#peakBytes * 1.5, MIN_POOL_BYTES)) this.emptyPool();
    this.pooledBytes += bytes;
    free.push(handle, weight);
  }

  /**
   * Resolves after a turn of the event loop, where the last is some while ago or much memory was asked for since; else at once. A loop that awaits a value in
   * each step never leaves the queue of promises: timers, requests and the garbage collector's news would wait until it ends.
   */
  async turn(): Promise<void> {
    const now = performance.now();
    if (now < lastTurn + TURN_MS && this.#askedBytes < TURN_BYTES) return;
    lastTurn = now;
    this.#askedBytes = 0;
    await new Promise<void>(nextTask);
  }

  /** Gives all pooled memory back to the backend. */
  emptyPool(): void {
    for (const handles of this.#pool.values()) {
      for (let i = 0; i < handles.length; i += 2) this.backend.release(handles[i]);
      handles.length = 0;
    }
    this.pooledBytes = 0;
  }

  #allocateFresh(dtype: DType, capacity: number, bytes: number): unknown {
    const { backend } = this;
    if (!backend.info.dtypes.includes(dtype)) {
      const detail = `expected one of ${backend.info.dtypes.join(", ")} on the ${backend.name} backend, got ${dtype} - convert it first`;
      throw new UnsupportedOpError("allocate", backend.name, detail);
    }
    if (bytes > backend.info.maxBufferBytes) {
      throw new OutOfMemoryError(backend.name, bytes, `a tensor has at most ${backend.info.maxBufferBytes} bytes; split it`);
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

/** Milliseconds and bytes between turns of the event loop. */
const TURN_MS = 8;
const TURN_BYTES = 2 ** 24;

let lastTurn = 0;

/** The part of the platform that core needs and not all type libraries have. */
interface Port {
  onmessage(): void;
  postMessage(data: null): void;
  close(): void;
}

/** Calls back in a task of its own. Not by a timer, which browsers hold back for 4 ms. */
function nextTask(callback: () => void): void {
  const { port1, port2 } = new MessageChannel() as unknown as { port1: Port; port2: Port };
  port1.onmessage = () => {
    port1.close();
    callback();
  };
  port2.postMessage(null);
}

/** Smaller handles weigh nothing: the objects around them tell the garbage collector enough. */
const MIN_WEIGHT = 4096;

/**
 * An untouched buffer of as many bytes, to hold beside a handle: the garbage collector cannot see the memory behind a handle, and would leave hundreds of
 * them lie for a few kilobytes of objects. It takes address space alone, where the engine has buffers that can be resized; an engine that has no room for it
 * does without.
 */
function weightOf(bytes: number): unknown {
  const options = { maxByteLength: bytes };
  try {
    if (bytes >= MIN_WEIGHT) return new (ArrayBuffer as new (length: number, options: object) => ArrayBuffer)(bytes, options);
  } catch {}
  return undefined;
}

/** The smallest size that is given out, in elements. */
const MIN_CAPACITY = 16;

/** Rounds a length up to one of eight sizes per power of two, so that memory is found again for a slightly other length; an eighth is wasted at most. */
function capacityFor(length: number): number {
  if (length <= MIN_CAPACITY) return MIN_CAPACITY;
  const step = length < 2 ** 31 ? 1 << Math.max(0, 28 - Math.clz32(length - 1)) : 2 ** (Math.floor(Math.log2(length - 1)) - 3);
  return Math.ceil(length / step) * step;
}
