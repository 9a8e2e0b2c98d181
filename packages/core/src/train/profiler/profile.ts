import { INSPECT } from "../../errors/misuse";
import { checkInteger, type OptionKinds, optionsOf } from "../../errors/options";
import { refusal, wrongValue } from "../../errors/refusal";
import { chromeTrace } from "./chrome-trace";
import type { Recorder } from "./recorder";
import { type KeyAveragesOptions, type ProfileRow, rowsOf } from "./summary";
import { tableOf } from "./table";

/** What a table shows. */
export interface TableOptions extends KeyAveragesOptions {
  /** The column by which rows are sorted, largest first. Default: "selfTime". */
  readonly sortBy?: "selfTime" | "time" | "calls" | "bytes";
  /** Rows at most. Default: 100. */
  readonly rowLimit?: number;
}

/** What `profile` found. Mirrors what [torch.profiler.profile](https://docs.pytorch.org/docs/stable/profiler.html) gives. */
export class Profile<T> {
  /** What the function gave. */
  readonly result: T;
  /** Milliseconds from begin to end, with the wait for devices that work by a queue. */
  readonly time: number;
  /** @internal Not a private field, which reactive state around the profile would hide. */
  readonly recorder: Recorder;
  /** @internal Backends that only queue what they are told. */
  readonly queues: readonly string[];

  /** @internal */
  constructor(result: T, recorder: Recorder, queues: readonly string[]) {
    this.result = result;
    this.time = recorder.duration;
    this.recorder = recorder;
    this.queues = queues;
  }

  /**
   * A row for each thing that ran, the one with the most time of its own first.
   *
   * @throws TypeError for an unknown option.
   * @example
   * ```ts
   * const run = await profile(() => ones([4, 8]).matmul(ones([8, 2])));
   * const row = run.keyAverages().find(({ name }) => name === "matmul");
   * console.log(row?.calls, row?.bytes); // 1 224
   * ```
   */
  keyAverages(options?: KeyAveragesOptions): ProfileRow[] {
    const { groupByInputShape = false } = optionsOf("keyAverages", options, ROWS);
    return sorted(rowsOf(this.recorder.sums.values(), groupByInputShape), "selfTime");
  }

  /**
   * The rows as a table for a terminal.
   *
   * @throws TypeError for an unknown option, RangeError for one out of range.
   * @example
   * ```ts
   * const run = await profile(() => ones([4, 8]).matmul(ones([8, 2])));
   * console.log(run.table({ sortBy: "calls", rowLimit: 1 }).includes("fill")); // true
   * ```
   */
  table(options?: TableOptions): string {
    const { sortBy = "selfTime", rowLimit = 100, groupByInputShape = false } = optionsOf("table", options, TABLE);
    if (!SORTS.includes(sortBy)) throw wrongValue("table", `sortBy to be one of ${SORTS.join(", ")}`, sortBy);
    checkInteger("table", "rowLimit", rowLimit, 1);
    const rows = sorted(rowsOf(this.recorder.sums.values(), groupByInputShape), sortBy);
    const hidden = Math.max(0, rows.length - rowLimit);
    return tableOf(rows.slice(0, rowLimit), { time: this.time, hidden, queues: this.queues, showShapes: groupByInputShape });
  }

  /**
   * All that ran in order of time, as the text of a file that [Perfetto](https://ui.perfetto.dev) and `chrome://tracing` open.
   *
   * @throws TypeError for a profile that kept none.
   * @example
   * ```ts
   * const run = await profile(() => ones([4]).mul(2));
   * const { traceEvents } = JSON.parse(run.exportChromeTrace());
   * console.log(traceEvents.map((event: { name: string }) => event.name)); // [ 'process_name', 'thread_name', 'fill', 'mul' ]
   * ```
   */
  exportChromeTrace(): string {
    const { entries } = this.recorder;
    if (entries === null) throw refusal("exportChromeTrace", "a profile with its trace", "one without", "leave { trace: false } off");
    return chromeTrace(entries);
  }

  /** The table. */
  toString(): string {
    return this.table();
  }

  /** @internal */
  [INSPECT](): string {
    return this.table();
  }
}

// --- internal helpers ---

const ROWS: OptionKinds<KeyAveragesOptions> = { groupByInputShape: "flag" };
const TABLE: OptionKinds<TableOptions> = { ...ROWS, sortBy: "any", rowLimit: "any" };
const SORTS = ["selfTime", "time", "calls", "bytes"];

function sorted(rows: ProfileRow[], by: "selfTime" | "time" | "calls" | "bytes"): ProfileRow[] {
  return rows.sort((a, b) => b[by] - a[by]);
}
