/** What makes one metric better than another. */
export interface Comparison {
  /** Whether it is better when it is lower or higher. */
  readonly mode: "min" | "max";
  /** How much better counts. */
  readonly threshold: number;
  /** Whether that is a part of the best metric or a difference to it. */
  readonly thresholdMode: "rel" | "abs";
}

/** True for a metric that is better than the best so far by more than the threshold; null: none so far. NaN never is. */
export function betters(metric: number, best: number | null, { mode, threshold, thresholdMode }: Comparison): boolean {
  const sign = mode === "min" ? -1 : 1;
  const before = best ?? sign * Number.NEGATIVE_INFINITY;
  const bound = thresholdMode === "rel" ? before * (1 + sign * threshold) : before + sign * threshold;
  return sign * metric > sign * bound;
}
