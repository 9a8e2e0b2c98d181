/** What a mutant is, and how one is made of a right backend. */
import type { Backend } from "@dropwise/core";
import { type Kernels, type Operand, referenceKernels, type TypedArray } from "@dropwise/core/backend";
import { createMinimalBackend } from "./minimal-backend";

/** One fault. */
export interface Mutant {
  readonly name: string;
  readonly create: () => Backend;
  /** Tests that fail for it; there may be more. */
  readonly caughtBy: readonly string[];
}

/** A backend of the latest contract with some members of its own, made of the reference kernels on its memory. */
export function mutant(name: string, members: (right: Kernels) => Partial<Backend>, ...caughtBy: readonly string[]): Mutant {
  const create = (): Backend => {
    const backend = createMinimalBackend() as Backend;
    return { ...backend, info: { ...backend.info, contract: 2 }, ...members(referenceKernels((storage) => storage.handle as TypedArray)) };
  };
  return { name, create, caughtBy };
}

/** The elements from the operand's first one on, of a backend whose handles are typed arrays. */
export function elements({ storage, offset }: Operand): TypedArray {
  return (storage.handle as TypedArray).subarray(offset);
}
