// Milliseconds of a training step of 784-1024-1024-10 (Adam, dropout, batch 1,024, 8 shards) with one thread a process: { plain, parallel } of one process, { parallel } of several.

import { createNativeBackend } from "@dropwise/backend-native";
import { functional as F, Generator, manualSeed, nn, optim, randint, randn, setDefaultBackend, tidy } from "@dropwise/core";
import { connect, dataParallel } from "@dropwise/distributed";

const ROWS = 1024;
const STEPS = 12;

const group = await connect({ joinTimeout: 60 });
setDefaultBackend(createNativeBackend({ threads: 1 }));
manualSeed(1);
const data = new Generator(7);
const x = randn([ROWS, 784], { generator: data });
const y = randint(0, 10, [ROWS], { generator: data });
const network = () =>
  new nn.Sequential(
    new nn.Linear(784, 1024),
    new nn.ReLU(),
    new nn.Dropout(0.5),
    new nn.Linear(1024, 1024),
    new nn.ReLU(),
    new nn.Dropout(0.5),
    new nn.Linear(1024, 10),
  );

/** @param {() => unknown} step */
async function milliseconds(step) {
  const started = performance.now();
  await step();
  return performance.now() - started;
}

/** @param {number[]} values */
const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];

const model = network();
const parallel = await dataParallel(model, new optim.Adam(model.parameters()), group, { checkEvery: 0 });
const alone = network();
const optimizer = new optim.Adam(alone.parameters());
/** @type {{ plain: number[], parallel: number[] }} */
const times = { plain: [], parallel: [] };
// Turn by turn, so that whatever else the machine does meets both.
for (let i = 0; i < STEPS; i++) {
  times.parallel.push(await milliseconds(() => parallel.step([x, y], ([rows, target]) => F.crossEntropy(model.forward(rows), target))));
  if (group.size > 1) continue;
  times.plain.push(
    await milliseconds(() =>
      tidy(() => {
        optimizer.zeroGrad();
        const loss = F.crossEntropy(alone.forward(x), y);
        loss.backward();
        optimizer.step();
        return loss.itemSync();
      }),
    ),
  );
}
if (group.rank === 0) console.log(JSON.stringify({ plain: median(times.plain), parallel: median(times.parallel) }));
await group.close();
