import { optionsOf } from "@dropwise/core/backend";
import { partsOf, reductionOf, sendable, summands, wholeNumber } from "./checks";
import { GroupError } from "./errors";
import type { Group, GroupArray, OrderedSumOptions, PartRange, Reduction } from "./group";
import { BROADCAST, ORDERED_SUM, REDUCE } from "./group-options";
import { sumsOfArrays } from "./shard-tree";

/** A process by itself: every call has its answer at hand, and nothing need be installed. */
export class LoneGroup implements Group {
  readonly rank = 0;
  readonly size = 1;
  readonly library = "";
  /** Itself, also where it is called through a transparent proxy, which has no private fields. */
  private readonly self = this;
  #isOpen = true;

  async allReduce<T extends GroupArray>(array: T, options?: { readonly reduction?: Reduction }): Promise<T> {
    reductionOf("allReduce", optionsOf("allReduce", options, REDUCE).reduction);
    return this.self.#open("allReduce", sendable("allReduce", array));
  }

  async orderedSum<T extends Float32Array | Float64Array>(parts: readonly T[], options: OrderedSumOptions): Promise<T> {
    const { parts: own, result } = summands(parts, optionsOf("orderedSum", options, ORDERED_SUM) as OrderedSumOptions, this);
    return this.self.#open("orderedSum", sumsOfArrays(0, own).total() ?? result);
  }

  /** @internal What `MpiGroup` has; with nobody else there is nothing to add. */
  async sumNodes<T extends Float32Array | Float64Array>(nodes: readonly T[], result: T, _count: number): Promise<void> {
    result.set(this.self.#open("orderedSum", nodes[0] as T));
  }

  partsOf(count: number): PartRange {
    return partsOf("partsOf", count, this);
  }

  async broadcast<T extends GroupArray>(array: T, options?: { readonly root?: number }): Promise<T> {
    const { root = 0 } = optionsOf("broadcast", options, BROADCAST);
    wholeNumber("broadcast", "root", root, 0, 0);
    return this.self.#open("broadcast", sendable("broadcast", array));
  }

  async allGather<T extends GroupArray>(array: T): Promise<T[]> {
    return this.self.#open("allGather", [sendable("allGather", array)]);
  }

  async barrier(): Promise<void> {
    this.self.#open("barrier", undefined);
  }

  async close(): Promise<void> {
    this.self.#isOpen = false;
  }

  #open<T>(op: string, value: T): T {
    if (!this.#isOpen) throw new GroupError(op, "expected an open group, got one after close() - call it before");
    return value;
  }
}
