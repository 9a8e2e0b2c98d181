// A small autoencoder: 64 pixels go through 8 numbers and come out again. Dropout on the input has it fill in pixels that it was not shown, so the numbers
// have to say what the picture is.
//
//     npm start -- --example autoencoder
//
// The same program in PyTorch stands beside it in docs/models.md.
import { fileURLToPath } from "node:url";
import { DataLoader, functional as F, manualSeed, nn, noGrad, optim, setDefaultBackend, tidy } from "@dropwise/core";
import { fastestBackend } from "./shared/backend.mjs";
import { readDigits } from "./shared/digits.mjs";

const SEED = 1;
const EPOCHS = 60;
const BATCH = 50;
const LEARNING_RATE = 2e-3;
/** Numbers in the middle. */
const CODE = 8;
/** The share of pixels that the model is not shown while it learns. */
const HIDDEN = 0.1;

/** Down to the code, and up again. */
export class Autoencoder extends nn.Module {
  encoder = new nn.Sequential(new nn.Dropout(HIDDEN), new nn.Linear(64, 48), new nn.ReLU(), new nn.Linear(48, CODE));
  decoder = new nn.Sequential(new nn.Linear(CODE, 48), new nn.ReLU(), new nn.Linear(48, 64), new nn.Sigmoid());

  /** @param {import("@dropwise/core").Tensor} x (batch, 64) */
  forward(x) {
    return this.decoder.forward(this.encoder.forward(x));
  }
}

/**
 * Trains a new model.
 *
 * @param {ReturnType<typeof readDigits>} data
 * @param {{ epochs?: number, onEpoch?: (epoch: number, error: number) => void }} [options] `error` is the mean square of what is wrong in pictures not learnt from
 */
export async function train({ train, test }, { epochs = EPOCHS, onEpoch = () => {} } = {}) {
  manualSeed(SEED);
  const model = new Autoencoder();
  const optimizer = new optim.Adam(model.parameters(), { lr: LEARNING_RATE });
  const loader = new DataLoader(train, { batchSize: BATCH, shuffle: true });
  const [unseen] = test.tensors;
  for (let epoch = 1; epoch <= epochs; epoch++) {
    model.train();
    for (const [pictures] of loader) {
      tidy(() => {
        optimizer.zeroGrad();
        F.mseLoss(model.forward(pictures), pictures).backward();
        optimizer.step();
      });
    }
    model.eval();
    const error = noGrad(() => tidy(() => F.mseLoss(model.forward(unseen), unseen)));
    onEpoch(epoch, await error.item());
    error.dispose();
  }
  optimizer.dispose();
  return model;
}

/**
 * A picture as lines of text.
 *
 * @param {ArrayLike<number>} pixels
 */
export function drawn(pixels) {
  const shades = " .:-=+*#%@";
  const shade = (/** @type {number} */ pixel) => shades[Math.min(shades.length - 1, Math.floor(pixel * shades.length))] ?? " ";
  return Array.from({ length: 8 }, (_, row) =>
    Array.from({ length: 8 }, (_, column) => shade(pixels[8 * row + column] ?? 0).repeat(2)).join(""),
  );
}

async function main() {
  const backend = await fastestBackend();
  setDefaultBackend(backend);
  const data = readDigits([64]);
  console.log(
    `${data.train.length} pictures to learn from, 64 pixels through ${CODE} numbers, ${EPOCHS} epochs on the ${backend.name} backend`,
  );
  const model = await train(data, {
    onEpoch: (epoch, error) => {
      if (epoch % 10 === 0)
        console.log(`epoch ${epoch}: mean square error ${error.toFixed(4)} on ${data.test.length} pictures it had not seen`);
    },
  });
  const [unseen] = data.test.tensors;
  const few = unseen.slice(0, 0, 4);
  const [before, after] = [await few.data(), await noGrad(() => model.eval().forward(few)).data()];
  console.log("\nfour of them, and what came out:\n");
  for (const pixels of [before, after]) {
    const pictures = [0, 1, 2, 3].map((i) => drawn(pixels.slice(64 * i, 64 * (i + 1))));
    for (let row = 0; row < 8; row++) console.log(pictures.map((lines) => lines[row]).join("   "));
    console.log();
  }
  backend.dispose();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
