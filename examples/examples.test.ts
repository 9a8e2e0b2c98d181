import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { createWasmBackend } from "@dropwise/backend-wasm";
import {
  type Backend,
  getDefaultBackend,
  manualSeed,
  memory,
  noGrad,
  rand,
  randint,
  setDefaultBackend,
  type Tensor,
  tensor,
  tidy,
} from "@dropwise/core";
import { checkDropout, dropoutReport } from "@dropwise/core/train";
import { connect } from "@dropwise/distributed";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import * as autoencoder from "./autoencoder.mjs";
import * as cnn from "./digits-cnn.mjs";
import * as parallel from "./digits-parallel.mjs";
import * as gpt from "./gpt.mjs";
import * as lstm from "./lstm.mjs";
import * as attention from "./mc-attention.mjs";
import { readDigits } from "./shared/digits.mjs";

let backend: Backend;
const before = getDefaultBackend();

// A backend for each test: what an earlier one left for the garbage collector is not to be counted.
beforeEach(async () => {
  backend = await createWasmBackend({ threads: 1 });
  setDefaultBackend(backend);
});

afterEach(() => {
  setDefaultBackend(before);
  backend.dispose();
});

/** What a training says as it goes on, and how many tensors there were then. */
function record() {
  const values: number[] = [];
  const tensors: number[] = [];
  const onEpoch = (_epoch: number, value: number) => {
    values.push(value);
    tensors.push(memory(backend).tensors);
  };
  return { values, tensors, onEpoch };
}

describe("digits-cnn", () => {
  test("learns the digits, says how its loss falls, and leaves no more behind the longer it runs", async () => {
    const data = readDigits([1, 8, 8]);
    expect([data.train.length, data.test.length]).toEqual([1000, 797]);
    const { values, tensors, onEpoch } = record();
    expect(await cnn.train(1, data, { epochs: 3, onEpoch })).toBeGreaterThan(0.8);
    expect(values).toHaveLength(3);
    expect(values[2]).toBeLessThan(values[0] as number);
    expect(tensors[2]).toBeLessThanOrEqual(tensors[0] as number);
  });
});

describe("digits-parallel", () => {
  test("learns the digits as a group of one, with the same weights again, and leaves no more behind the longer it runs", async () => {
    const data = readDigits([64]);
    const group = await connect();
    const { values, tensors, onEpoch } = record();
    const model = await parallel.train(group, data.train, { epochs: 3, onEpoch });
    expect(values[2]).toBeLessThan(values[0] as number);
    expect(tensors[2]).toBeLessThanOrEqual(tensors[0] as number);
    const print = await parallel.fingerprint(model);
    expect(await parallel.fingerprint(await parallel.train(group, data.train, { epochs: 3 }))).toBe(print);
    expect(await parallel.shareKnown(model, data.test)).toBeGreaterThan(0.6);
  });
});

describe("lstm", () => {
  test("learns to read digits row by row, and leaves no more behind the longer it runs", async () => {
    const data = readDigits([8, 8]);
    const { values, tensors, onEpoch } = record();
    const model = await lstm.train(data, { epochs: 6, onEpoch });
    expect(values[5]).toBeLessThan((values[0] as number) / 2);
    expect(tensors[5]).toBeLessThanOrEqual(tensors[0] as number);
    const left = memory(backend).tensors;
    const share = await lstm.shareKnown(model, data.test);
    expect(share).toBeGreaterThan(0.7);
    expect(await lstm.shareKnown(model, data.test)).toBe(share); // no dropout there
    expect(memory(backend).tensors).toBeLessThanOrEqual(left);
  });
});

describe("autoencoder", () => {
  test("learns to give pictures back, and leaves no more behind the longer it runs", async () => {
    const data = readDigits([64]);
    const { values, tensors, onEpoch } = record();
    const model = await autoencoder.train(data, { epochs: 12, onEpoch });
    expect(values).toHaveLength(12);
    expect(tensors[11]).toBeLessThanOrEqual(tensors[0] as number);
    // A model that gives the mean picture for all of them is as wrong as the pixels vary.
    const [unseen] = data.test.tensors;
    const varies = await unseen.var({ dim: 0, correction: 0 }).mean().item();
    expect(values[11]).toBeLessThan(0.8 * varies);
    expect(model.encoder.forward(unseen).shape).toEqual([797, 8]);
  });

  test("draws a picture with two letters for a pixel, from white to black", () => {
    const lines = autoencoder.drawn(Float32Array.from({ length: 64 }, (_, i) => i / 63));
    expect(lines).toHaveLength(8);
    expect(lines.map((line) => line.length)).toEqual(Array(8).fill(16));
    expect([lines[0]?.slice(0, 2), lines[7]?.slice(-2)]).toEqual(["  ", "@@"]);
  });
});

