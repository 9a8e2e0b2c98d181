// A small GPT that learns to write this project's guides, letter by letter, with dropout wherever PyTorch's has it: on the sum of embeddings, on attention weights,
// and on what attention and the feed-forward part give.
//
//     npm start -- --example gpt
//
// It takes about nine minutes on two cores.
// The same program in PyTorch stands beside it in docs/models.md.
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { arange, functional as F, manualSeed, nn, noGrad, optim, randint, sample, setDefaultBackend, tensor, tidy } from "@dropwise/core";
import { fastestBackend } from "./shared/backend.mjs";

const SEED = 1;
const STEPS = 2500;
const BATCH = 16;
/** How many letters the model sees. */
const CONTEXT = 64;
const WIDTH = 96;
const HEADS = 4;
const LAYERS = 3;
const DROPOUT = 0.1;
const LEARNING_RATE = 4e-3;
/** Letters written at the end, each one of the likeliest few; below 1, a temperature makes likely ones likelier. */
const WRITTEN = 400;
const TEMPERATURE = 0.8;
const TOP_K = 20;

/** Attention and a feed-forward part, each behind a norm and with a way around it. */
class Block extends nn.Module {
  /** @param {number} width */
  constructor(width) {
    super();
    this.ln1 = new nn.LayerNorm(width);
    this.attention = new nn.MultiheadAttention(width, HEADS, { dropout: DROPOUT, batchFirst: true });
    this.drop = new nn.Dropout(DROPOUT);
    this.ln2 = new nn.LayerNorm(width);
    this.mlp = new nn.Sequential(new nn.Linear(width, 4 * width), new nn.GELU(), new nn.Linear(4 * width, width), new nn.Dropout(DROPOUT));
  }

  /**
   * @param {import("@dropwise/core").Tensor} x
   * @param {nn.AttentionPast | null} past
   */
  forward(x, past) {
    const h = this.ln1.forward(x);
    const [y] = this.attention.forward(h, h, h, { isCausal: true, needWeights: false, past });
    const z = x.add(this.drop.forward(y));
    return z.add(this.mlp.forward(this.ln2.forward(z)));
  }
}

/** Letters in, logits of the next letter out. */
export class Gpt extends nn.Module {
  /**
   * @param {number} letters how many there are
   * @param {{ context?: number, width?: number, layers?: number }} [sizes]
   */
  constructor(letters, { context = CONTEXT, width = WIDTH, layers = LAYERS } = {}) {
    super();
    this.context = context;
    this.letters = new nn.Embedding(letters, width);
    this.places = new nn.Embedding(context, width);
    this.drop = new nn.Dropout(DROPOUT);
    this.blocks = Array.from({ length: layers }, () => new Block(width));
    this.ln = new nn.LayerNorm(width);
    this.head = new nn.Linear(width, letters);
  }

  /**
   * @param {import("@dropwise/core").Tensor} index (batch, letters)
   * @param {nn.AttentionPast[] | null} past one for each block, where letters come one by one
   */
  forward(index, past = null) {
    const start = past?.[0]?.length ?? 0;
    const [, length = 0] = index.shape;
    const places = arange(start, start + length, { dtype: "int32", backend: index.backend });
    let x = this.drop.forward(this.letters.forward(index).add(this.places.forward(places)));
    for (const [i, block] of this.blocks.entries()) x = block.forward(x, past?.[i] ?? null);
    return this.head.forward(this.ln.forward(x));
  }
}

/** The guides without their tables, as places in a list of letters. */
export function readGuides() {
  const folder = new URL("../docs/", import.meta.url);
  const names = readdirSync(folder).filter((name) => name.endsWith(".md"));
  const text = names
    .flatMap((name) => readFileSync(new URL(name, folder), "utf8").split("\n"))
    .filter((line) => !line.startsWith("|"))
    .join("\n");
  const letters = [...new Set(text)].sort();
  const place = new Map(letters.map((letter, i) => [letter, i]));
  return { letters, text: Int32Array.from(text, (letter) => place.get(letter) ?? 0) };
}

