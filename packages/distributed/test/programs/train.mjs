// train.mjs MODEL BACKEND STEPS: trains a model, and prints the last loss and a SHA-256 of its weights, on the first rank.
import { cpu, functional as F, Generator, manualSeed, nn, optim, randint, randn, setDefaultBackend } from "@dropwise/core";
import { connect, dataParallel } from "@dropwise/distributed";
import { fingerprint } from "./fingerprint.mjs";

const [name = "mlp", backend = "native", steps = "30"] = process.argv.slice(2);
const ROWS = 42;

const group = await connect({ joinTimeout: 60 });
if (backend === "native") setDefaultBackend((await import("@dropwise/backend-native")).createNativeBackend({ threads: 1 }));
else if (backend === "wasm") setDefaultBackend(await (await import("@dropwise/backend-wasm")).createWasmBackend({ threads: 1 }));
else setDefaultBackend(cpu);

/** Two layers of an LSTM with dropout between them, over three steps, and what they come to. */
class Last extends nn.Module {
  lstm = new nn.LSTM(4, 8, { numLayers: 2, dropout: 0.4, batchFirst: true });
  output = new nn.Linear(8, 4);

  /** @param {import("@dropwise/core").Tensor} x */
  forward(x) {
    const [output] = this.lstm.forward(x.reshape([-1, 3, 4]));
    return this.output.forward(output.slice(1, 2, 3).squeeze(1));
  }
}

// The first process's seed is everybody's.
manualSeed(group.rank + 1);
const MODELS = {
  mlp: () => new nn.Sequential(new nn.Linear(12, 32), new nn.ReLU(), new nn.Dropout(0.5), new nn.Linear(32, 4)),
  cnn: () =>
    new nn.Sequential(
      new nn.Unflatten(1, [3, 2, 2]),
      new nn.Conv2d(3, 8, 2, { padding: 1 }),
      new nn.BatchNorm2d(8),
      new nn.ReLU(),
      new nn.Dropout2d(0.3),
      new nn.Flatten(),
      new nn.Linear(72, 4),
    ),
  lstm: () => new Last(),
  transformer: () =>
    new nn.Sequential(
      new nn.Unflatten(1, [3, 4]),
      new nn.TransformerEncoderLayer(4, 2, { dimFeedforward: 16, dropout: 0.2, batchFirst: true }),
      new nn.Flatten(),
      new nn.Linear(12, 4),
    ),
};
const model = MODELS[/** @type {keyof typeof MODELS} */ (name)]();
const parallel = await dataParallel(model, new optim.Adam(model.parameters(), { lr: 0.01 }), group, { checkEvery: 10, bucketBytes: 1024 });

const data = new Generator(7);
const x = randn([ROWS, 12], { generator: data });
const y = randint(0, 4, [ROWS], { generator: data });
let loss = 0;
for (let i = 0; i < Number(steps); i++) {
  // Every seventh batch is small: shards of unequal size, and for many ranks fewer rows than ranks. Batch norm wants two rows for each shard.
  const rows = i % 7 < 6 ? ROWS : name === "cnn" ? 17 : 3;
  loss = await parallel.step([x.slice(0, 0, rows), y.slice(0, 0, rows)], ([a, b]) => F.crossEntropy(model.forward(a), b));
}

const print = await fingerprint(model);
if (group.rank === 0) console.log(`${loss} ${print}`);
await group.close();
