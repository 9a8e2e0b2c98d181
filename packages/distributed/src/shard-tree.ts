/**
 * Which sums a rank holds of the one tree that all gradients are added by. Its leaves are the shards; node (level, index) is the sum of nodes (level - 1, 2 index)
 * and (level - 1, 2 index + 1), or the first alone where there is no second. A rank has some leaves next to each other and adds what of the tree lies within them.
 */

/** A node of the tree. */
export interface TreeNode {
  readonly level: number;
  readonly index: number;
}

/** The leaves from `start` to before `end`. */
export interface Leaves {
  readonly start: number;
  readonly end: number;
}

/** The leaves of one of `ranks`, as even as can be: the first ranks have one more where some are left over. */
export function leavesOf(rank: number, ranks: number, leaves: number): Leaves {
  const startOf = (i: number) => Math.floor(leaves / ranks) * i + Math.min(i, leaves % ranks);
  return { start: startOf(rank), end: startOf(rank + 1) };
}

/** Sums values of neighbouring leaves as far as the tree goes, while they come. */
export class PartialSums<T> {
  readonly #nodes: { level: number; index: number; value: T }[] = [];

  /**
   * @param add The sum of two neighbours; what is left of them is its own affair.
   */
  constructor(readonly add: (left: T, right: T) => T) {}

  /** The next leaf. */
  push(leaf: number, value: T): void {
    this.#nodes.push({ level: 0, index: leaf, value });
    while (this.#joins());
  }

  /** What there is, in the order of leaves. */
  get nodes(): readonly (TreeNode & { readonly value: T })[] {
    return this.#nodes;
  }

  /** The sum of all, where they are the whole tree: those without a right neighbour rise until they are one. */
  total(): T | undefined {
    const nodes = this.#nodes;
    while (nodes.length > 1) {
      if (this.#joins()) continue;
      const last = nodes.at(-1) as (typeof nodes)[0];
      last.level++;
      last.index = Math.floor(last.index / 2);
    }
    return nodes[0]?.value;
  }

  /** Adds the last two, if they are neighbours under one node. */
  #joins(): boolean {
    const [left, right] = this.#nodes.slice(-2);
    if (left === undefined || right === undefined || !areSiblings(left, right)) return false;
    this.#nodes.splice(-2, 2, { level: left.level + 1, index: left.index / 2, value: this.add(left.value, right.value) });
    return true;
  }
}

/** The same for arrays, which are added into those given; `start` is the leaf of the first. */
export function sumsOfArrays<T extends Float32Array | Float64Array>(start: number, arrays: readonly T[]): PartialSums<T> {
  const sums = new PartialSums<T>((left, right) => {
    for (let i = 0; i < left.length; i++) left[i] = (left[i] as number) + (right[i] as number);
    return left;
  });
  arrays.forEach((array, i) => {
    sums.push(start + i, array);
  });
  return sums;
}

/** The nodes that a rank with these leaves comes to hold. */
export function nodesOf({ start, end }: Leaves): TreeNode[] {
  const sums = new PartialSums<null>(() => null);
  for (let leaf = start; leaf < end; leaf++) sums.push(leaf, null);
  return sums.nodes.map(({ level, index }) => ({ level, index }));
}

/** The nodes of all ranks as the addon reads them: for each rank how many, and their levels and indices. */
export function nodeTable(ranks: number, leaves: number): Int32Array {
  const table = Array.from({ length: ranks }, (_, rank) => {
    const nodes = nodesOf(leavesOf(rank, ranks, leaves));
    return [nodes.length, ...nodes.flatMap(({ level, index }) => [level, index])];
  });
  return Int32Array.from(table.flat());
}

// --- internal helpers ---

function areSiblings(left: TreeNode, right: TreeNode): boolean {
  return left.level === right.level && left.index % 2 === 0 && left.index + 1 === right.index;
}
