/** Faults of `linear` with an epilogue. */
import type { Backend } from "@dropwise/core";
import { type Epilogue, type Kernels, withEpilogue } from "@dropwise/core/backend";
import { type Mutant, mutant } from "./mutant";

const CAUGHT_BY = "matmul > drops out of linear layers, behind a relu or none, with the mask of dropout, from any element on";

export const linearMutants: readonly Mutant[] = [
  epilogue("an epilogue that is left out", () => undefined),
  epilogue("an epilogue without its activation", ({ dropout }) => ({ dropout })),
  epilogue("an epilogue without its dropout", ({ activation }) => ({ activation })),
  epilogue("an epilogue whose mask begins anew", ({ activation, dropout }) => ({
    activation,
    dropout: dropout && { ...dropout, elementOffset: 0 },
  })),
  epilogue("an epilogue whose mask is that of the first row", ({ activation, dropout }, columns) => ({
    activation,
    dropout: dropout && { ...dropout, shape: [(dropout.shape[0] as number) / columns, columns], maskStrides: [0, 1] },
  })),
];

// --- internal helpers ---

/** A backend that does another epilogue than it was given. */
function epilogue(name: string, wrong: (epilogue: Epilogue, columns: number) => Epilogue | undefined): Mutant {
  const linear = (kernels: Kernels): Partial<Backend> => {
    const right = withEpilogue(kernels.linear, kernels);
    return {
      linear: (x, weight, bias, out, given) => right(x, weight, bias, out, given && wrong(given, out.shape[1] as number)),
    };
  };
  return mutant(name, linear, CAUGHT_BY);
}
