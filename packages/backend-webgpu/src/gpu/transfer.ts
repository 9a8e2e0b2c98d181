import { type BackendStorage, type DType, type TypedArray, UnsupportedOpError } from "@dropwise/core/backend";
import { BufferUsage, MAP_MODE_READ } from "./flags";
import type { GpuMemory } from "./memory";
import type { Recorder } from "./recorder";
import { type GpuSession, NAME } from "./session";

/** Moves data between the host and the device. */
export class Transfer {
  readonly #session: GpuSession;
  readonly #recorder: Recorder;
  /** Mappable buffers that are free. */
  #staging: GPUBuffer[] = [];

  constructor(session: GpuSession, recorder: Recorder) {
    this.#session = session;
    this.#recorder = recorder;
  }

  /** Copies host data to the start of a storage, after all that was recorded before. */
  write(storage: BackendStorage<GpuMemory>, data: TypedArray): void {
    const length = Math.min(data.length, storage.length);
    if (length === 0 || this.#session.isRehearsal) return;
    // The queue's own write would overtake recorded commands that use this memory.
    if (this.#recorder.isPending(storage.handle)) this.#recorder.flush();
    const words = toDevice(storage.dtype, data);
    const buffer = this.#recorder.bufferOf(storage.handle);
    this.#session.guard(() => this.#session.device.queue.writeBuffer(buffer, 0, words, 0, length));
  }

  /** Elements from `start` on, after all that was recorded before. The one place that waits for the device. */
  async read(storage: BackendStorage<GpuMemory>, start: number, length: number): Promise<TypedArray> {
    const { dtype, handle } = storage;
    const bytes = length * 4;
    if (this.#session.isRehearsal) {
      throw new UnsupportedOpError("read", NAME, "expected no reads inside warmUp, which computes nothing, got one - read outside");
    }
    if (bytes === 0) {
      this.#recorder.flush();
      await this.#session.settled("read");
      return toHost(dtype, new ArrayBuffer(0));
    }
    const staging = this.#takeStaging(bytes);
    const copy = { from: this.#recorder.bufferOf(handle), fromOffset: start * 4, to: staging, toOffset: 0, bytes };
    this.#recorder.copy(copy, [handle]);
    this.#recorder.flush();
    let result: TypedArray;
    try {
      await this.#session.guard(() => staging.mapAsync(MAP_MODE_READ, 0, bytes));
      // A copy, since unmapping takes the memory away. Where a device was lost meanwhile, some implementations say so only here.
      result = toHost(dtype, staging.getMappedRange(0, bytes).slice(0));
      staging.unmap();
    } catch (error) {
      staging.destroy();
      throw await this.#session.explain("read", error);
    }
    const mayStay = this.#session.alive && this.#staging.length < MAX_STAGING && staging.size <= MAX_STAGING_BYTES;
    if (mayStay) this.#staging.push(staging);
    else staging.destroy();
    await this.#session.settled("read");
    return result;
  }

  dispose(): void {
    for (const buffer of this.#staging) buffer.destroy();
    this.#staging = [];
  }

  #takeStaging(bytes: number): GPUBuffer {
    const found = this.#staging.findIndex((buffer) => buffer.size >= bytes);
    if (found >= 0) return this.#staging.splice(found, 1)[0] as GPUBuffer;
    const size = bytes <= MAX_STAGING_BYTES ? Math.max(MIN_STAGING_BYTES, 2 ** Math.ceil(Math.log2(bytes))) : bytes;
    const usage = BufferUsage.MAP_READ | BufferUsage.COPY_DST;
    return this.#session.guard(() => this.#session.device.createBuffer({ size, usage }), size);
  }
}

// --- internal helpers ---

/** Mappable buffers that are kept for the next read, and the size of the largest one kept. */
const MAX_STAGING = 4;
const MAX_STAGING_BYTES = 2 ** 22;
const MIN_STAGING_BYTES = 256;

/** Host data in the device's form, in memory that the queue may read. */
function toDevice(dtype: DType, data: TypedArray): Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer> | Uint32Array<ArrayBuffer> {
  if (dtype === "bool") return Uint32Array.from(data, Number);
  if (dtype === "int32") return data instanceof Int32Array && !isShared(data) ? (data as Int32Array<ArrayBuffer>) : Int32Array.from(data);
  return data instanceof Float32Array && !isShared(data) ? (data as Float32Array<ArrayBuffer>) : Float32Array.from(data);
}

function toHost(dtype: DType, buffer: ArrayBuffer): TypedArray {
  if (dtype === "bool") return Uint8Array.from(new Uint32Array(buffer));
  return dtype === "int32" ? new Int32Array(buffer) : new Float32Array(buffer);
}

function isShared(data: TypedArray): boolean {
  return typeof SharedArrayBuffer !== "undefined" && data.buffer instanceof SharedArrayBuffer;
}
