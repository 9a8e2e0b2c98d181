import type { Backend } from "../backend/backend";
import { BYTES_PER_ELEMENT, createTypedArray, type TypedArray } from "../dtype/dtype";
import { OutOfMemoryError } from "../errors/errors";

/**
 * The reference backend: plain JavaScript over typed arrays, present wherever core is and used until `setDefaultBackend` names another.
 * All of its kernels are core's reference kernels; it brings only the memory.
 */
export const cpu: Backend<TypedArray> = {
  name: "cpu",
  info: {
    hostVisible: true,
    dtypes: ["float32", "float64", "int32", "bool"],
    threads: 1,
    device: "javascript",
    maxBufferBytes: 2 ** 32,
  },
  allocate(dtype, length) {
    try {
      return createTypedArray(dtype, length);
    } catch {
      throw new OutOfMemoryError("cpu", length * BYTES_PER_ELEMENT[dtype]);
    }
  },
  write: (storage, data) => storage.handle.set(data),
  read: async (storage, start, length) => storage.handle.slice(start, start + length),
  view: (storage) => storage.handle,
  release: () => {}, // the garbage collector's work
  dispose: () => {}, // always there, holds nothing of its own
};
