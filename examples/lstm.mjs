// An LSTM that reads a digit as a sequence, 8 rows of 8 pixels from top to bottom, and says at the last of them what it was. Two layers, and dropout on what the
// second one reads of the first.
//
//     npm start -- --example lstm
//
// The same program in PyTorch stands beside it in docs/models.md.
import { fileURLToPath } from "node:url";
import { DataLoader, functional as F, manualSeed, nn, noGrad, optim, setDefaultBackend, tidy } from "@dropwise/core";
import { fastestBackend } from "./shared/backend.mjs";
import { readDigits } from "./shared/digits.mjs";

const SEED = 1;
const EPOCHS = 30;
const BATCH = 50;
const LEARNING_RATE = 5e-3;
/** Numbers that a layer remembers. */
const WIDTH = 48;
const DROPOUT = 0.3;

/** Rows in, logits of the ten digits out. */
export class SequenceReader extends nn.Module {
  lstm = new nn.LSTM(8, WIDTH, { numLayers: 2, dropout: DROPOUT, batchFirst: true });
  head = new nn.Linear(WIDTH, 10);

  /** @param {import("@dropwise/core").Tensor} x (batch, 8 rows, 8 pixels) */
  forward(x) {
    const [output] = this.lstm.forward(x); // (batch, 8, WIDTH): what the second layer says after each row
    return this.head.forward(output.slice(1, -1).squeeze(1));
  }
}

/**
 * Trains a new model.
 *
 * @param {ReturnType<typeof readDigits>} data
 * @param {{ epochs?: number, onEpoch?: (epoch: number, loss: number) => void }} [options]
 */
export async function train({ train }, { epochs = EPOCHS, onEpoch = () => {} } = {}) {
  manualSeed(SEED);
  const model = new SequenceReader();
  const optimizer = new optim.Adam(model.parameters(), { lr: LEARNING_RATE });
  const loader = new DataLoader(train, { batchSize: BATCH, shuffle: true });
  for (let epoch = 1; epoch <= epochs; epoch++) {
    model.train();
    let total = 0;
    for (const [pictures, digits] of loader) {
      const loss = tidy(() => {
        optimizer.zeroGrad();
        const loss = F.crossEntropy(model.forward(pictures), digits);
        loss.backward();
        nn.clipGradNorm(model.parameters(), 1); // the product of 8 steps can be steep
        optimizer.step();
        return loss;
      });
      total += await loss.item();
      loss.dispose();
    }
    onEpoch(epoch, total / loader.length);
  }
  optimizer.dispose();
  return model;
}

/**
 * The share of digits that the model knows.
 *
 * @param {SequenceReader} model
 * @param {ReturnType<typeof readDigits>["test"]} test
 */
export async function shareKnown(model, test) {
  model.eval(); // dropout off
  const [pictures, digits] = test.tensors;
  const share = noGrad(() => tidy(() => model.forward(pictures).argmax({ dim: 1 }).eq(digits).type("float32").mean()));
  const value = await share.item();
  share.dispose();
  return value;
}

async function main() {
  const backend = await fastestBackend();
  setDefaultBackend(backend);
  const data = readDigits([8, 8]);
  console.log(
    `${data.train.length} digits to learn from, ${data.test.length} to judge by; ${EPOCHS} epochs on the ${backend.name} backend`,
  );
  const model = await train(data, {
    onEpoch: (epoch, loss) => {
      if (epoch % 5 === 0) console.log(`epoch ${epoch}: loss ${loss.toFixed(3)}`);
    },
  });
  console.log(`${(100 * (await shareKnown(model, data.test))).toFixed(1)} % of the digits it had not seen`);
  backend.dispose();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
