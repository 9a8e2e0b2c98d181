// differ.mjs [shape|shards|rows|count]: what one rank has by itself is noticed: changed weights, or another model, other shards, rows or parts.
import { functional as F, manualSeed, nn, optim, rand } from "@dropwise/core";
import { connect, dataParallel } from "@dropwise/distributed";

const group = await connect({ joinTimeout: 60 });
manualSeed(1);
/** @param {string} what Which of them is this run's. @param {number} one The value on rank 1. @param {number} others */
const differing = (what, one, others) => (group.rank === 1 && process.argv[2] === what ? one : others);
await group.orderedSum([new Float32Array(4)], { count: differing("count", 3, 2) });
const model = new nn.Linear(2, differing("shape", 3, 2));
const parallel = await dataParallel(model, new optim.SGD(model.parameters(), { lr: 0.1 }), group, {
  checkEvery: 2,
  shards: differing("shards", 3, 2),
});
const x = rand([differing("rows", 9, 8), 2]);
for (let step = 1; step <= 4; step++) {
  if (step === 3 && group.rank === 1) model.weight.dataSync(); // looking changes nothing
  if (step === 3 && group.rank === 1) nn.init.zeros(model.weight);
  await parallel.step([x], ([a]) => F.mseLoss(model.forward(a), a));
}
await group.close();
