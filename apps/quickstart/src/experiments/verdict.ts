import type { OverfitResult } from "./overfit";

/** What the accuracies of several seeds say, as shares. */
export interface Summary {
  readonly without: { readonly train: number; readonly test: number };
  readonly with: { readonly train: number; readonly test: number };
  /** Mean test accuracy with dropout minus that without. */
  readonly gain: number;
  /** Standard error of `gain` over the seeds; `null` for one seed, which has no spread. */
  readonly gainError: number | null;
  /** Seeds whose test accuracy is higher with dropout. */
  readonly wins: number;
  readonly outcome: "helped" | "hurt" | "unclear";
}

/**
 * What a mean of 2, 3, … values must be away from 0, in standard errors, for chance to reach it in 5 of 100 cases only: Student's t, two-sided.
 * From 11 values on the last entry is taken, which errs on the side of caution.
 */
const T95 = [12.71, 4.3, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23];

/** Averages over seeds. Dropout helped, or hurt, if chance alone would rarely move the mean gain so far from 0. */
export function summarize(results: readonly OverfitResult[]): Summary {
  const average = (pick: (result: OverfitResult) => number): number => mean(results.map(pick));
  const gains = results.map((result) => result.with.test - result.without.test);
  const gain = mean(gains);
  const gainError = gains.length < 2 ? null : Math.sqrt(mean(gains.map((g) => (g - gain) ** 2)) / (gains.length - 1));
  const limit = T95[Math.min(gains.length - 2, T95.length - 1)] ?? Number.POSITIVE_INFINITY;
  const isClear = gainError !== null && Math.abs(gain) > limit * gainError;
  return {
    without: { train: average((r) => r.without.train), test: average((r) => r.without.test) },
    with: { train: average((r) => r.with.train), test: average((r) => r.with.test) },
    gain,
    gainError,
    wins: gains.filter((g) => g > 0).length,
    outcome: !isClear ? "unclear" : gain > 0 ? "helped" : "hurt",
  };
}

/** The summary in words, for people. `labelNoise` is the share of training labels known to be wrong. */
export function describeSummary(summary: Summary, { seeds, labelNoise }: { seeds: number; labelNoise: number }): string {
  return [memorised(summary.without.train, labelNoise), effect(summary, seeds), gap(summary)]
    .filter((sentence) => sentence !== "")
    .join(" ");
}

// --- internal helpers ---

/** A model right on more training rows than have right labels has learned wrong ones by heart; a few points may be luck. */
const LUCK = 0.05;

function memorised(train: number, labelNoise: number): string {
  if (labelNoise === 0 || train < 1 - labelNoise + LUCK) return "";
  return `Without dropout the model gets ${percent(train)} of its training labels, though ${percent(labelNoise)} of them are wrong: it has learned mistakes by heart.`;
}

function effect({ gain, gainError, wins, outcome }: Summary, seeds: number): string {
  if (gainError === null) return `With dropout the test accuracy is ${change(gain)}. One seed says little: try --seeds 5.`;
  const measured = `${change(gain)} on average (standard error ${points(gainError)}, higher for ${wins} of ${seeds} seeds)`;
  if (outcome === "helped") return `Dropout helped: the test accuracy is ${measured}.`;
  if (outcome === "hurt") return `Dropout did not help here, it hurt: the test accuracy is ${measured}.`;
  return `No clear effect of dropout: the test accuracy is ${measured}, within what chance does.`;
}

function gap(summary: Summary): string {
  const ahead = ({ train, test }: { train: number; test: number }): string => points(train - test);
  return `Training minus test accuracy: ${ahead(summary.without)} points without dropout, ${ahead(summary.with)} with it.`;
}

function change(gain: number): string {
  if (Math.abs(gain) < 0.0005) return "the same";
  return `${points(Math.abs(gain))} points ${gain > 0 ? "higher" : "lower"}`;
}

function points(share: number): string {
  return (100 * share).toFixed(1);
}

function percent(share: number): string {
  return `${Number((100 * share).toFixed(1))}%`;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
