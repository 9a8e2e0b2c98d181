import { manualSeed } from "@dropwise/core";
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
  /** How many passes took the row for each class. */
  readonly votes: readonly number[];
}

/** Forward passes with dropout on. */
export const PASSES = 100;

/**
 * Monte-Carlo dropout: asks a trained model many times with dropout on. The mean is a second opinion on the answer, and the
 * standard deviation says how much the answer depends on which hidden values happened to be there.
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
  const answersOf = (all: Float32Array, row: number): Float32Array => all.subarray(row * classes, (row + 1) * classes);
  const found = Array.from({ length: rows.count }, (_, row) => {
    const answer = largest(answersOf(evaluated, row));
    return {
      answer,
      evaluated: evaluated[row * classes + answer] as number,
      sum: 0,
      squares: 0,
      votes: new Array<number>(classes).fill(0),
    };
  });
  manualSeed(seed);
  model.train();
  for (let pass = 0; pass < passes; pass++) {
    const all = await probabilities(model, rows);
    found.forEach((about, row) => {
      const answers = answersOf(all, row);
      const off = (answers[about.answer] as number) - about.evaluated; // sums of small differences lose no digits
      about.sum += off;
      about.squares += off * off;
      const vote = largest(answers);
      about.votes[vote] = (about.votes[vote] as number) + 1;
    });
  }
  model.eval();
  return found.map(({ answer, evaluated, sum, squares, votes }, row) => {
    const shift = sum / passes;
    return { row, answer, evaluated, mean: evaluated + shift, deviation: Math.sqrt(Math.max(0, squares / passes - shift * shift)), votes };
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

function meanDeviation(spreads: readonly Spread[]): number {
  return spreads.reduce((total, { deviation }) => total + deviation, 0) / spreads.length;
}
