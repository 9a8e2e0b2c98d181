import { type Leaves, leavesOf } from "../shard-tree";

/** How one batch is shared out. */
export interface Plan {
  /** Rows of the whole batch. */
  readonly total: number;
  /** Shards that have rows. */
  readonly count: number;
  /** Those of this rank. */
  readonly own: Leaves;
  /**
   * Those that this rank runs: its own. Where the batch has none for a rank that has some of a full batch, it is the first, and the result is dropped: the rank's generators
   * go on as all others do.
   */
  readonly runs: Leaves;
  /** The rows of the batch that this rank is to hold: those of its shards, or of the first one, so that each rank has some of every batch. */
  readonly rows: Leaves;
}

/** Who gets what of a batch of `total` rows. */
export function planOf(total: number, shards: number, { rank, size }: { readonly rank: number; readonly size: number }): Plan {
  const count = Math.min(shards, total);
  const own = leavesOf(rank, size, count);
  const held = own.start < own.end ? own : { start: 0, end: 1 };
  const rows = { start: rowsOf(held.start, count, total).start, end: rowsOf(held.end - 1, count, total).end };
  return { total, count, own, runs: rank < shards ? held : own, rows };
}

/** The rows of one shard: those that `shards` of core gives it. */
export function rowsOf(shard: number, count: number, total: number): Leaves {
  return leavesOf(shard, count, total);
}
