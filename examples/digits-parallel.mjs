// The digits on as many processes as there are, each with its share of every batch: the same losses and the same weights for any number of them, dropout included.
//
//     mpirun -n 4 node examples/digits-parallel.mjs
//     npm start -- --example digits-parallel        one process, and no MPI
//
// The last line is a SHA-256 of all weights: compare it.
import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import { DataLoader, functional as F, manualSeed, nn, noGrad, optim, setDefaultBackend } from "@dropwise/core";
import { connect, DistributedSampler, dataParallel } from "@dropwise/distributed";
import { readDigits } from "./shared/digits.mjs";

const SEED = 1;
const EPOCHS = 10;
const BATCH = 100;
const LEARNING_RATE = 2e-3;
/** @typedef {ReturnType<typeof readDigits>["train"]} Pictures */
/** @typedef {Awaited<ReturnType<typeof connect>>} Group */

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();

/** A network with a hidden layer, of which half is dropped. */
export function createModel() {
  return new nn.Sequential(new nn.Linear(64, 256), new nn.ReLU(), new nn.Dropout(0.5), new nn.Linear(256, 10));
}

/**
 * Trains a new model together with the other processes of the group.
 *
 * @param {Group} group
 * @param {Pictures} data
 * @param {{ epochs?: number, onEpoch?: (epoch: number, loss: number) => void }} [options]
 */
export async function train(group, data, { epochs = EPOCHS, onEpoch = () => {} } = {}) {
  manualSeed(SEED); // weights, masks and the order of rows; all processes begin alike
  const model = createModel();
  const parallel = await dataParallel(model, new optim.Adam(model.parameters(), { lr: LEARNING_RATE }), group);
  const sampler = new DistributedSampler(data, group, { batchSize: BATCH, shuffle: true });
  const loader = new DataLoader(data, { sampler, batchSize: sampler.ownBatchSize });

  for (let epoch = 1; epoch <= epochs; epoch++) {
    let batch = 0;
    let sum = 0;
    for (const [input, target] of loader) {
      const total = sampler.totalOf(batch++);
      sum += await parallel.step([input, target], ([x, y]) => F.crossEntropy(model.forward(x), y), { total });
    }
    onEpoch(epoch, sum / batch);
  }
  return model;
}

/**
 * The share of digits that a model knows.
 *
 * @param {nn.Sequential} model
 * @param {Pictures} data
 */
export function shareKnown(model, { tensors: [input, target] }) {
  model.eval();
  return noGrad(() => model.forward(input).argmax({ dim: 1 }).eq(target).type("float32").mean()).item();
}

/**
 * A SHA-256 of all weights.
 *
 * @param {nn.Module} model
 */
export async function fingerprint(model) {
  const hash = createHash("sha256");
  for (const value of Object.values(model.stateDict())) {
    const data = await value.data();
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest("hex");
}

async function main() {
  // One thread each: processes share the machine's cores among them.
  const { createNativeBackend } = await import("@dropwise/backend-native");
  setDefaultBackend(createNativeBackend({ threads: 1 }));
  const group = await connect();
  const isFirst = group.rank === 0;
  if (isFirst) console.log(`${group.size} ${group.size === 1 ? "process" : `processes, by ${group.library}`}`);
  const { train: learned, test } = readDigits([64]);
  const model = await train(group, learned, {
    onEpoch: (epoch, loss) => {
      if (isFirst) console.log(`epoch ${epoch}: loss ${loss.toFixed(4)}`);
    },
  });
  if (isFirst) {
    console.log(`${(100 * (await shareKnown(model, test))).toFixed(1)} % of the digits it had not seen`);
    console.log(await fingerprint(model));
  }
  await group.close();
}
