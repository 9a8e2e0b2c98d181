// A small convolutional network on handwritten digits, with both kinds of dropout: whole channels behind the convolutions, single values before the last layer.
//
//     npm start -- --example digits-cnn
//
// The same program in PyTorch stands beside it in docs/models.md.
import { fileURLToPath } from "node:url";
import { DataLoader, functional as F, manualSeed, nn, optim, setDefaultBackend, tidy } from "@dropwise/core";
import { fastestBackend } from "./shared/backend.mjs";
import { readDigits } from "./shared/digits.mjs";

const SEEDS = [1, 2, 3, 4, 5];
const EPOCHS = 15;
const BATCH = 50;
const LEARNING_RATE = 2e-3;
/** @typedef {ReturnType<typeof readDigits>["train"]} Pictures */

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();

/** Two convolutions, each with its statistics; the picture goes from 8 x 8 to 4 x 4 to 2 x 2. */
export function createModel() {
  return new nn.Sequential(
    new nn.Conv2d(1, 16, 3, { padding: 1 }),
    new nn.BatchNorm2d(16),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new nn.Conv2d(16, 32, 3, { padding: 1 }),
    new nn.BatchNorm2d(32),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new nn.Dropout2d(0.1), // behind the last statistics, which in inference would not fit what was learned with dropout before them
    new nn.Flatten(),
    new nn.Dropout(0.3),
    new nn.Linear(32 * 2 * 2, 10),
  );
}

/**
 * Trains a new model.
 *
 * @param {number} seed of weights, masks and the order of rows
 * @param {{ train: Pictures, test: Pictures }} data
 * @param {{ epochs?: number, onEpoch?: (epoch: number, loss: number) => void }} [options]
 * @returns {Promise<number>} the share of the test's digits that it knows
 */
export async function train(seed, { train, test }, { epochs = EPOCHS, onEpoch = () => {} } = {}) {
  manualSeed(seed);
  const model = createModel();
  const optimizer = new optim.Adam(model.parameters(), { lr: LEARNING_RATE });
  const loader = new DataLoader(train, { batchSize: BATCH, shuffle: true });

  for (let epoch = 1; epoch <= epochs; epoch++) {
    model.train(); // dropout on, statistics of each batch
    let total = 0;
    for (const [input, target] of loader) {
      const loss = tidy(() => {
        optimizer.zeroGrad();
        const loss = F.crossEntropy(model.forward(input), target);
        loss.backward();
        optimizer.step();
        return loss;
      });
      total += await loss.item();
      loss.dispose();
    }
    onEpoch(epoch, total / loader.length);
  }

  model.eval(); // dropout off, statistics of the whole training
  const [input, target] = test.tensors;
  const right = tidy(() => model.forward(input).argmax({ dim: 1 }).eq(target).type("float32").mean());
  return right.item();
}

async function main() {
  const backend = await fastestBackend();
  setDefaultBackend(backend);
  const { train: learned, test } = readDigits([1, 8, 8]);
  console.log(`${learned.length} digits to learn from, ${test.length} to judge by; ${EPOCHS} epochs on the ${backend.name} backend`);
  const shares = [];
  for (const seed of SEEDS) {
    const started = performance.now();
    const share = await train(seed, { train: learned, test });
    shares.push(share);
    console.log(
      `seed ${seed}: ${percent(share)} of the digits it had not seen, after ${((performance.now() - started) / 1000).toFixed(1)} s`,
    );
  }
  console.log(`mean of ${shares.length} seeds: ${percent(shares.reduce((sum, share) => sum + share, 0) / shares.length)}`);
  backend.dispose();
}

/** @param {number} share */
function percent(share) {
  return `${(100 * share).toFixed(1)} %`;
}
