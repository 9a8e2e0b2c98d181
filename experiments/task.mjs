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
 * @property {Exam} [exam] which of the answers are judged, and how; default: all, as they are
 */
/**
 * What is judged of a model's answers.
 *
 * @callback Exam
 * @param {{ model: Model, input: Tensor, logs: Tensor, target: Tensor }} asked the model in eval mode, and what it answered to the input
 * @returns {Answers | Promise<Answers>}
 */
/** @typedef {{ logs: Tensor, target: Tensor }} Answers logarithms of probabilities, and what is right */
/** @typedef {{ accuracy: number, loss: number }} Score in percent and nats */
/**
 * Something that is said, and the trainings that could show it.
 *
 * @typedef {object} Claim
 * @property {string} name
 * @property {string} says
 * @property {string} source
 * @property {readonly number[]} shape of a picture
 * @property {readonly Setting[]} settings
 */

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
export async function judged({ model: make, loss: lossOf = crossEntropy, schedule, answer = ofEval, exam }, seed, shape, epochs = EPOCHS) {
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
  const logs = tidy(() => answer(model, input));
  const answers = await judgedAnswers(exam, { model, input, logs, target });
  const [right, loss] = tidy(() => [
    answers.logs.argmax({ dim: 1 }).eq(answers.target).type("float32").mean(),
    F.nllLoss(answers.logs, answers.target),
  ]);
  const score = { accuracy: 100 * (await right.item()), loss: await loss.item() };
  // The test rows stay, for the next model.
  const answered = [answers.logs, answers.target].filter((each) => each !== target);
  for (const each of [right, loss, logs, ...answered, ...train.tensors, ...model.parameters()]) each.dispose();
  optimizer.dispose();
  return score;
}

/** @type {NonNullable<Setting["loss"]>} */
export const crossEntropy = (model, x, target) => F.crossEntropy(model.forward(x), target);

// --- internal helpers ---

/** @type {NonNullable<Setting["answer"]>} */
const ofEval = (model, x) => F.logSoftmax(model.forward(x), { dim: 1 });

/** @param {Exam | undefined} exam @param {Parameters<Exam>[0]} asked @returns {Promise<Answers>} */
async function judgedAnswers(exam, asked) {
  return exam === undefined ? asked : exam(asked);
}

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
