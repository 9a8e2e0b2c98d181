import { type Backend, Generator, type Tensor, tensor } from "@dropwise/core";
import { monteCarlo as sampled } from "@dropwise/core/train";
import type { Rows } from "../data/source";
import type { Classifier } from "../programs/lesson";
import { largest, probabilities } from "./wide";

/** What repeated passes with dropout on say about one row. */
export interface Spread {
  /** The row it is about. */
  readonly row: number;
  /** The class that the model takes it for without dropout. */
  readonly answer: number;
  /** The probability of that class without dropout, and the mean and standard deviation of those with it. */
  readonly evaluated: number;
  readonly mean: number;
  readonly deviation: number;
  /** The entropy of the mean over the passes, in nats: 0 where all agree and are sure. */
  readonly doubt: number;
  /** How many passes took the row for each class. */
  readonly votes: readonly number[];
}

/** Forward passes with dropout on. */
export const PASSES = 100;

/**
 * Monte-Carlo dropout: asks a trained model many times with dropout on. The mean is a second opinion on the answer, the standard deviation says how much the
 * answer depends on which hidden values happened to be there, and the entropy of the mean how much doubt there is in all.
 *
 * Source: Gal and Ghahramani, "Dropout as a Bayesian approximation" (ICML 2016). Leaves the model in eval mode.
 */
export async function monteCarlo(
  model: Classifier,
  rows: Rows,
  { seed, passes = PASSES }: { seed: bigint; passes?: number },
): Promise<Spread[]> {
  const evaluated = await probabilities(model.eval(), rows);
  const classes = evaluated.length / rows.count;
  const input = tensor(rows.inputs, { shape: [rows.count, rows.features], backend: backendOf(model) });
  const generator = new Generator(seed);
  const found = sampled(model, input, { samples: passes, generator, outputs: "logits", keepSamples: true });
  const { samples: answers, mean, variance, predictiveEntropy, mutualInformation } = found;
  const [all, means, variances, doubts] = (await Promise.all(
    [answers as Tensor, mean, variance, predictiveEntropy].map((values) => values.data()),
  )) as [Float32Array, Float32Array, Float32Array, Float32Array];
  for (const used of [input, answers as Tensor, mean, variance, predictiveEntropy, mutualInformation]) used.dispose();
  return Array.from({ length: rows.count }, (_, row) => {
    const answer = largest(evaluated.subarray(row * classes, (row + 1) * classes));
    const votes = new Array<number>(classes).fill(0);
    for (let pass = 0; pass < passes; pass++) {
      const start = (pass * rows.count + row) * classes;
      const vote = largest(all.subarray(start, start + classes));
      votes[vote] = (votes[vote] as number) + 1;
    }
    const at = row * classes + answer;
    return {
      row,
      answer,
      evaluated: evaluated[at] as number,
      mean: means[at] as number,
      deviation: Math.sqrt(variances[at] as number),
      doubt: doubts[row] as number,
      votes,
    };
  });
}

/** The rows in as many groups of nearly one size, from the least doubt to the most: how many of each the model gets right. */
export function accuracyByDoubt(
  spreads: readonly Spread[],
  targets: Int32Array,
  groups = 5,
): { readonly doubt: number; readonly accuracy: number; readonly rows: number }[] {
  const sorted = [...spreads].sort((a, b) => a.doubt - b.doubt);
  return Array.from({ length: groups }, (_, i) => {
    const part = sorted.slice(Math.floor((i * sorted.length) / groups), Math.floor(((i + 1) * sorted.length) / groups));
    const right = part.filter(({ row, answer }) => answer === targets[row]).length;
    return { doubt: part.at(-1)?.doubt ?? 0, accuracy: right / Math.max(1, part.length), rows: part.length };
  });
}

/** Mean deviation of the third of rows that the model is least sure of without dropout, and of the third that it is surest of. */
export function doubtfulAndSure(spreads: readonly Spread[]): { doubtful: number; sure: number } {
  const sorted = [...spreads].sort((a, b) => a.evaluated - b.evaluated);
  const third = Math.max(1, Math.floor(sorted.length / 3));
  return { doubtful: meanDeviation(sorted.slice(0, third)), sure: meanDeviation(sorted.slice(-third)) };
}

/** Mean deviation of the rows that the model gets right and of those that it gets wrong, `null` where there are none. */
export function rightAndWrong(spreads: readonly Spread[], targets: Int32Array): { right: number | null; wrong: number | null } {
  const of = (isRight: boolean): number | null => {
    const part = spreads.filter(({ row, answer }) => (answer === targets[row]) === isRight);
    return part.length === 0 ? null : meanDeviation(part);
  };
  return { right: of(true), wrong: of(false) };
}

// --- internal helpers ---

function backendOf(model: Classifier): Backend {
  const [parameter] = model.parameters();
  return (parameter as Tensor).backend;
}

function meanDeviation(spreads: readonly Spread[]): number {
  return spreads.reduce((total, { deviation }) => total + deviation, 0) / spreads.length;
}
