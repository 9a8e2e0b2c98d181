import { optionsOf } from "@dropwise/core/backend";
import { partsOf, reductionOf, sendable, summands, wholeNumber } from "./checks";
import { GroupError, PeerTimeoutError } from "./errors";
import type { Group, GroupArray, OrderedSumOptions, PartRange, Reduction } from "./group";
import { BROADCAST, ORDERED_SUM, REDUCE } from "./group-options";
import type { AddonGroup, Ended } from "./load";
import { leavesOf, nodeTable, sumsOfArrays } from "./shard-tree";

/** A process among others, by MPI. */
export class MpiGroup implements Group {
  readonly rank: number;
  readonly size: number;
  readonly library: string;
  readonly #addon: AddonGroup;
  readonly #seconds: number;
  /** Why no call is made any more. */
  #over: Error | null = null;
  #closing: Promise<void> | null = null;
  /** Calls under way: each may take its time when those before it have ended. */
  #pending = 0;
  readonly #tables = new Map<number, Int32Array>();

  constructor(addon: AddonGroup, seconds: number) {
    this.#addon = addon;
    this.#seconds = seconds;
    this.rank = addon.rank;
    this.size = addon.size;
    this.library = addon.version;
    process.on("exit", this.#leave);
  }

  async allReduce<T extends GroupArray>(array: T, options?: { readonly reduction?: Reduction }): Promise<T> {
    const op = "allReduce";
    const reduction = reductionOf(op, optionsOf(op, options, REDUCE).reduction);
    const copy = sendable(op, array);
    await this.#ended(op, () => this.#addon.allReduce(copy, reduction));
    return copy;
  }

  async orderedSum<T extends Float32Array | Float64Array>(parts: readonly T[], options: OrderedSumOptions): Promise<T> {
    const op = "orderedSum";
    const { parts: own, result, count } = summands(parts, optionsOf(op, options, ORDERED_SUM) as OrderedSumOptions, this);
    const { nodes } = sumsOfArrays(leavesOf(this.rank, this.size, count).start, own);
    await this.#sum(
      op,
      nodes.map(({ value }) => value),
      result,
      count,
    );
    return result;
  }

  /** @internal The same for a rank that has added up what of the tree it can, in arrays that nobody else has; into `result`. */
  async sumNodes<T extends Float32Array | Float64Array>(nodes: readonly T[], result: T, count: number): Promise<void> {
    await this.#sum("orderedSum", nodes, result, count);
  }

  partsOf(count: number): PartRange {
    return partsOf("partsOf", count, this);
  }

  async broadcast<T extends GroupArray>(array: T, options?: { readonly root?: number }): Promise<T> {
    const op = "broadcast";
    const { root = 0 } = optionsOf(op, options, BROADCAST);
    wholeNumber(op, "root", root, 0, this.size - 1);
    const copy = sendable(op, array);
    await this.#ended(op, () => this.#addon.broadcast(copy, root));
    return copy;
  }

  async allGather<T extends GroupArray>(array: T): Promise<T[]> {
    const op = "allGather";
    const own = sendable(op, array);
    const lengths = new Int32Array(this.size);
    lengths[this.rank] = own.length;
    await this.#ended(op, () => this.#addon.allGather(lengths, new Int32Array(this.size).fill(1)));
    const starts = Array.from(lengths, (_, i) => lengths.slice(0, i).reduce((a, b) => a + b, 0));
    const all = sendable(op, new (own.constructor as new (length: number) => T)(lengths.reduce((a, b) => a + b, 0)));
    all.set(own, starts[this.rank]);
    await this.#ended(op, () => this.#addon.allGather(all, lengths));
    return Array.from(lengths, (length, i) => all.slice(starts[i], (starts[i] as number) + length) as T);
  }

  async barrier(): Promise<void> {
    await this.#ended("barrier", () => this.#addon.barrier());
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    // All come here before one goes: MPI's own end cannot be waited for with a limit.
    if (this.#over === null) await this.barrier();
    process.off("exit", this.#leave);
    const isWhole = this.#over === null;
    this.#over ??= new GroupError("group", "expected an open group, got one after close() - make calls before it");
    if (isWhole) await this.#addon.finalize();
    this.#addon.end();
  }

  /** The end of a process that did not close its group. With an error it just ends: that is how a launcher knows to end the others. */
  readonly #leave = (code: number): void => {
    if (code !== 0 || this.#over !== null) return;
    if (!this.#addon.finalizeNow(this.#seconds * 1000)) process.exitCode = 1;
  };

  #sum<T extends Float32Array | Float64Array>(op: string, nodes: readonly T[], result: T, count: number): Promise<void> {
    return this.#ended(op, () => this.#addon.orderedSum(nodes, result, this.#table(count)));
  }

  #table(count: number): Int32Array {
    const known = this.#tables.get(count) ?? nodeTable(this.size, count);
    this.#tables.set(count, known);
    return known;
  }

  /** The end of a call, or that it does not come: a transfer that has begun cannot be called back, should a peer go silent in it. */
  async #inTime(call: Promise<Ended>): Promise<Ended> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<Ended>((resolve) => {
      timer = setTimeout(() => resolve({ outcome: "late", fault: "" }), (this.#seconds + GRACE_SECONDS) * 1000 * ++this.#pending);
    });
    try {
      return await Promise.race([call, late]);
    } finally {
      clearTimeout(timer);
      this.#pending--;
    }
  }

  async #ended(op: string, call: () => Promise<Ended>): Promise<void> {
    if (this.#over !== null) throw this.#over;
    const { outcome, fault } = await this.#inTime(call());
    if (outcome === "done") return;
    if (outcome === "unlike")
      throw new GroupError(
        op,
        `expected the same call of all processes, got others: ${fault} - let all of them make the same calls in the same order`,
      );
    this.#over ??=
      outcome === "late"
        ? new PeerTimeoutError(op, this.#seconds)
        : new GroupError(op, `expected MPI to do it, got "${fault || outcome}" - the group is over: end this process`);
    throw this.#over;
  }
}

// --- internal helpers ---

/** So much later than the addon's thread, which knows more. */
const GRACE_SECONDS = 1;
