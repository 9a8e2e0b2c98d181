// Every call of a group, with what it should give; prints "right" on each rank.
import assert from "node:assert/strict";
import { connect } from "@dropwise/distributed";

const group = await connect({ joinTimeout: 60 });
const { rank, size } = group;
const expected = Number(process.argv[2]);
assert.equal(size, expected);
assert.match(group.library, /Open MPI|MPICH/);

const others = Array.from({ length: size }, (_, i) => i);
const sum = others.reduce((a, b) => a + b, 0);
assert.deepEqual(await group.allReduce(Float32Array.of(rank, 1)), Float32Array.of(sum, size));
assert.deepEqual(await group.allReduce(Int32Array.of(rank), { reduction: "max" }), Int32Array.of(size - 1));
assert.deepEqual(await group.allReduce(Float64Array.of(rank), { reduction: "min" }), Float64Array.of(0));
assert.deepEqual(await group.broadcast(Uint8Array.of(rank + 7), { root: size - 1 }), Uint8Array.of(size + 6));
assert.deepEqual(
  await group.allGather(new Int32Array(rank).fill(rank)),
  others.map((i) => new Int32Array(i).fill(i)),
);

// 2^24 + 1 is no float32: any other order than the tree's would be seen.
const count = 7;
const leaf = (/** @type {number} */ i) => Float32Array.of(i % 2 === 0 ? 2 ** 24 : 1, i, -i, 0.1 * i);
const { start, end } = group.partsOf(count);
const parts = Array.from({ length: end - start }, (_, i) => leaf(start + i));
const result = await group.orderedSum(parts, { count, length: 4 });
const f = Math.fround;
const tree = Float32Array.from({ length: 4 }, (_, k) => {
  const [a, b, c, d, e, g, h] = Array.from({ length: count }, (_, i) => leaf(i)[k]);
  return f(f(f(a + b) + f(c + d)) + f(f(e + g) + h));
});
assert.deepEqual(result, tree);

// Large enough to be sent without sleep, and cut unevenly.
const large = new Float32Array(300_001).fill(rank);
assert.ok((await group.allReduce(large)).every((value) => value === sum));
assert.ok(large.every((value) => value === rank));

// Calls may be under way together: they run in their order.
const many = await Promise.all(others.map((i) => group.broadcast(Float32Array.of(rank), { root: i })));
assert.deepEqual(
  many.flatMap((array) => [...array]),
  others,
);

// Ranks that do not make the same call all hear of it, and go on.
await assert.rejects(rank === 0 ? group.barrier() : group.allReduce(Float32Array.of(1)), { name: "GroupError" });
await assert.rejects(group.allReduce(new Float32Array(rank + 1)), { name: "GroupError" });
await group.barrier();
await group.close();
await assert.rejects(group.barrier(), { name: "GroupError" });
console.log("right");
