/** What processes that train together say to each other. */

/** Arrays that a group sends. */
export type GroupArray = Uint8Array | Int32Array | Float32Array | Float64Array;

/** How elements are put together. */
export type Reduction = "sum" | "max" | "min";

/**
 * The processes that were started together; `connect` gives it. Each method is a call that all of them make, in the same order: it ends when all have made it. Arrays
 * that are given are copied at once, and results are new ones.
 *
 * All methods reject with `GroupError` where the processes do not make the same call (then nothing was sent, and the group goes on), where MPI fails, and after `close`;
 * with `PeerTimeoutError` where some do not come in time.
 */
export interface Group {
  /** The number of this process, from 0. */
  readonly rank: number;
  /** How many there are. */
  readonly size: number;
  /** The library that connects them, such as "Open MPI v4.1.4"; "" for a group of one. */
  readonly library: string;
  /**
   * Element by element over all processes, by MPI's own `MPI_Allreduce`: as fast as it is, and in an order of its choice, so that the last bits of a sum are others for another
   * number of processes.
   *
   * @param array Of the same kind and length everywhere; sums of integers wrap around.
   * @param options `reduction`: "sum" (the default), "max" or "min".
   */
  allReduce<T extends GroupArray>(array: T, options?: { readonly reduction?: Reduction }): Promise<T>;
  /**
   * The sum over numbered parts, in one order whatever the number of processes: part 0 + part 1, part 2 + part 3, and on like that up a binary tree. Each process gives the parts
   * that `partsOf` says are its own.
   *
   * @param parts Those of this process, in order; all of the same length.
   * @param options `count`: how many parts there are in all processes together; `length` and `dtype` for a process without parts.
   */
  orderedSum<T extends Float32Array | Float64Array>(parts: readonly T[], options: OrderedSumOptions): Promise<T>;
  /** Which of `count` parts are this process's: from `start` to before `end`. As even as can be, neighbours together. */
  partsOf(count: number): PartRange;
  /**
   * One process's array, to all.
   *
   * @param array Of the same kind and length everywhere; only that of `root` is read.
   * @param options `root`: the process that gives it. Default: 0.
   */
  broadcast<T extends GroupArray>(array: T, options?: { readonly root?: number }): Promise<T>;
  /**
   * All processes' arrays, in the order of ranks.
   *
   * @param array Of the same kind everywhere; lengths may differ.
   */
  allGather<T extends GroupArray>(array: T): Promise<T[]>;
  /** Waits for all. */
  barrier(): Promise<void>;
  /** Leaves the group, together with all others. A second time does nothing. A process that just ends, without an error, leaves it by itself. */
  close(): Promise<void>;
}

/** Parts next to each other. */
export interface PartRange {
  /** The first of them. */
  readonly start: number;
  /** The one behind the last. */
  readonly end: number;
}

/** Options of `orderedSum`. */
export interface OrderedSumOptions {
  /** How many parts there are, in all processes together. */
  readonly count: number;
  /** Elements of a part. Default: those of the first part. */
  readonly length?: number;
  /** The kind of a part. Default: the first part's, or "float32". */
  readonly dtype?: "float32" | "float64";
}
