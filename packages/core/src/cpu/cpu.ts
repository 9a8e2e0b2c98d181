import type { Backend } from "../backend/backend";
import { hostArray, MAX_HOST_BYTES, type TypedArray } from "../dtype/dtype";

/**
 * The reference backend: plain JavaScript over typed arrays, present wherever core is and used until `setDefaultBackend` names another.
 * All of its kernels are core's reference kernels; it brings only the memory.
 */
export const cpu: Backend<TypedArray> = {
  name: "cpu",
  info: {
    contract: 2,
    hostVisible: true,
    isCollected: true,
    dtypes: ["float32", "float64", "int32", "bool"],
    threads: 1,
    device: "javascript",
    maxBufferBytes: MAX_HOST_BYTES,
  },
  allocate: (dtype, length) => hostArray("cpu", dtype, length),
  write: (storage, data) => storage.handle.set(data),
  read: async (storage, start, length) => storage.handle.slice(start, start + length),
  view: (storage) => storage.handle,
  release: () => {}, // the garbage collector's work
  dispose: () => {}, // always there, holds nothing of its own
};
