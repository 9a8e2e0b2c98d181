// Monte-Carlo attention: a transformer reads a digit as 8 rows of 8 pixels. Asked thirty times with its dropout on, also that of the attention weights, it gives
// thirty answers, and where they differ it is more often wrong (Gal and Ghahramani, 2016).
//
//     npm start -- --example mc-attention
//
// The same program in PyTorch stands beside it in docs/models.md.
import { fileURLToPath } from "node:url";
import { DataLoader, functional as F, manualSeed, nn, noGrad, optim, setDefaultBackend, stack, tidy } from "@dropwise/core";
import { fastestBackend } from "./shared/backend.mjs";
import { readDigits } from "./shared/digits.mjs";

const SEED = 1;
const EPOCHS = 25;
const BATCH = 50;
const LEARNING_RATE = 2e-3;
const WIDTH = 32;
/** How often it is asked. */
const ANSWERS = 30;

/** Rows become vectors, an encoder lets them see each other, and their mean says what the digit is. */
export class RowReader extends nn.Module {
  embed = new nn.Linear(8, WIDTH);
  places = new nn.Embedding(8, WIDTH);
  encoder = new nn.TransformerEncoder(
    new nn.TransformerEncoderLayer(WIDTH, 4, { dimFeedforward: 2 * WIDTH, dropout: 0.2, batchFirst: true, normFirst: true }),
    2,
    { norm: new nn.LayerNorm(WIDTH) },
  );
  head = new nn.Linear(WIDTH, 10);

  /** @param {import("@dropwise/core").Tensor} x (batch, 8 rows, 8 pixels) */
  forward(x) {
    const rows = this.embed.forward(x).add(this.places.weight);
    return this.head.forward(this.encoder.forward(rows).mean({ dim: 1 }));
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
  const model = new RowReader();
  const optimizer = new optim.AdamW(model.parameters(), { lr: LEARNING_RATE });
  const loader = new DataLoader(train, { batchSize: BATCH, shuffle: true });
  for (let epoch = 1; epoch <= epochs; epoch++) {
    model.train();
    let total = 0;
    for (const [pictures, digits] of loader) {
      const loss = tidy(() => {
        optimizer.zeroGrad();
        const loss = F.crossEntropy(model.forward(pictures), digits);
        loss.backward();
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
 * The mean of several answers with dropout on, and how sure each one is: the entropy of that mean, in nats.
 *
 * @param {RowReader} model
 * @param {import("@dropwise/core").Tensor} pictures
 * @param {number} [answers]
 */
export async function ask(model, pictures, answers = ANSWERS) {
  const wasTraining = model.training;
  model.train(); // that is all it takes: this model has nothing else that the mode changes
  const [digits, entropies] = noGrad(() =>
    tidy(() => {
      const all = Array.from({ length: answers }, () => F.softmax(model.forward(pictures), { dim: 1 }));
      const mean = stack(all).mean({ dim: 0 });
      const logs = mean.clamp({ min: 1e-9 }).log();
      return [mean.argmax({ dim: 1 }), mean.mul(logs).sum({ dim: 1 }).neg()];
    }),
  );
  model.train(wasTraining);
  const [guesses, entropy] = [await digits.data(), await entropies.data()];
  digits.dispose();
  entropies.dispose();
  return { guesses, entropy };
}

/**
 * The share of right guesses among the surer and the less sure half.
 *
 * @param {{ guesses: ArrayLike<number>, entropy: ArrayLike<number> }} answers
 * @param {ArrayLike<number>} digits
 */
export function halves({ guesses, entropy }, digits) {
  const order = Array.from(entropy, (_, i) => i).sort((a, b) => (entropy[a] ?? 0) - (entropy[b] ?? 0));
  const middle = Math.floor(order.length / 2);
  const share = (/** @type {number[]} */ places) => places.filter((i) => guesses[i] === digits[i]).length / places.length;
  return { sure: share(order.slice(0, middle)), unsure: share(order.slice(middle)) };
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
  const [pictures, digits] = data.test.tensors;
  const { sure, unsure } = halves(await ask(model, pictures), await digits.data());
  console.log(`asked ${ANSWERS} times: ${percent(sure)} right in the surer half, ${percent(unsure)} in the other`);
  backend.dispose();
}

/** @param {number} share */
function percent(share) {
  return `${(100 * share).toFixed(1)} %`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