/**
 * @typedef {object} Options
 * @property {number} [seed] of weights, masks, and the places in the text that are learnt from
 * @property {ConstructorParameters<typeof Gpt>[1]} [sizes] of the model
 * @property {number} [steps]
 * @property {(step: number, loss: import("@dropwise/core").Tensor) => void | Promise<void>} [onStep]
 */

/**
 * Trains a new model.
 *
 * @param {ReturnType<typeof readGuides>} guides
 * @param {Options} [options]
 */
export async function train({ letters, text }, { seed = SEED, sizes, steps = STEPS, onStep = () => {} } = {}) {
  manualSeed(seed);
  const model = new Gpt(letters.length, sizes);
  const { context } = model;
  const optimizer = new optim.AdamW(model.parameters(), { lr: LEARNING_RATE, weightDecay: 0.1 });
  const scheduler = new optim.OneCycleLR(optimizer, { maxLr: LEARNING_RATE, totalSteps: steps + 1, pctStart: 0.1, cycleMomentum: false });
  const guides = tensor(text);
  const along = arange(context, { dtype: "int32" });
  for (let step = 1; step <= steps; step++) {
    const loss = tidy(() => {
      const starts = randint(0, text.length - context, [BATCH, 1]);
      const places = starts.add(along).reshape([-1]);
      const input = F.indexSelect(guides, places).reshape([BATCH, context]);
      const target = F.indexSelect(guides, places.add(1));
      optimizer.zeroGrad();
      const loss = F.crossEntropy(model.forward(input).reshape([BATCH * context, letters.length]), target);
      loss.backward();
      nn.clipGradNorm(model.parameters(), 1);
      optimizer.step();
      return loss;
    });
    scheduler.step();
    await onStep(step, loss);
    loss.dispose();
  }
  along.dispose();
  guides.dispose();
  optimizer.dispose();
  return model;
}

/**
 * Goes on with a text. The model keeps keys and values of what it has seen, and is given one letter at a time; when its context is full, it starts again with
 * the last half of it.
 *
 * @param {Gpt} model
 * @param {string[]} letters
 * @param {string} start
 * @param {number} count
 * @param {number} [temperature] 0 always takes the likeliest letter
 */
export async function write(model, letters, start, count, temperature = TEMPERATURE) {
  const wasTraining = model.training;
  model.eval();
  const past = model.blocks.map(() => new nn.AttentionPast());
  const written = Array.from(start, (letter) => Math.max(0, letters.indexOf(letter)));
  let next = written;
  for (let i = 0; i < count; i++) {
    if ((past[0]?.length ?? 0) + next.length > model.context) {
      for (const one of past) one.clear();
      next = written.slice(-model.context / 2);
    }
    const letter = noGrad(() =>
      tidy(() => {
        const logits = model.forward(tensor(Int32Array.from(next), { shape: [1, next.length] }), past);
        return sample(logits.slice(1, next.length - 1).reshape([-1]), { temperature, topK: TOP_K });
      }),
    );
    next = [await letter.item()];
    letter.dispose();
    written.push(...next);
  }
  for (const one of past) one.clear();
  model.train(wasTraining);
  return written.map((place) => letters[place]).join("");
}

async function main() {
  const backend = await fastestBackend();
  setDefaultBackend(backend);
  const guides = readGuides();
  console.log(
    `${guides.text.length} letters of ${guides.letters.length} kinds, ${STEPS} steps of ${BATCH * CONTEXT} on the ${backend.name} backend`,
  );
  let started = performance.now();
  const isTerminal = process.stdout.isTTY;
  let mean = 0;
  const model = await train(guides, {
    onStep: async (step, loss) => {
      mean += (await loss.item()) / 100;
      if (step % 100 !== 0) return;
      const seconds = (performance.now() - started) / 1000;
      const line = `step ${step} of ${STEPS}: loss ${mean.toFixed(3)}, ${Math.round((100 * BATCH * CONTEXT) / seconds)} letters a second`;
      if (isTerminal) process.stdout.write(`\r${line} `);
      else console.log(line);
      started = performance.now();
      mean = 0;
    },
  });
  console.log(`\n${await write(model, guides.letters, "\n## Dropout", WRITTEN)}`);
  backend.dispose();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
