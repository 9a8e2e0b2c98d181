import type { Backend } from "../backend/backend";
import { deviceOf } from "../cpu/device-of";
import { getDefaultBackend } from "./creation";

/** What a backend's tensors take. */
export interface MemoryInfo {
  /** Tensors that are not disposed. */
  readonly tensors: number;
  /** Bytes they, and graphs that wait for a backward pass, hold. */
  readonly bytes: number;
  /** Bytes kept for the next allocation. */
  readonly pooledBytes: number;
}

/**
 * The live tensors and bytes on a backend. They are equal before and after a loop that frees what it makes.
 *
 * @param backend Default: the default backend.
 * @throws TypeError for what is no backend.
 * @example
 * ```ts
 * const before = memory();
 * const x = zeros([256]);
 * console.log(memory().bytes - before.bytes); // 1024
 * x.dispose();
 * console.log(memory().bytes - before.bytes); // 0
 * ```
 */
export function memory(backend: Backend = getDefaultBackend()): MemoryInfo {
  const { liveTensors, liveBytes, pooledBytes } = deviceOf(backend, "memory");
  // What is left of tensors when their backend is gone has no memory.
  return backend.isDisposed ? { tensors: liveTensors, bytes: 0, pooledBytes: 0 } : { tensors: liveTensors, bytes: liveBytes, pooledBytes };
}
