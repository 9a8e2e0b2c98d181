import type { Generator } from "@dropwise/core";
import { randomOrder } from "./source";

/** The share of rows that is kept aside to judge by. */
const TEST_SHARE = 0.25;

/** Which rows, by their numbers, are learned from and which are kept aside. */
export interface SplitIndices {
  readonly train: readonly number[];
  readonly test: readonly number[];
}

/**
 * Keeps a quarter of each class aside as test rows, at least one; both parts are shuffled and then cut to `size`.
 * Each class needs two rows or more.
 *
 * @param targets The class of each row: 0, 1, … below `classes`.
 */
export function splitStratified(
  targets: Int32Array,
  classes: number,
  generator: Generator,
  size: { readonly train: number; readonly test: number },
): SplitIndices {
  const members: number[][] = Array.from({ length: classes }, () => []);
  for (const row of randomOrder(targets.length, generator)) members[targets[row] as number]?.push(row);
  const held = (rows: readonly number[]): number => Math.max(1, Math.round(rows.length * TEST_SHARE));
  return {
    train: mixed(
      members.flatMap((rows) => rows.slice(held(rows))),
      size.train,
      generator,
    ),
    test: mixed(
      members.flatMap((rows) => rows.slice(0, held(rows))),
      size.test,
      generator,
    ),
  };
}

// --- internal helpers ---

/** The indices in a new random order, cut to `limit`. */
function mixed(indices: readonly number[], limit: number, generator: Generator): number[] {
  return randomOrder(indices.length, generator)
    .slice(0, limit)
    .map((i) => indices[i] as number);
}
