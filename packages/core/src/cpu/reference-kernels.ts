import type { Backend } from "../backend/backend";
import type { View } from "../backend/kernels";
import type { MoreUnaryOp } from "../backend/op-names";
import { referenceGather, referenceScatterAdd } from "./gather";
import { referenceLinear } from "./matmul";
import { referenceOptimizerStep } from "./optimizer";
import { type FamilyKernels, referenceFamilies } from "./reference-families";
import { referenceSoftmax, referenceSoftmaxGrad } from "./softmax";
import { MORE_UNARY } from "./unary-more";
import { referenceFold, referenceUnfold } from "./unfold";

/** Every member of a backend that computes. */
export type Kernels = FamilyKernels &
  Required<Pick<Backend, "gather" | "scatterAdd" | "unfold" | "fold" | "linear" | "softmax" | "softmaxGrad" | "optimizerStep">>;

/**
 * All reference kernels on the typed arrays that `view` gives, for a backend to fall back on: for dtypes it does not speed up, say.
 *
 * @param view Called anew for each operand of each call.
 */
export function referenceKernels(view: View): Kernels {
  const families = referenceFamilies(view);
  return {
    ...families,
    unary: (op, x, out) => families.unary(op, x, out, MORE_UNARY[op as MoreUnaryOp]),
    gather: referenceGather(view),
    scatterAdd: referenceScatterAdd(view),
    unfold: referenceUnfold(view),
    fold: referenceFold(view),
    linear: referenceLinear(view),
    softmax: referenceSoftmax(view),
    softmaxGrad: referenceSoftmaxGrad(view),
    optimizerStep: referenceOptimizerStep(view),
  };
}
