import type { Screen } from "../terminal/screen";
import type { SeedResult } from "./comparison";
import { describeSummary, type Summary, summarize } from "./verdict";

/** Shows a row for each seed and what follows from them. */
export function showComparison(results: readonly SeedResult[], { labelNoise, screen }: { labelNoise: number; screen: Screen }): Summary {
  const summary = summarize(results);
  screen.line();
  screen.table(
    ["\nseed", "no dropout:\ntrain", "\ntest", "\ntest loss", "dropout:\ntrain", "\ntest", "\ntest loss", "test,\nleft on"],
    [...results.map((result) => row(String(result.seed), result)), row("mean", summary)],
  );
  screen.line();
  for (const sentence of describeSummary(summary, { seeds: results.length, labelNoise })) screen.notice(sentence);
  return summary;
}

// --- internal helpers ---

function row(name: string, { without, with: dropped }: Pick<SeedResult, "without" | "with">): string[] {
  const percent = (share: number): string => `${(100 * share).toFixed(1)}%`;
  return [
    name,
    ...[without, dropped].flatMap(({ train, test, testLoss }) => [percent(train), percent(test), testLoss.toFixed(3)]),
    percent(dropped.leftOn),
  ];
}
