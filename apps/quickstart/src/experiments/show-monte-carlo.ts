import { type Rows, takeRows } from "../data/source";
import type { Classifier } from "../programs/lesson";
import type { Screen } from "../terminal/screen";
import { shortened } from "../words";
import { doubtfulAndSure, monteCarlo, PASSES, type Spread } from "./monte-carlo";

/** Test rows that take part, at most. */
const ROWS = 300;

/** How sure the model is, without dropout, of the rows that are picked for the table: the nearest to each of these. */
const SHOWN = [1, 0.9, 0.75, 0.6, 0.5];

/** Runs Monte-Carlo dropout on some test rows and shows five of them. */
export async function showMonteCarlo(
  model: Classifier,
  test: Rows,
  { classes, seed, screen }: { classes: readonly string[]; seed: bigint; screen: Screen },
): Promise<{ doubtful: number; sure: number; rows: Spread[] }> {
  const indices = Array.from({ length: Math.min(ROWS, test.count) }, (_, i) => i);
  const spreads = await monteCarlo(model, takeRows(test, indices), { seed });
  const rows = pickRows(spreads);
  const { doubtful, sure } = doubtfulAndSure(spreads);

  screen.heading("How sure is the model? Monte-Carlo dropout");
  screen.text(
    `The first seed's model with dropout is asked about the same rows ${PASSES} times with dropout left on. How far its answers spread is a ` +
      "measure of doubt, which a single answer does not show.",
  );
  screen.line();
  screen.table(
    ["\nclass", "without\ndropout", `mean of\n${PASSES} passes`, "\ndeviation", ""],
    rows.map(({ answer, evaluated, mean, deviation }) => [
      shortened(classes[answer] as string, 20),
      ...[evaluated, mean, deviation].map((value) => value.toFixed(3)),
      bar(deviation),
    ]),
  );
  screen.line();
  const where = doubtful > sure ? "more doubt" : doubtful < sure ? "less doubt" : "as much doubt";
  screen.notice(
    `Of ${spreads.length} test rows, the third that the model is least sure of without dropout spreads by ${doubtful.toFixed(3)}, the third ` +
      `that it is surest of by ${sure.toFixed(3)}: ${where} where the classes meet.`,
  );
  return { doubtful, sure, rows };
}

// --- internal helpers ---

/** For each of `SHOWN`, the row whose answer is nearest, each row once; the surest first. */
function pickRows(spreads: readonly Spread[]): Spread[] {
  const picked = new Set<Spread>();
  for (const goal of SHOWN) {
    const byDistance = [...spreads].sort((a, b) => Math.abs(a.evaluated - goal) - Math.abs(b.evaluated - goal));
    const nearest = byDistance.find((spread) => !picked.has(spread));
    if (nearest !== undefined) picked.add(nearest);
  }
  return [...picked].sort((a, b) => b.evaluated - a.evaluated);
}

/** Twenty characters stand for 0.25, the most that answers between 0 and 1 commonly spread. */
function bar(deviation: number): string {
  return "▪".repeat(Math.min(20, Math.round(deviation * 80))).padEnd(20);
}
