import type { Backend } from "../backend/backend";
import type { View } from "../backend/kernels";
import { referenceGather, referenceScatterAdd } from "./gather";
import { referenceLinear } from "./matmul";
import { referenceOptimizerStep } from "./optimizer";
import { type FamilyKernels, referenceFamilies } from "./reference-families";
import { referenceSoftmax, referenceSoftmaxGrad } from "./softmax";
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
  return {
    ...referenceFamilies(view),
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
