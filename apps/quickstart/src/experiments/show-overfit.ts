import type { DataSource } from "../data/source";
import type { Screen } from "../terminal/screen";
import { compareOverfitting, OVERFIT_P, OVERFIT_ROWS, OVERFIT_WIDTH, type OverfitResult, type Overfitting } from "./overfit";
import { describeSummary, type Summary, summarize } from "./verdict";

/** Runs the overfitting test and shows its table and what follows from it. */
export async function showOverfit(
  source: DataSource,
  { seed, seeds, epochs, screen }: { seed: bigint; seeds: number; epochs: number; screen: Screen },
): Promise<Overfitting & { summary: Summary }> {
  screen.heading("What dropout is for: a wide model on few rows");
  screen.text(
    `Two hidden layers of ${OVERFIT_WIDTH}, at most ${OVERFIT_ROWS.train} training rows, Adam, ${epochs} epochs. Each seed trains the model twice from the ` +
      `same weights on the same rows in the same order, once without dropout and once with p = ${OVERFIT_P}.`,
  );
  const progress = screen.progress("training", 2 * seeds * epochs);
  const found = await compareOverfitting(source, { seed, seeds, epochs, progress });
  progress.done();
  const { results } = found;
  const summary = summarize(results);

  screen.line();
  screen.table(
    ["seed", "no dropout: train", "test", "dropout: train", "test", "test gain"],
    [...results.map((result) => row(String(result.seed), result)), row("mean", summary)],
  );
  screen.notice(describeSummary(summary, { seeds, labelNoise: source.labelNoise }));
  return { ...found, summary };
}

// --- internal helpers ---

function row(name: string, { without, with: dropped }: Pick<OverfitResult, "without" | "with">): string[] {
  const gain = 100 * (dropped.test - without.test);
  const values = [without.train, without.test, dropped.train, dropped.test].map((share) => `${(100 * share).toFixed(1)}%`);
  return [name, ...values, `${gain < 0 ? "-" : "+"}${Math.abs(gain).toFixed(1)}`];
}
