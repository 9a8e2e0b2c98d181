/** Backends for the tests, made from the reference kernels, so that what is tested is how core uses a backend. */
import type { Backend, BackendStorage } from "../backend/backend";
import { cpu } from "../cpu/cpu";
import { referenceKernels } from "../cpu/reference-kernels";
import { createTypedArray, type TypedArray } from "../dtype/dtype";

/** What fresh memory holds, so that a kernel that reads it before it is written shows. */
const GARBAGE = { float32: Number.NaN, float64: Number.NaN, int32: 0x5a5a5a5a, bool: 1 } as const;

/** A host-visible backend beside `cpu`, with memory that starts as garbage. */
export function hostBackend(name = "second", overrides: Partial<Backend<TypedArray>> = {}): Backend<TypedArray> {
  return { ...cpu, name, allocate: (dtype, length) => createTypedArray(dtype, length).fill(GARBAGE[dtype]), ...overrides };
}

interface BlindHandle {
  readonly data: TypedArray;
  isReleased: boolean;
}

/**
 * A backend like a GPU's: no `view`, reads that take a while, no fused member, no float64, and handles that refuse to be used after
 * their release.
 */
export function blindBackend(name = "blind", overrides: Partial<Backend<BlindHandle>> = {}): Backend<BlindHandle> {
  const data = ({ handle }: BackendStorage): TypedArray => {
    const { data, isReleased } = handle as BlindHandle;
    if (isReleased) throw new Error(`${name}: a kernel used released memory`);
    return data;
  };
  const all = referenceKernels(data);
  const { linear: _, softmax: __, softmaxGrad: ___, optimizerStep: ____, unfold: _____, fold: ______, ...families } = all;
  return {
    name,
    info: { hostVisible: false, dtypes: ["float32", "int32", "bool"], threads: 1, device: "test", maxBufferBytes: 2 ** 20 },
    allocate: (dtype, length) => ({ data: createTypedArray(dtype, length).fill(GARBAGE[dtype]), isReleased: false }),
    write: (storage, values) => data(storage).set(values),
    read: async (storage, start, length) => {
      await new Promise((resolve) => setTimeout(resolve, 0));
      return data(storage).slice(start, start + length);
    },
    release: (handle) => {
      if (handle.isReleased) throw new Error(`${name}: memory was released twice`);
      handle.isReleased = true;
    },
    dispose: () => {},
    ...families,
    ...overrides,
  };
}
