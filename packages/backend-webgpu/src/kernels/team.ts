import { GROUP_SIZE } from "./kernel";

/** How teams of threads go through the columns of [outer, size, inner]. */
export interface Columns {
  /** Threads that share a column. */
  readonly team: number;
  /** Whether the elements of a column lie side by side. */
  readonly along: 0 | 1;
  /** What is read at a time: 4 elements of a column, 4 of neighbouring columns, or 1. */
  readonly lanes: 1 | 4;
  /** Columns, their length and their distance, in what is read at a time. */
  readonly count: number;
  readonly size: number;
  readonly inner: number;
  /** Where they begin, in the same; null where that is not asked. */
  readonly offset: number | null;
  /** Parts in which each is cut, and their length. */
  readonly parts: number;
  readonly chunk: number;
  /** Columns that a group has. */
  readonly perGroup: number;
}

/** Chooses it. `offset`: where the data begins, or null for data that is not read in order. `isWhole`: a column is not cut. */
export function columnsOf(outer: number, size: number, inner: number, offset: number | null, isWhole = false): Columns {
  const along = inner === 1 ? 1 : 0;
  const fits = (length: number): boolean => offset !== null && length % 4 === 0 && offset % 4 === 0;
  const lanes = fits(along ? size : inner) ? 4 : 1;
  const length = along ? size / lanes : size;
  const side = along ? inner : inner / lanes;
  const most = along ? GROUP_SIZE : GROUP_SIZE / (isWhole ? FEW_SIDE_BY_SIDE : SIDE_BY_SIDE);
  // A thread has four to read before another one helps it.
  const team = Math.min(most, 2 ** Math.ceil(Math.log2(Math.max(1, length / 4))));
  const perGroup = GROUP_SIZE / team;
  const groups = Math.ceil((outer * side) / perGroup);
  const wanted = Math.max(
    Math.ceil(length / (team * LONGEST)),
    Math.min(Math.ceil(FILLING / groups), Math.floor(length / (team * SHORTEST))),
  );
  const chunk = isWhole ? length : Math.ceil(length / Math.max(1, wanted));
  return {
    ...{ team, along, lanes, count: outer * side, size: length, inner: side },
    ...{ offset: offset === null ? null : offset / lanes, parts: Math.ceil(length / chunk), chunk, perGroup },
  };
}

/** WGSL that reads a lane, by number, of a V, which is an element or a vector of four. */
export const laneOf = {
  1: "fn lane_of(v: V, lane: u32) -> f32 { return v; }",
  4: "fn lane_of(v: V, lane: u32) -> f32 { return v[lane]; }",
} as const;

// --- internal helpers ---

/** Neighbouring columns that a group reads at a time, at least: fewer would waste what memory hands over. */
const SIDE_BY_SIDE = 32;
/** The same where more threads for each column keep more of it in registers. */
const FEW_SIDE_BY_SIDE = 8;

/** How often a thread reads of a column that may be cut: at most, for the exactness of sums, and at least, for a cut to be worth another pass. */
const LONGEST = 64;
const SHORTEST = 16;

/** Groups that fill a large device. */
const FILLING = 1024;
