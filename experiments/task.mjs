/** What every experiment trains on, how, and how it is judged: few digits, of which some have a wrong label, so that there is something to overfit. */
import { DataLoader, functional as F, Generator, manualSeed, optim, randint, randperm, TensorDataset, tensor, tidy } from "@dropwise/core";
import { readDigits } from "../examples/shared/digits.mjs";

/** @typedef {import("@dropwise/core").Tensor} Tensor */
/** @typedef {import("@dropwise/core").nn.TensorModule} Model */
/**
 * One way to train.
 *
 * @typedef {object} Setting
 * @property {string} name
 * @property {() => Model} model made after seeding
 * @property {(model: Model, x: Tensor, target: Tensor) => Tensor} [loss] default: cross entropy of the model's output
 * @property {(model: Model, steps: number) => { step(): void }} [schedule] stepped after each step of the optimizer
 * @property {(model: Model, x: Tensor) => Tensor} [answer] logarithms of probabilities; default: of the model's output in eval mode
 */
/** @typedef {{ accuracy: number, loss: number }} Score in percent and nats */

/** Rows to learn from, and the share of them whose label is drawn anew. */
export const ROWS = 300;
export const NOISE = 0.2;
/** Passes over them, unless a test wants fewer. */
const EPOCHS = 60;
const BATCH = 30;
const LEARNING_RATE = 2e-3;

/**
 * Trains one model and judges it by the 797 rows that nobody learned from, whose labels are right.
 *
 * @param {Setting} setting
 * @param {number} seed of rows, wrong labels, weights, order and masks
 * @param {readonly number[]} shape of a picture
 * @param {number} [epochs]
 * @returns {Promise<Score>}
 */
export async function judged({ model: make, loss: lossOf = crossEntropy, schedule, answer = ofEval }, seed, shape, epochs = EPOCHS) {
  const { train, test } = taskOf(seed, shape);
  manualSeed(seed);
  const model = make();
  const optimizer = new optim.Adam(model.parameters(), { lr: LEARNING_RATE });
  const loader = new DataLoader(train, { batchSize: BATCH, shuffle: true, generator: new Generator(seed) });
  const rates = schedule?.(model, epochs * loader.length);
  model.train();
  for (let epoch = 0; epoch < epochs; epoch++) {
    for (const [x, target] of loader) {
      tidy(() => {
        optimizer.zeroGrad();
        lossOf(model, x, target).backward();
        optimizer.step();
      });
      rates?.step();
    }
  }
  model.eval();
  const [input, target] = test.tensors;
  const [right, loss] = tidy(() => {
    const logs = answer(model, input);
    return [logs.argmax({ dim: 1 }).eq(target).type("float32").mean(), F.nllLoss(logs, target)];
  });
  const score = { accuracy: 100 * (await right.item()), loss: await loss.item() };
  for (const each of [right, loss, ...train.tensors, ...model.parameters()]) each.dispose();
  optimizer.dispose();
  return score;
}

/** @type {NonNullable<Setting["loss"]>} */
export const crossEntropy = (model, x, target) => F.crossEntropy(model.forward(x), target);

// --- internal helpers ---

/** @type {NonNullable<Setting["answer"]>} */
const ofEval = (model, x) => F.logSoftmax(model.forward(x), { dim: 1 });

/** @type {Map<string, ReturnType<typeof readDigits>>} */
const digitsByShape = new Map();

/**
 * @param {number} seed
 * @param {readonly number[]} shape
 */
function taskOf(seed, shape) {
  const key = shape.join();
  const digits = digitsByShape.get(key) ?? readDigits([...shape]);
  digitsByShape.set(key, digits);
  const [pictures, labels] = digits.train.tensors;
  const generator = new Generator(1000 + seed);
  const [rows, own] = tidy(() => {
    const chosen = randperm(labels.size, { generator }).slice(0, 0, ROWS);
    return [F.indexSelect(pictures, chosen, { dim: 0 }), F.indexSelect(labels, chosen, { dim: 0 })];
  });
  const noisy = Int32Array.from(own.dataSync());
  const drawn = tidy(() => randint(0, 10, [ROWS * NOISE], { generator }));
  noisy.set(drawn.dataSync());
  own.dispose();
  drawn.dispose();
  return { train: new TensorDataset(rows, tensor(noisy)), test: digits.test };
}
