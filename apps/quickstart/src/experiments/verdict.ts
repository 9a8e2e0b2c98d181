import type { Measured, SeedResult } from "./comparison";

/** What a difference between two models says, taken once for each seed. */
export interface Effect {
  /** Mean over the seeds; above 0 if dropout did better. */
  readonly gain: number;
  /** Standard error of `gain`; `null` for one seed, which has no spread. */
  readonly error: number | null;
  /** Seeds for which dropout did better. */
  readonly wins: number;
  /** `helped` or `hurt` if chance alone would rarely move the mean so far from 0. */
  readonly outcome: "helped" | "hurt" | "unclear";
}

/** What several seeds say. */
export interface Summary {
  readonly without: Measured;
  readonly with: SeedResult["with"];
  /** On the test accuracy, as a share. */
  readonly accuracy: Effect;
  /** On the test loss; a gain is a lower loss. */
  readonly loss: Effect;
}

/**
 * What a mean of 2, 3, … values must be away from 0, in standard errors, for chance to reach it in 5 of 100 cases only: Student's t, two-sided.
 * From 11 values on the last entry is taken, which errs on the side of caution.
 */
const T95 = [12.71, 4.3, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23];

/** Averages over seeds, and what follows from them. */
export function summarize(results: readonly SeedResult[]): Summary {
  const average = (pick: (result: SeedResult) => number): number => mean(results.map(pick));
  return {
    without: { train: average((r) => r.without.train), test: average((r) => r.without.test), testLoss: average((r) => r.without.testLoss) },
    with: {
      train: average((r) => r.with.train),
      test: average((r) => r.with.test),
      testLoss: average((r) => r.with.testLoss),
      leftOn: average((r) => r.with.leftOn),
    },
    accuracy: effectOf(results.map((r) => r.with.test - r.without.test)),
    loss: effectOf(results.map((r) => r.without.testLoss - r.with.testLoss)),
  };
}

/** The summary in sentences, for people. `labelNoise` is the share of training labels known to be wrong. */
export function describeSummary(summary: Summary, { seeds, labelNoise }: { seeds: number; labelNoise: number }): string[] {
  return [
    ...memorised(summary.without.train, labelNoise),
    onAccuracy(summary.accuracy, seeds),
    onLoss(summary, seeds),
    `Left on, as when eval() is forgotten, dropout gives ${percent(summary.with.leftOn)} of the test rows the right class instead of ${percent(summary.with.test)}.`,
  ];
}

// --- internal helpers ---

function effectOf(gains: readonly number[]): Effect {
  const gain = mean(gains);
  const error = gains.length < 2 ? null : Math.sqrt(mean(gains.map((g) => (g - gain) ** 2)) / (gains.length - 1));
  const limit = T95[Math.min(gains.length - 2, T95.length - 1)] ?? Number.POSITIVE_INFINITY;
  const isClear = error !== null && Math.abs(gain) > limit * error;
  return { gain, error, wins: gains.filter((g) => g > 0).length, outcome: !isClear ? "unclear" : gain > 0 ? "helped" : "hurt" };
}

/** A model right on more training rows than have right labels has learned wrong ones by heart; a few points may be luck. */
const LUCK = 0.05;

function memorised(train: number, labelNoise: number): string[] {
  if (labelNoise === 0 || train < 1 - labelNoise + LUCK) return [];
  return [
    `Without dropout the model gets ${percent(train)} of its training labels, though ${percent(labelNoise)} of them are wrong: it has learned mistakes by heart.`,
  ];
}

function onAccuracy({ gain, error, wins, outcome }: Effect, seeds: number): string {
  if (error === null) return `With dropout the test accuracy is ${change(gain)}. One seed says little: try --seeds 5.`;
  const measured = `${change(gain)} on average (standard error ${points(error)}, higher for ${wins} of ${seeds} seeds)`;
  if (outcome === "helped") return `Dropout helped: the test accuracy is ${measured}.`;
  if (outcome === "hurt") return `Dropout did not help here, it hurt: the test accuracy is ${measured}.`;
  return `No clear effect of dropout on how many test rows are right: the accuracy is ${measured}, within what chance does.`;
}

function onLoss({ without, with: dropped, loss }: Summary, seeds: number): string {
  const measured =
    `the test loss, to which being surely wrong adds most, is ${dropped.testLoss.toFixed(3)} with dropout and ` +
    `${without.testLoss.toFixed(3)} without, lower for ${loss.wins} of ${seeds} seeds`;
  if (loss.outcome === "helped") return `Dropout made the answers' probabilities better: ${measured}.`;
  if (loss.outcome === "hurt") return `Dropout made the answers' probabilities worse: ${measured}.`;
  return `As for the answers' probabilities, ${measured}${loss.error === null ? "" : ": no clear effect"}.`;
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