describe("mc-attention", () => {
  test("learns to read digits, and leaves no more behind the longer it runs", async () => {
    const data = readDigits([8, 8]);
    const { values, tensors, onEpoch } = record();
    const model = await attention.train(data, { epochs: 4, onEpoch });
    expect(values[3]).toBeLessThan(0.75 * (values[0] as number));
    expect(tensors[3]).toBeLessThanOrEqual(tensors[0] as number);
    const { guesses, entropy } = await attention.ask(model, data.test.tensors[0], 3);
    const digits = await data.test.tensors[1].data();
    const right = Array.from(guesses).filter((guess, i) => guess === digits[i]).length / digits.length;
    expect(right).toBeGreaterThan(0.5);
    expect(Math.min(...entropy)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...entropy)).toBeLessThanOrEqual(Math.log(10) + 1e-5);
  });

  test("draws another mask of attention weights for each answer, and the same answers again for a seed", async () => {
    manualSeed(2);
    const model = new attention.RowReader();
    const few = rand([4, 8, 8]);
    const masks = [1, 2].map(() =>
      tidy(() => {
        model.forward(few);
        return String(model.encoder.layers[0]?.self_attn.lastMask()?.dataSync());
      }),
    );
    expect(masks[0]).toContain("0");
    expect(masks[0]).not.toBe(masks[1]);

    model.eval();
    const answers = async (seed: number) => {
      manualSeed(seed);
      const { entropy } = await attention.ask(model, few, 3);
      return [...entropy];
    };
    const first = await answers(3);
    const left = memory(backend).tensors;
    expect(await answers(3)).toEqual(first);
    expect(await answers(4)).not.toEqual(first);
    expect(model.training).toBe(false);
    expect(memory(backend).tensors).toBeLessThanOrEqual(left);
  });

  test("judges the surer half and the other one, whatever order they come in", () => {
    const answers = { entropy: [0.9, 0.1, 0.8, 0.2], guesses: [1, 2, 3, 4] };
    expect(attention.halves(answers, [1, 2, 0, 4])).toEqual({ sure: 1, unsure: 0.5 });
    expect(attention.halves(answers, [1, 0, 3, 0])).toEqual({ sure: 0, unsure: 1 });
  });
});

describe("gpt", () => {
  const guides = gpt.readGuides();
  const sizes = { context: 32, width: 32, layers: 2 };

  /** A small model that has learnt a little; its losses, and how many tensors there were after each step. */
  async function trained(seed: number, steps: number) {
    const losses: number[] = [];
    const tensors: number[] = [];
    const onStep = async (_step: number, loss: Tensor) => {
      losses.push(await loss.item());
      tensors.push(memory(backend).tensors);
    };
    const model = await gpt.train(guides, { seed, sizes, steps, onStep });
    return { model, losses, tensors };
  }

  test("reads the guides as places in a list of letters, without their tables", () => {
    const text = Array.from(guides.text, (place) => guides.letters[place]).join("");
    expect(text).toContain("# Coming from PyTorch\n");
    expect(text).not.toMatch(/^\|/m);
    expect(new Set(guides.letters).size).toBe(guides.letters.length);
  });

  test("has its loss fall within 30 steps, and leaves no more behind the longer it runs", async () => {
    const { losses, tensors } = await trained(1, 30);
    const mean = (few: number[]) => few.reduce((sum, loss) => sum + loss, 0) / few.length;
    expect(losses).toHaveLength(30);
    expect(mean(losses.slice(0, 3))).toBeCloseTo(Math.log(guides.letters.length), 0); // it starts knowing nothing
    expect(mean(losses.slice(-3))).toBeLessThan(mean(losses.slice(0, 3)) - 0.5);
    expect(tensors[29]).toBeLessThanOrEqual(tensors[1] as number); // the first step made the optimizer's moments
  });

  test("writes the same text for a seed, and another one for another", async () => {
    const text = async (seed: number) => gpt.write((await trained(seed, 3)).model, guides.letters, "## Dropout", 40);
    const first = await text(1);
    expect(first).toMatch(/^## Dropout/);
    expect(first).toHaveLength(50);
    expect(await text(1)).toBe(first);
    expect(await text(2)).not.toBe(first);
  });

  test("writes with keys and values kept what it writes when it reads all of its context again for each letter", async () => {
    manualSeed(1);
    const model = new gpt.Gpt(guides.letters.length, sizes); // one that has learnt nothing says more different letters
    const left = memory(backend).tensors;
    const written = await gpt.write(model, guides.letters, "## Dropout", 60, 0);
    expect(memory(backend).tensors).toBeLessThanOrEqual(left);
    expect(model.training).toBe(true);

    model.eval();
    const all = Array.from("## Dropout", (letter) => guides.letters.indexOf(letter));
    let seen = [...all];
    for (let i = 0; i < 60; i++) {
      if (seen.length > sizes.context) seen = all.slice(-sizes.context / 2);
      const logits = noGrad(() => model.forward(tensor(Int32Array.from(seen), { shape: [1, seen.length] })));
      const next = logits.slice(1, -1).argmax({ dim: -1 }).itemSync();
      all.push(next);
      seen.push(next);
    }
    expect(written).toBe(all.map((place) => guides.letters[place]).join(""));
    expect(new Set(all.slice(10)).size).toBeGreaterThan(5);
  });
});

test.each([[["--example"]], [["--example", "digits"]]])("npm start %o names the examples that there are", (args) => {
  const start = join(import.meta.dirname, "..", "scripts", "start.mjs");
  const { status, stderr } = spawnSync(process.execPath, [start, ...args], { encoding: "utf8" });
  expect(status).toBe(2);
  expect(stderr).toContain("npm start: expected --example with one of autoencoder, digits-cnn, digits-parallel, gpt, lstm, mc-attention");
});

test("a check for mistakes with dropout finds none", () => {
  for (const [model, sample] of [
    [cnn.createModel(), rand([2, 1, 8, 8])],
    [parallel.createModel(), rand([2, 64])],
    [new autoencoder.Autoencoder(), rand([2, 64])],
    [new lstm.SequenceReader(), rand([2, 8, 8])],
    [new attention.RowReader(), rand([2, 8, 8])],
    [new gpt.Gpt(9, { context: 8, width: 16, layers: 2 }), randint(0, 9, [2, 8])],
  ] as const) {
    expect(dropoutReport(checkDropout(model, sample))).toBe("no findings");
  }
});
