import fc from "fast-check";
import { expect, test } from "vitest";
import { leavesOf, nodesOf, nodeTable, PartialSums, sumsOfArrays } from "./shard-tree";

/** How a sum is put together, as text. */
const written = () => new PartialSums<string>((left, right) => `(${left}+${right})`);

/** The whole tree over `leaves`, put together by one process. */
function alone(leaves: number): string | undefined {
  const sums = written();
  for (let leaf = 0; leaf < leaves; leaf++) sums.push(leaf, String(leaf));
  return sums.total();
}

test("neighbours are added first, and what has none rises", () => {
  expect(alone(1)).toBe("0");
  expect(alone(8)).toBe("(((0+1)+(2+3))+((4+5)+(6+7)))");
  expect(alone(7)).toBe("(((0+1)+(2+3))+((4+5)+6))");
  expect(alone(5)).toBe("(((0+1)+(2+3))+4)");
  expect(alone(0)).toBeUndefined();
});

test("the sum is put together alike, however many processes share its leaves", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 45 }), (leaves, ranks) => {
      // What each rank holds, and then all of it, as the addon joins it.
      const all: { level: number; index: number; value: string }[] = [];
      for (let rank = 0; rank < ranks; rank++) {
        const { start, end } = leavesOf(rank, ranks, leaves);
        const sums = written();
        for (let leaf = start; leaf < end; leaf++) sums.push(leaf, String(leaf));
        expect(sums.nodes.map(({ level, index }) => ({ level, index }))).toEqual(nodesOf({ start, end }));
        all.push(...sums.nodes);
      }
      const depth = Math.ceil(Math.log2(leaves));
      const find = (level: number, index: number): string | undefined => {
        const held = all.find((node) => node.level === level && node.index === index);
        if (held !== undefined || level === 0) return held?.value;
        const [left, right] = [find(level - 1, 2 * index), find(level - 1, 2 * index + 1)];
        return left === undefined || right === undefined ? (left ?? right) : `(${left}+${right})`;
      };
      expect(find(depth, 0)).toBe(alone(leaves));
    }),
  );
});

test("leaves are shared out as evenly as can be, each to one process", () => {
  expect([0, 1, 2].map((rank) => leavesOf(rank, 3, 8))).toEqual([
    { start: 0, end: 3 },
    { start: 3, end: 6 },
    { start: 6, end: 8 },
  ]);
  expect(leavesOf(8, 9, 8)).toEqual({ start: 8, end: 8 });
});

test("the table names each rank's nodes", () => {
  expect([...nodeTable(2, 8)]).toEqual([1, 2, 0, 1, 2, 1]);
  expect([...nodeTable(3, 8)]).toEqual([2, 1, 0, 0, 2, 2, 0, 3, 1, 2, 1, 1, 3]);
  expect([...nodeTable(2, 1)]).toEqual([1, 0, 0, 0]);
});

test("arrays are added element by element, in the tree's order and no other", () => {
  // 2^24 + 1 is no float32: one after the other, the ones would be lost.
  const parts = [2 ** 24, 1, 1, 1].map((value) => Float32Array.of(value));
  expect(sumsOfArrays(0, parts).total()?.[0]).toBe(2 ** 24 + 2);
  const one = [2 ** 24, 1, 1, 1].reduce((sum, value) => Math.fround(sum + value), 0);
  expect(one).toBe(2 ** 24);
});
