import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { connect, type Group } from "./index";
import { LoneGroup } from "./lone-group";

test("a process that was started by itself is a group of one, and the same group when it asks again", async () => {
  const group = await connect();
  expect([group.rank, group.size, group.library]).toEqual([0, 1, ""]);
  expect(await connect({ timeout: 5 })).toBe(group);
});

test("every call of a group of one has its own arrays for an answer, and no call keeps or changes what it was given", async () => {
  const group: Group = new LoneGroup();
  const own = Float64Array.of(1, 2);
  for (const result of [
    await group.allReduce(own, { reduction: "max" }),
    await group.broadcast(own, { root: 0 }),
    (await group.allGather(own))[0],
  ]) {
    expect(result).toEqual(own);
    expect(result).not.toBe(own);
  }
  expect(group.partsOf(8)).toEqual({ start: 0, end: 8 });
  const parts = [1, 2, 3].map((value) => Float32Array.of(value, -value));
  expect(await group.orderedSum(parts, { count: 3 })).toEqual(Float32Array.of(6, -6));
  expect(parts[0]).toEqual(Float32Array.of(1, -1));
  expect(await group.barrier()).toBeUndefined();
});

test("a group that was closed refuses calls, and may be closed again", async () => {
  const group = new LoneGroup();
  await group.close();
  await group.close();
  for (const call of [
    () => group.barrier(),
    () => group.allReduce(Int32Array.of(1)),
    () => group.broadcast(Int32Array.of(1)),
    () => group.allGather(Int32Array.of(1)),
  ])
    await expect(call()).rejects.toMatchObject({ name: "GroupError" });
});

test("an array of another realm is one, and one whose memory was given away is none", async () => {
  const group = new LoneGroup();
  expect([...(await group.allGather(runInNewContext("Float32Array.of(1, 2)") as Float32Array))[0]!]).toEqual([1, 2]);
  const gone = Float32Array.of(1, 2);
  structuredClone(gone.buffer, { transfer: [gone.buffer] });
  await expect(group.broadcast(gone)).rejects.toThrow("broadcast: expected an array with its memory");
  expect(await group.broadcast(new Float32Array(0))).toEqual(new Float32Array(0));
});

test("arguments of another kind are refused by name", async () => {
  const group = new LoneGroup();
  const refusals: [() => Promise<unknown>, string, string][] = [
    [() => group.allReduce([1] as never), "TypeError", "allReduce: expected a Uint8Array, Int32Array, Float32Array or Float64Array, got"],
    [() => group.allReduce(Float32Array.of(1), { reduction: "mean" as never }), "RangeError", 'reduction to be "sum", "max", "min"'],
    [() => group.allReduce(Float32Array.of(1), { reduce: "sum" } as never), "TypeError", "allReduce"],
    [() => group.broadcast(Float32Array.of(1), { root: 1 }), "RangeError", "root to be an integer from 0 to 0"],
    [() => group.orderedSum([Float32Array.of(1)], { count: 2 }), "GroupError", "expected the parts 0 to 1 of rank 0, 2 in all, got 1"],
    [() => group.orderedSum([Float32Array.of(1), Float32Array.of(1, 2)], { count: 2 }), "RangeError", "parts of 1 float32"],
    [() => group.orderedSum([Float32Array.of(1)], { count: 0 }), "RangeError", "count to be an integer from 1"],
    [() => group.orderedSum([Int32Array.of(1)] as never, { count: 1 }), "RangeError", "parts of 1 float32"],
    [() => connect({ timeout: 0 }), "RangeError", "connect: expected timeout to be from 0"],
    [() => connect({ joinTimeout: "1" as never }), "TypeError", "connect: expected joinTimeout to be a number"],
    [() => connect({ library: 1 as never }), "TypeError", "connect: expected library to be a path"],
    [() => connect({ size: 2 } as never), "TypeError", "connect"],
  ];
  for (const [call, name, message] of refusals) {
    const error = await call().then(
      () => undefined,
      (reason: Error) => reason,
    );
    expect([error?.name, error?.message]).toEqual([name, expect.stringContaining(message)]);
  }
});
