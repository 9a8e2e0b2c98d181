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

/** The live tensors and bytes on a backend; default: the default backend. Equal before and after a loop that frees what it makes. */
export function memory(backend: Backend = getDefaultBackend()): MemoryInfo {
  const { liveTensors, liveBytes, pooledBytes } = deviceOf(backend);
  return { tensors: liveTensors, bytes: liveBytes, pooledBytes };
}
