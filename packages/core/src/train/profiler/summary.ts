import type { Shape } from "../../shape/shape";
import type { RowKind, Sum } from "./recorder";

export type { RowKind };

/** How rows are made. */
export interface KeyAveragesOptions {
  /** A row for each list of shapes, where one name would be one row. Default: false. */
  readonly groupByInputShape?: boolean;
}

/** All that ran under one name, on one backend. Times are milliseconds of the host. */
export interface ProfileRow {
  /** What ran: "matmul", "matmulBackward", "SGD.step", "DataLoader.next", "item", or the name that `recordFunction` was given. */
  readonly name: string;
  /** What that is. */
  readonly kind: RowKind;
  /** The name of the backend that it ran on; null for what is bound to none. */
  readonly backend: string | null;
  /** How often it ran. */
  readonly calls: number;
  /** The part of `time` that no other row has: the time in which it was the innermost. */
  readonly selfTime: number;
  /** Time from begin to end, with all that ran inside; of an asynchronous function, until its promise settled. */
  readonly time: number;
  /** Bytes of the operands of an op, inputs and output; an element that a stride of 0 repeats counts once. 0 for other rows. */
  readonly bytes: number;
  /** The shapes of an op's operands, as its kernel saw them, the output last: each list that there was, in order of appearance. */
  readonly shapes: readonly (readonly Shape[])[];
}

/** The rows, in the order in which their spans ended first. */
export function rowsOf(sums: Iterable<Sum>, byShapes: boolean): ProfileRow[] {
  const rows = new Map<string, { -readonly [Name in keyof ProfileRow]: ProfileRow[Name] } & { shapes: (readonly Shape[])[] }>();
  for (const { kind, name, backend, calls, selfTime, time, bytes, shapes } of sums) {
    const key = JSON.stringify([kind, backend, name, byShapes ? shapes : null]);
    const row = rows.get(key) ?? { name, kind, backend, calls: 0, selfTime: 0, time: 0, bytes: 0, shapes: [] };
    row.calls += calls;
    row.selfTime += selfTime;
    row.time += time;
    row.bytes += bytes;
    if (kind === "op") row.shapes.push(shapes);
    rows.set(key, row);
  }
  return [...rows.values()];
}
