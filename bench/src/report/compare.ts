import type { Figure, Result } from "./result";

/** How one figure differs between two results. */
export interface Change {
  readonly op: string;
  readonly size: string;
  readonly competitor: string;
  /** Median times per call, in nanoseconds. */
  readonly before: number;
  readonly after: number;
  /** after / before: below 1 is faster. */
  readonly factor: number;
  readonly verdict: "faster" | "slower" | "same";
}

/** What two results have in common, and what only one has. */
export interface Comparison {
  readonly changes: readonly Change[];
  /** Bundles whose size is another, in bytes. */
  readonly bundles: readonly { readonly name: string; readonly before: number; readonly after: number }[];
  readonly onlyBefore: readonly string[];
  readonly onlyAfter: readonly string[];
  /** Why the comparison says less than it seems: other machines, other efforts. */
  readonly warnings: readonly string[];
}

/**
 * Compares two results, figure by figure. One has moved when its medians differ by more than the wider of the two spreads (the middle half of
 * the rounds, in time); a difference within that is noise as far as these runs can tell.
 */
export function compareResults(before: Result, after: Result): Comparison {
  const [old, fresh] = [byKey(before.figures), byKey(after.figures)];
  const changes = [...old].flatMap(([key, figure]) => {
    const other = fresh.get(key);
    return other === undefined ? [] : [change(figure, other)];
  });
  const oldSizes = new Map(before.bundles?.map(({ name, bytes }) => [name, bytes]));
  return {
    changes,
    bundles: (after.bundles ?? []).flatMap(({ name, bytes }) => {
      const old = oldSizes.get(name);
      return old === undefined || old === bytes ? [] : [{ name, before: old, after: bytes }];
    }),
    onlyBefore: [...old.keys()].filter((key) => !fresh.has(key)),
    onlyAfter: [...fresh.keys()].filter((key) => !old.has(key)),
    warnings: warningsFor(before, after),
  };
}

// --- internal helpers ---

function byKey(figures: readonly Figure[]): Map<string, Figure> {
  return new Map(figures.map((figure) => [`${figure.op} ${figure.size} ${figure.competitor}`, figure]));
}

function change(before: Figure, after: Figure): Change {
  const difference = after.median - before.median;
  const noise = Math.max(before.high - before.low, after.high - after.low);
  const verdict = Math.abs(difference) <= noise ? "same" : difference < 0 ? "faster" : "slower";
  const { op, size, competitor } = before;
  return { op, size, competitor, before: before.median, after: after.median, factor: after.median / before.median, verdict };
}

function warningsFor(before: Result, after: Result): string[] {
  const warnings: string[] = [];
  if (before.machine.cpu !== after.machine.cpu || before.machine.cores !== after.machine.cores) {
    warnings.push(`measured on different machines: ${before.machine.cpu} and ${after.machine.cpu}`);
  }
  if (before.versions.node !== after.versions.node) {
    warnings.push(`measured with different versions of Node: ${before.versions.node} and ${after.versions.node}`);
  }
  if (before.effort !== after.effort) warnings.push(`measured with different effort: ${before.effort} and ${after.effort}`);
  return warnings;
}
