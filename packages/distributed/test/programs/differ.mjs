// Weights that one rank changes by itself are noticed, and the rank named.
import { functional as F, manualSeed, nn, optim, rand } from "@dropwise/core";
import { connect, dataParallel } from "@dropwise/distributed";

const group = await connect({ joinTimeout: 60 });
manualSeed(1);
const model = new nn.Linear(2, group.rank === 1 && process.argv[2] === "shape" ? 3 : 2);
const parallel = await dataParallel(model, new optim.SGD(model.parameters(), { lr: 0.1 }), group, { checkEvery: 2 });
const x = rand([8, 2]);
for (let step = 1; step <= 4; step++) {
  if (step === 3 && group.rank === 1) model.weight.dataSync(); // looking changes nothing
  if (step === 3 && group.rank === 1) nn.init.zeros(model.weight);
  await parallel.step([x], ([a]) => F.mseLoss(model.forward(a), a));
}
await group.close();
