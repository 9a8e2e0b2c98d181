import { withScope } from "../autograd/scope";
import type { OptimizerSpec } from "../backend/backend";
import { fitting } from "../nn/saved-tensor";
import { checkTensor } from "../ops/binary";
import { overwrite } from "../ops/overwrite";
import type { Tensor } from "../tensor/tensor";

/** Writes new values over old ones; needs no memory. */
export type Write = () => void;

/** In tensor operations: the new value of the parameter, then those of its state, in order. What was there is not changed. */
export type StepFormula = (param: Tensor, grad: Tensor, state: readonly Tensor[]) => readonly Tensor[];

/** One step of a parameter. */
export interface StepRule {
  /** What is computed. Every backend can. */
  readonly formula: StepFormula;
  /** The same as a work order, where backends may have a kernel for it; it is taken for what is contiguous. */
  readonly spec?: OptimizerSpec;
  /** A number that the rule of the next step is told: NAdam's product of all momenta so far. Default: 1. */
  readonly muProduct?: number;
}

/** Computes one step by its formula, unrecorded; the function it returns writes the new values. */
export function composedStep(formula: StepFormula, param: Tensor, grad: Tensor, state: readonly Tensor[]): Write {
  const targets = [param, ...state];
  // The steps of a formula are freed before those of the next parameter.
  const values = withScope(
    false,
    () => {
      const made = formula(param, grad, state);
      targets.forEach((target, i) => {
        fitting("step", "a new value", target, checkTensor("step", made[i], "a new value"));
      });
      return made;
    },
    (made) => made,
  );
  return () => {
    targets.forEach((target, i) => {
      overwrite(target, values[i] as Tensor);
    });
  };
}
