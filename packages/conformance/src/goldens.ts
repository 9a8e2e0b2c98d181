/** Known answers, made by PyTorch and by an independent implementation of the random stream. Imported as modules, since browsers have no files. */
import dropoutFile from "../goldens/dropout.json";
import masksFile from "../goldens/masks.json";
import optimizersFile from "../goldens/optimizers.json";
import singularFile from "../goldens/singular.json";
import trainingFile from "../goldens/training.json";
import { type Input, input } from "./inputs";

/** A tensor as the golden files write it. */
export interface GoldenTensor {
  readonly shape: readonly number[];
  readonly data: readonly number[];
  readonly dtype?: "float32" | "int32" | "bool";
}

/** The mask of `n` elements at `p`, for one seed and call. */
export interface GoldenMask {
  readonly seed: string;
  readonly call: string;
  readonly n: number;
  readonly p: number;
  readonly kept: number;
  /** The first bits. */
  readonly first: string;
  /** Of the whole mask, one byte of 0 or 1 for each element. */
  readonly sha256: string;
}

/** One call of a function of the family, and its gradient. */
export interface GoldenDropout {
  readonly kind: "dropout" | "dropout1d" | "dropout2d" | "dropout3d" | "alphaDropout" | "featureAlphaDropout";
  readonly p: number;
  readonly seed: string;
  readonly call: string;
  readonly input: GoldenTensor;
  readonly output: GoldenTensor;
  readonly grad_output: GoldenTensor;
  readonly grad_input: GoldenTensor;
}

/** A model trained by PyTorch with these very masks: the loss at each step, the first gradients and the final weights. */
export interface GoldenRun {
  readonly name: string;
  readonly seed: string;
  readonly steps: number;
  readonly loss: "bce" | "mse" | "ce";
  readonly p: readonly number[];
  readonly optimizer: { readonly name: "sgd" | "adam" | "adamw" } & Readonly<Record<string, unknown>>;
  readonly input: GoldenTensor;
  readonly target: GoldenTensor;
  readonly init: Readonly<Record<string, GoldenTensor>>;
  readonly first_grads: Readonly<Record<string, GoldenTensor>>;
  readonly losses: readonly number[];
  readonly final: Readonly<Record<string, GoldenTensor>>;
  readonly dropout_calls: number;
}

/** Twelve steps of an optimizer. */
export interface GoldenSteps {
  readonly optimizer: "SGD";
  readonly options: Readonly<Record<string, unknown>>;
  readonly params: readonly GoldenTensor[];
  /** Those of each step. */
  readonly grads: readonly (readonly GoldenTensor[])[];
  /** The parameters after each step. */
  readonly steps: readonly (readonly GoldenTensor[])[];
}

/** A number as the files write it: JSON has no NaN and no infinities. */
export type Written = number | "NaN" | "Infinity" | "-Infinity";

/** A function at its singular points. Gradients are lists of one for each input that has one. */
export interface GoldenSingular {
  /** A name of ours, or that of an expression. */
  readonly op: string;
  /** What the inputs are, in words. */
  readonly of: string;
  readonly attrs: Readonly<Record<string, Written | string | boolean>>;
  readonly inputs: readonly { readonly shape: readonly number[]; readonly data: readonly Written[]; readonly dtype?: "int32" }[];
  readonly output: { readonly shape: readonly number[]; readonly data: readonly Written[] };
  /** For an ordinary gradient from behind (1, -2, 0.5, 3, -0.25 and again), and for one that is 0, infinity and NaN; none where there is no graph. */
  readonly gradients: readonly (readonly (readonly Written[])[])[];
  /** Of the sum of the first of these gradients, each weighted with the same five numbers; null where none are compared. */
  readonly second: readonly (readonly Written[])[] | null;
}

export const goldenMasks = masksFile.masks as readonly GoldenMask[];
export const goldenDropouts = dropoutFile.cases as unknown as readonly GoldenDropout[];
export const goldenRuns = trainingFile.runs as unknown as readonly GoldenRun[];
export const goldenOptimizers = optimizersFile.optimizers as unknown as readonly GoldenSteps[];
export const goldenSingular = singularFile.cases as unknown as readonly GoldenSingular[];

/** A golden tensor as an input. */
export function fromGolden({ shape, data, dtype = "float32" }: GoldenTensor): Input {
  return input(shape, (i) => data[i] as number, { dtype });
}
