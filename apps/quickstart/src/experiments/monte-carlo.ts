import { manualSeed } from "@dropwise/core";
import { type Rows, takeRows } from "../data/source";
import { predict } from "../programs/evaluate";
import type { Classifier } from "../programs/lesson";
import type { Screen } from "../terminal/screen";

/** What repeated passes with dropout on say about one row. */
export interface Spread {
  /** The answer without dropout. */
  readonly evaluated: number;
  readonly mean: number;
  readonly deviation: number;
}

/** Forward passes with dropout on. */
const PASSES = 100;

/** Test rows that take part, at most. */
const ROWS = 300;

/** The answers, without dropout, near which a row is picked for the table. */
const SHOWN = [0, 0.25, 0.5, 0.75, 1];

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
  const evaluated = await predict(model.eval(), rows);
  const sum = new Float64Array(rows.count);
  const squares = new Float64Array(rows.count);
  manualSeed(seed);
  model.train();
  for (let pass = 0; pass < passes; pass++) {
    const answers = await predict(model, rows);
    answers.forEach((value, row) => {
      const off = value - (evaluated[row] as number); // sums of small differences lose no digits
      sum[row] = (sum[row] as number) + off;
      squares[row] = (squares[row] as number) + off * off;
    });
  }
  model.eval();
  return Array.from(evaluated, (value, row) => {
    const shift = (sum[row] as number) / passes;
    return { evaluated: value, mean: value + shift, deviation: Math.sqrt(Math.max(0, (squares[row] as number) / passes - shift * shift)) };
  });
}

/** Mean deviation of the third of rows nearest to the boundary, where the answer is 0.5, and of the third farthest from it. */
export function nearAndFar(spreads: readonly Spread[]): { near: number; far: number } {
  const sorted = [...spreads].sort((a, b) => Math.abs(a.evaluated - 0.5) - Math.abs(b.evaluated - 0.5));
  const third = Math.max(1, Math.floor(sorted.length / 3));
  const average = (part: readonly Spread[]): number => part.reduce((total, { deviation }) => total + deviation, 0) / part.length;
  return { near: average(sorted.slice(0, third)), far: average(sorted.slice(-third)) };
}

/** Runs Monte-Carlo dropout on some test rows and shows five of them. */
export async function showMonteCarlo(
  model: Classifier,
  test: Rows,
  { seed, screen }: { seed: bigint; screen: Screen },
): Promise<{ near: number; far: number; rows: Spread[] }> {
  const indices = Array.from({ length: Math.min(ROWS, test.count) }, (_, i) => i);
  const spreads = await monteCarlo(model, takeRows(test, indices), { seed });
  const rows = pickRows(spreads);
  const { near, far } = nearAndFar(spreads);

  screen.heading("How sure is the model? Monte-Carlo dropout");
  screen.text(
    `The wide model with dropout of the first seed answers ${PASSES} times with dropout left on. The spread of its answers is a measure of doubt.`,
  );
  screen.line();
  screen.table(
    ["eval() answers", "mean of passes", "deviation", ""],
    rows.map((row) => [row.evaluated.toFixed(3), row.mean.toFixed(3), row.deviation.toFixed(3), bar(row.deviation)]),
  );
  const where = near > far ? "more" : near < far ? "less" : "as much";
  const ends = near === far ? "as" : "than";
  screen.notice(
    `Over ${spreads.length} test rows, the third nearest to the boundary spreads by ${near.toFixed(3)} and the third farthest from it by ` +
      `${far.toFixed(3)}: ${where} doubt near the boundary ${ends} far from it.`,
  );
  return { near, far, rows };
}

// --- internal helpers ---

/** For each of `SHOWN`, the row whose answer is nearest, each row once. */
function pickRows(spreads: readonly Spread[]): Spread[] {
  const picked = new Set<Spread>();
  for (const goal of SHOWN) {
    const byDistance = [...spreads].sort((a, b) => Math.abs(a.evaluated - goal) - Math.abs(b.evaluated - goal));
    const nearest = byDistance.find((spread) => !picked.has(spread));
    if (nearest !== undefined) picked.add(nearest);
  }
  return [...picked].sort((a, b) => a.evaluated - b.evaluated);
}

/** Twenty characters stand for 0.25, the most that answers between 0 and 1 commonly spread. */
function bar(deviation: number): string {
  return "▪".repeat(Math.min(20, Math.round(deviation * 80))).padEnd(20);
}
