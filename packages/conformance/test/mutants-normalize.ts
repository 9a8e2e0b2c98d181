/** Backends whose normalisation in one kernel has one fault each. */
import { type Mutant, mutant } from "./mutant";
import { type NormalizeSteps, normalizeMembers } from "./normalize-kernel";

/** The mutants. */
export const normalizeMutants: readonly Mutant[] = [
  normalize(
    "normalisation by the unbiased variance",
    { variance: (distances, _squares, _mean, count) => distances / Math.max(1, count - 1) },
    "normalization > gives layerNorm and rmsNorm of [7,33] over [33], and their gradients",
    "normalization > gives batchNorm of [17,5] in training and in evaluation, its gradients, and running values",
  ),
  normalize(
    "normalisation by a variance from rounded squares",
    { variance: (_distances, squares, mean, count) => Math.max(0, Math.fround(squares / count) - Math.fround(mean * mean)) },
    "normalization > keeps a small spread beside a large mean",
  ),
  normalize(
    "normalisation with eps beside the root",
    { deviation: (variance, eps) => Math.sqrt(variance) + eps },
    "normalization > puts eps under the root",
  ),
  normalize(
    "normalisation with the weights of groups for places",
    { weightOf: ({ groups, affine }, group, place) => (affine === "inner" ? place : (group + 1) % groups) },
    "normalization > gives batchNorm of [3,4,131] in training and in evaluation, its gradients, and running values",
  ),
  normalize(
    "gradients of a norm that forget what the variance does",
    { gradient: (given, mean) => given - mean },
    "normalization > gives layerNorm and rmsNorm of [65,1030] over [1030], and their gradients",
  ),
  normalize(
    "gradients of a weight from the first rows alone",
    { rows: (groups) => Math.min(groups, 32) },
    "normalization > gives no more gradients of a norm than are wanted: of the weight and the bias",
  ),
];

/** The same kernel without a fault: what the mutants are caught by, it passes. */
export const rightNormalize: Mutant = normalize(
  "normalisation in one kernel",
  {},
  ...new Set(normalizeMutants.flatMap(({ caughtBy }) => caughtBy)),
);

// --- internal helpers ---

function normalize(name: string, changes: Partial<NormalizeSteps>, ...caughtBy: string[]): Mutant {
  return mutant(name, () => normalizeMembers(changes), ...caughtBy);
}
