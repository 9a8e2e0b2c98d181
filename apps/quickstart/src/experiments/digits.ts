import type { ImageSource, Rows } from "../data/source";
import { besideOneAnother, drawPicture } from "../terminal/picture";
import { PAGE_WIDTH, type Screen } from "../terminal/screen";
import { compareDropout, type SeedResult } from "./comparison";
import { accuracyByDoubt, monteCarlo, PASSES, rightAndWrong, type Spread } from "./monte-carlo";
import { showComparison } from "./show-comparison";
import type { Summary } from "./verdict";
import { WIDE_P, WIDE_WIDTH } from "./wide";

/** Rows that take part, at most; of the digits, all. */
const DIGIT_ROWS = { train: 1000, test: 1000 } as const;

/** Passes over the rows when `--epochs` is not given: enough for the model without dropout to know every training row by heart. */
export const DIGIT_EPOCHS = 25;

/** What the last part found. */
export interface DigitsResult {
  readonly epochs: number;
  readonly rows: { readonly source: string; readonly train: number; readonly test: number };
  readonly seeds: readonly SeedResult[];
  readonly summary: Summary;
  /** Mean Monte-Carlo deviation of test rows that the first seed's model gets right, and wrong. */
  readonly spread: { readonly right: number | null; readonly wrong: number | null };
  /** From the rows with the least doubt to those with the most: the share that the model gets right. */
  readonly accuracyByDoubt: readonly { readonly doubt: number; readonly accuracy: number; readonly rows: number }[];
  /** The test rows that were drawn: the ten with the most doubt. */
  readonly drawn: readonly Spread[];
}

/** Trains the wide model on pictures, without and with dropout, and draws what it is unsure about. All seeds have the same rows. */
export async function showDigits(
  source: ImageSource,
  { seed, seeds, epochs, backend, screen }: { seed: bigint; seeds: number; epochs: number; backend: string; screen: Screen },
): Promise<DigitsResult> {
  const split = source.split(0n, DIGIT_ROWS);
  const { train, test } = split;
  screen.heading(`Real data: ${source.title}`);
  screen.text(source.about);
  screen.text(
    `The wide model again (${WIDE_WIDTH} and ${WIDE_WIDTH} hidden values, p = ${WIDE_P}), now with an output for each of ${source.classes.length} classes: ` +
      `${train.count.toLocaleString("en")} rows, ${epochs} epochs, on backend ${backend}.`,
  );
  const progress = screen.progress("training", 2 * seeds * epochs);
  const { results, model } = await compareDropout(() => split, { classes: source.classes.length, seed, seeds, epochs, progress });
  progress.done();
  const summary = showComparison(results, { labelNoise: source.labelNoise, screen });

  const spreads = await monteCarlo(model, test, { seed });
  const spread = rightAndWrong(spreads, test.targets);
  const drawn = pickDrawn(spreads);
  screen.heading("Which ones is the model unsure about?");
  screen.text(
    `Monte-Carlo dropout again: ${PASSES} passes with dropout left on. Here are the ${drawn.length} pictures with the most doubt, the entropy of the mean answer. ` +
      "Below each stands its label, what the model takes it for without dropout, the doubt, and what the passes took it for.",
  );
  screen.line();
  const blocks = drawn.map((about) => captioned(about, test, source));
  for (const line of besideOneAnother(blocks, PAGE_WIDTH - 2)) screen.line(line);
  screen.line();
  screen.notice(describeSpread(spread, test.count));
  const byDoubt = accuracyByDoubt(spreads, test.targets);
  screen.line();
  screen.table(
    ["rows, by doubt", "doubt up to", "right"],
    byDoubt.map(({ doubt, accuracy, rows }, i) => [
      `${rows} ${["with the least", "", "", "", "with the most"][i] ?? ""}`.trim(),
      doubt.toFixed(3),
      `${(100 * accuracy).toFixed(1)}%`,
    ]),
  );
  const rows = { source: source.name, train: train.count, test: test.count };
  return { epochs, rows, seeds: results, summary, spread, accuracyByDoubt: byDoubt, drawn };
}

// --- internal helpers ---

/** How many pictures are drawn. */
const DRAWN = 10;

/** The rows with the most doubt, most first. */
function pickDrawn(spreads: readonly Spread[]): Spread[] {
  return [...spreads].sort((a, b) => b.doubt - a.doubt).slice(0, DRAWN);
}

/** A picture with what the model says of it below. */
function captioned({ row, answer, evaluated, doubt, votes }: Spread, rows: Rows, { height, width, classes }: ImageSource): string[] {
  const pixels = rows.inputs.subarray(row * rows.features, (row + 1) * rows.features);
  const name = (label: number): string => classes[label] as string;
  const ranked = votes
    .map((count, label) => ({ count, label }))
    .filter(({ count }) => count > 0)
    .sort((a, b) => b.count - a.count);
  return [
    ...drawPicture({ pixels, height, width }),
    `label: ${name(rows.targets[row] as number)}`,
    `eval(): ${name(answer)}, ${Math.round(100 * evaluated)}%`,
    `doubt: ${doubt.toFixed(3)}`,
    ...ranked.slice(0, 3).map(({ count, label }, i) => `${i === 0 ? "passes:" : "       "} ${String(count).padStart(3)} x ${name(label)}`),
  ];
}

function describeSpread({ right, wrong }: DigitsResult["spread"], count: number): string {
  if (right === null || wrong === null) {
    return `Of ${count} test rows the model gets ${wrong === null ? "all" : "none"} right; their mean spread is ${(right ?? wrong ?? 0).toFixed(3)}.`;
  }
  const start = `Over ${count} test rows the mean spread is ${right.toFixed(3)} where eval() is right and ${wrong.toFixed(3)} where it is wrong`;
  return wrong > right
    ? `${start}: a wide spread is a reason to have a person look.`
    : `${start}: here the spread does not tell mistakes apart.`;
}
