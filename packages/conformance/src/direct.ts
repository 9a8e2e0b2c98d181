/** Calls of a backend's own members, past core: for layouts and limits that core itself never asks for. */
import {
  type Backend,
  type BackendStorage,
  contiguousStrides,
  cpu,
  type DropoutSpec,
  type Kernels,
  type Operand,
  referenceKernels,
  scaleOf,
  thresholdOf,
} from "@dropwise/core/backend";
import { assertClose } from "./assert";
import type { Input } from "./inputs";
import type { Tolerance } from "./tolerance";

/** Where an input lies in a storage of its own; the rest of the storage holds a value that nobody may touch. */
export interface Placed {
  readonly input: Input;
  /** Elements before the first. Default: 0. */
  readonly offset?: number;
  /** Default: contiguous. */
  readonly strides?: readonly number[];
  /** The operand's shape, where strides of 0 make it larger than the data. Default: the input's. */
  readonly shape?: readonly number[];
}

/** Elements around the data. */
const MARGIN = 9;

/** What stands in the margins. */
const UNTOUCHED = 77;

/** Runs `call` on both sides with the same memory, and compares all of the last operand's storage, its margins included. */
export async function compareDirect(
  backend: Backend,
  tolerance: Tolerance,
  what: string,
  call: (kernels: Kernels, operands: readonly Operand[]) => void,
  ...operands: readonly Placed[]
): Promise<void> {
  const results: ArrayLike<number>[] = [];
  for (const side of [backend, cpu as Backend]) {
    const placed = operands.map((operand) => place(side, operand));
    try {
      call(kernelsOf(side), placed);
      const { storage } = placed.at(-1) as Operand;
      results.push(await side.read(storage, 0, storage.length));
    } finally {
      for (const { storage } of placed) side.release(storage.handle);
    }
  }
  const [got, expected] = results as [ArrayLike<number>, ArrayLike<number>];
  assertClose(got, expected, tolerance, `${backend.name}, ${what}`);
}

/** Plain dropout of `n` elements, with whatever is changed. */
export function dropoutSpec(n: number, p: number, change: Partial<DropoutSpec> = {}): DropoutSpec {
  return {
    seedLo: 0xdeadbeef,
    seedHi: 0x81234567,
    callLo: 5,
    callHi: 1,
    elementOffset: 0,
    threshold: thresholdOf(p),
    keepScale: scaleOf(p),
    keepShift: 0,
    dropValue: 0,
    shape: [n],
    maskStrides: [1],
    ...change,
  };
}

// --- internal helpers ---

/** A backend's own kernels, and the reference's on its view where it has none. */
function kernelsOf(backend: Backend): Kernels {
  const reference = backend.view === undefined ? {} : referenceKernels(backend.view.bind(backend));
  const names = Object.keys(referenceKernels(() => new Float32Array())) as (keyof Kernels)[];
  const own = names.flatMap((name) => (backend[name] === undefined ? [] : [[name, backend[name].bind(backend)]]));
  return { ...reference, ...Object.fromEntries(own) } as Kernels;
}

function place(backend: Backend, { input, offset = 0, shape = input.shape, strides = contiguousStrides(shape) }: Placed): Operand {
  const { data, dtype } = input;
  const length = offset + data.length + MARGIN;
  const all = new (data.constructor as Float32ArrayConstructor)(length).fill(dtype === "bool" ? 1 : UNTOUCHED);
  all.set(data, offset);
  const storage: BackendStorage = { handle: backend.allocate(dtype, length), dtype, length };
  backend.write(storage, all);
  return { storage, shape, strides, offset };
}
