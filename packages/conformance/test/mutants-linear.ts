/** Faults of `linear` with an epilogue. */
import type { Backend } from "@dropwise/core";
import { type Epilogue, type Kernels, referenceKernels, type TypedArray, withEpilogue } from "@dropwise/core/backend";
import { createMinimalBackend } from "./minimal-backend";
import type { Mutant } from "./mutants";

const CAUGHT_BY = "matmul > drops out of linear layers, behind a relu or none, with the mask of dropout, from any element on";

export const linearMutants: readonly Mutant[] = [
  mutant("an epilogue that is left out", () => undefined),
  mutant("an epilogue without its activation", ({ dropout }) => ({ dropout })),
  mutant("an epilogue without its dropout", ({ activation }) => ({ activation })),
  mutant("an epilogue whose mask begins anew", ({ activation, dropout }) => ({
    activation,
    dropout: dropout && { ...dropout, elementOffset: 0 },
  })),
  mutant("an epilogue whose mask is that of the first row", ({ activation, dropout }, columns) => ({
    activation,
    dropout: dropout && { ...dropout, shape: [(dropout.shape[0] as number) / columns, columns], maskStrides: [0, 1] },
  })),
];

// --- internal helpers ---

/** A backend that does another epilogue than it was given. */
function mutant(name: string, wrong: (epilogue: Epilogue, columns: number) => Epilogue | undefined): Mutant {
  const create = (): Backend => {
    const backend = createMinimalBackend() as Backend;
    const kernels: Kernels = referenceKernels((storage) => storage.handle as TypedArray);
    const right = withEpilogue(kernels.linear, kernels);
    return {
      ...backend,
      info: { ...backend.info, contract: 2 },
      linear: (x, weight, bias, out, epilogue) => right(x, weight, bias, out, epilogue && wrong(epilogue, out.shape[1] as number)),
    };
  };
  return { name, create, caughtBy: [CAUGHT_BY] };
}
