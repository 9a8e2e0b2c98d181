import {
  type Backend,
  type BackendStorage,
  createTypedArray,
  type DropoutSpec,
  OutOfMemoryError,
  philox4x32,
  type TypedArray,
} from "@dropwise/core/backend";

/** A backend in host memory that writes one kernel of its own: dropout. Core's reference kernels do the rest, on the same memory. */
export function createMinimalBackend(): Backend<TypedArray> {
  const view = (storage: BackendStorage<TypedArray>) => storage.handle;
  return {
    name: "minimal",
    info: {
      hostVisible: true, // `view` is there
      dtypes: ["float32", "float64", "int32", "bool"],
      threads: 1,
      device: "javascript",
      maxBufferBytes: 2 ** 30,
    },

    allocate(dtype, length) {
      try {
        return createTypedArray(dtype, length);
      } catch {
        throw new OutOfMemoryError("minimal", 8 * length);
      }
    },
    write: (storage, data) => view(storage).set(data),
    read: async (storage, start, length) => view(storage).slice(start, start + length),
    view,
    release: () => {}, // the garbage collector frees typed arrays
    dispose: () => {},

    dropout(spec, x, out) {
      const from = view(x.storage);
      const to = view(out.storage);
      // The input is contiguous, or one value that stands for all.
      const step = x.strides.some((stride) => stride !== 0) ? 1 : 0;
      const words = new Uint32Array(4);
      const n = spec.shape.reduce((product, size) => product * size, 1);
      for (let i = 0; i < n; i++) {
        const m = spec.elementOffset + maskIndex(spec, i);
        const block = Math.floor(m / 4); // may exceed 2^32, so no shift
        philox4x32(spec.seedLo, spec.seedHi, spec.callLo, spec.callHi, block >>> 0, Math.floor(block / 2 ** 32), words);
        const kept = (words[m % 4] as number) < spec.threshold; // unsigned
        to[out.offset + i] = kept ? affine(spec, from[x.offset + i * step] as number, to) : spec.dropValue;
      }
    },
  };
}

/** Which mask element decides on element `i`: i's index in `spec.shape`, times the mask's strides. */
function maskIndex(spec: DropoutSpec, i: number): number {
  let index = 0;
  let rest = i;
  for (let dim = spec.shape.length - 1; dim >= 0; dim--) {
    const size = spec.shape[dim] as number;
    index += (rest % size) * (spec.maskStrides[dim] as number);
    rest = Math.floor(rest / size);
  }
  return index;
}

/** What becomes of a kept element: two roundings with a shift, as on every backend; without one, the store rounds. */
function affine(spec: DropoutSpec, value: number, to: TypedArray): number {
  const scaled = value * spec.keepScale;
  if (spec.keepShift === 0) return scaled;
  return (to instanceof Float32Array ? Math.fround(scaled) : scaled) + spec.keepShift;
}
