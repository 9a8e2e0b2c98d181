import type { DataSource } from "../data/source";
import type { Screen } from "../terminal/screen";
import { type Comparison, compareDropout } from "./comparison";
import { showComparison } from "./show-comparison";
import type { Summary } from "./verdict";
import { WIDE_P, WIDE_WIDTH } from "./wide";

/** Few rows for many weights, so that there is something to overfit. */
export const OVERFIT_ROWS = { train: 150, test: 1000 } as const;

/** Passes over the rows when `--epochs` is not given: enough for the model without dropout to know every training row by heart. */
export const OVERFIT_EPOCHS = 40;

/** Runs the overfitting test, on rows drawn anew for each seed, and shows what follows from it. */
export async function showOverfit(
  source: DataSource,
  { seed, seeds, epochs, screen }: { seed: bigint; seeds: number; epochs: number; screen: Screen },
): Promise<Comparison & { summary: Summary }> {
  screen.heading("What dropout is for: a wide model on few rows");
  screen.text(
    `Two hidden layers of ${WIDE_WIDTH} values, at most ${OVERFIT_ROWS.train} rows to learn from, Adam, ${epochs} epochs. Each seed trains the model ` +
      `twice, from the same weights on the same rows in the same order: once without dropout, once with p = ${WIDE_P} behind each hidden layer.`,
  );
  const progress = screen.progress("training", 2 * seeds * epochs);
  const found = await compareDropout((own) => source.split(own, OVERFIT_ROWS), {
    classes: source.classes.length,
    seed,
    seeds,
    epochs,
    progress,
  });
  progress.done();
  return { ...found, summary: showComparison(found.results, { labelNoise: source.labelNoise, screen }) };
}
