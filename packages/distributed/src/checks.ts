/** What all groups ask of their arguments. */
import { wrongType, wrongValue } from "@dropwise/core/backend";
import { GroupError } from "./errors";
import type { Group, GroupArray, OrderedSumOptions, PartRange, Reduction } from "./group";
import { leavesOf } from "./shard-tree";

/** In the order of the addon's numbers. */
const REDUCTIONS: readonly Reduction[] = ["sum", "max", "min"];

/** More is refused: MPI counts elements in 32 bits, and a group sends in pieces of its own. */
const MOST = 2 ** 28;

const KINDS = { Uint8Array, Int32Array, Float32Array, Float64Array };

/** A copy of an array that can be sent. */
export function sendable<T extends GroupArray>(op: string, array: T): T {
  // By its own name, for it may be of another realm.
  const kind = ArrayBuffer.isView(array) ? (array as GroupArray)[Symbol.toStringTag] : "";
  if (!Object.hasOwn(KINDS, kind)) throw wrongType(op, "a Uint8Array, Int32Array, Float32Array or Float64Array", array);
  const Kind = KINDS[kind as keyof typeof KINDS];
  if (isDetached(array)) throw wrongValue(op, "an array with its memory", array, "it was transferred to another thread: send a copy");
  if (array.length > MOST) throw wrongValue(op, `at most ${MOST} elements`, array.length);
  return new Kind(array) as T;
}

/** Refuses what is no group, as far as can be seen: it may be of another copy of this package. */
export function checkGroup(op: string, group: unknown): void {
  const { rank, size } = (group ?? {}) as Partial<Group>;
  if (typeof rank !== "number" || typeof size !== "number") throw wrongType(op, "a group", group, "await connect()");
}

/** The number of a reduction. */
export function reductionOf(op: string, reduction: unknown = "sum"): number {
  const found = REDUCTIONS.indexOf(reduction as Reduction);
  if (found < 0) throw wrongValue(op, `reduction to be ${REDUCTIONS.map((name) => `"${name}"`).join(", ")}`, reduction);
  return found;
}

/** A whole number from `least` to `most`. */
export function wholeNumber(op: string, name: string, value: unknown, least: number, most: number): asserts value is number {
  if (typeof value !== "number") throw wrongType(op, `${name} to be a number`, value);
  if (!Number.isInteger(value) || value < least || value > most)
    throw wrongValue(op, `${name} to be an integer from ${least} to ${most}`, value);
}

/** Which of `count` parts are a rank's. */
export function partsOf(op: string, count: unknown, { rank, size }: { readonly rank: number; readonly size: number }): PartRange {
  wholeNumber(op, "count", count, 1, 2 ** 20);
  return leavesOf(rank, size, count);
}

/** The parts of an ordered sum, copied, and the array for its result. */
export function summands<T extends Float32Array | Float64Array>(
  parts: readonly T[],
  options: OrderedSumOptions,
  group: { readonly rank: number; readonly size: number },
): { readonly parts: T[]; readonly result: T; readonly count: number } {
  const op = "orderedSum";
  if (!Array.isArray(parts)) throw wrongType(op, "an array of this process's parts", parts);
  const { count } = options;
  const { start, end } = partsOf(op, count, group);
  if (parts.length !== end - start)
    throw new GroupError(
      op,
      `expected the parts ${start} to ${end - 1} of rank ${group.rank}, ${end - start} in all, got ${parts.length} - see group.partsOf(${count})`,
    );
  const copies = parts.map((part) => sendable(op, part));
  const [first] = copies;
  const { length = first?.length ?? 0, dtype = first instanceof Float64Array ? "float64" : "float32" } = options;
  wholeNumber(op, "length", length, 0, MOST);
  if (dtype !== "float32" && dtype !== "float64") throw wrongValue(op, 'dtype to be "float32" or "float64"', dtype);
  const result = (dtype === "float64" ? new Float64Array(length) : new Float32Array(length)) as T;
  for (const part of copies)
    if (part.constructor !== result.constructor || part.length !== length)
      throw wrongValue(op, `parts of ${length} ${dtype}`, `${part.length} in a ${part.constructor.name}`);
  return { parts: copies, result, count };
}

// --- internal helpers ---

/** Whether the array's memory was handed to another thread: it looks like an empty array. */
function isDetached(array: GroupArray): boolean {
  try {
    array.values();
    return false;
  } catch {
    return true;
  }
}
