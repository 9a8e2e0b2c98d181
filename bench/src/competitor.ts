import type { Entry } from "./measure/method";
import type { Task } from "./task";

/** An entry but for its name. Without `copy`, the copy beside it is one between two arrays of this process. */
export type Job = Omit<Entry, "competitor" | "copy"> & Partial<Pick<Entry, "copy">>;

/** A backend, or another library, that can be given tasks. */
export interface Competitor {
  /** Shown, and the key under which results are compared: "wasm", "wasm x2". */
  readonly name: string;
  readonly threads: number;
  /** What computes: an instruction set, an adapter, a version of a library. */
  readonly device: string;
  /** For peers: what it computes, its defaults, how the call is made. */
  readonly notes?: string;
  /** How it does a task; null where it has nothing for it. Throws, or rejects, where it cannot. */
  entry(task: Task, data: HostData): Job | null | Promise<Job | null>;
  close(): void | Promise<void>;
}

/** Random float32 values that differ from round to round, the same for all competitors. */
export interface HostData {
  /** `count` values in [-1, 1), for this round. A view: copy it before the next call. */
  values(count: number, round: number): Float32Array;
}

/** Rounds after which the values repeat. */
const PERIOD = 61;

/** Distance between the values of two rounds, in elements: no multiple of a vector's length, so that alignment changes, too. */
const STEP = 7;

/** Host data with room for `longest` values. One array serves all rounds: each begins a few elements further on. */
export function hostData(longest: number): HostData {
  const all = new Float32Array(longest + PERIOD * STEP);
  let state = 0x9e3779b9;
  for (let i = 0; i < all.length; i++) {
    // xorshift32: quality does not matter here, but 16M values must be there at once.
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    all[i] = state * 2 ** -31;
  }
  return {
    values(count, round) {
      const start = (round % PERIOD) * STEP;
      return all.subarray(start, start + count);
    },
  };
}

/** A copy between two arrays of this process, for competitors that keep their data out of reach. */
export function hostCopy(count: number, data: HostData): (calls: number) => void {
  const from = data.values(count, 0);
  const to = new Float32Array(count);
  return (calls) => {
    for (let i = 0; i < calls; i++) to.set(from);
  };
}
