import { shards } from "@dropwise/core";
import { expect, test } from "vitest";
import { planOf, rowsOf } from "./plan";

test("shards have the rows that core's own `shards` gives them", () => {
  for (const [count, total] of [
    [8, 50],
    [3, 3],
    [5, 21],
  ] as const)
    shards({ count, total }, ({ index, start, rows }) => {
      expect(rowsOf(index, count, total)).toEqual({ start, end: start + rows });
    });
});

test("every row of a batch is one process's own, for any number of them", () => {
  for (const total of [1, 5, 8, 50]) {
    for (const size of [1, 2, 3, 8, 11]) {
      const plans = Array.from({ length: size }, (_, rank) => planOf(total, 8, { rank, size }));
      const own = plans.filter(({ own: { start, end } }) => start < end);
      let next = 0;
      for (const { rows, runs, own: mine } of own) {
        expect([rows.start, runs]).toEqual([next, mine]);
        next = rows.end;
      }
      expect(next).toBe(total);
    }
  }
});

test("a process that has no shard of a small batch runs the first one, and one that never has any runs nothing", () => {
  expect(planOf(2, 8, { rank: 3, size: 4 })).toMatchObject({
    count: 2,
    own: { start: 2, end: 2 },
    runs: { start: 0, end: 1 },
    rows: { start: 0, end: 1 },
  });
  const idle = planOf(50, 8, { rank: 8, size: 9 });
  expect(idle.runs.start).toBe(idle.runs.end);
  expect(idle.rows).toEqual({ start: 0, end: 7 });
});
