/**
 * Models, there and back: trained here, PyTorch gives the same outputs with the weights as safetensors and as .pt, and the other way round. The first four are those of examples/,
 * at full size.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { functional as F, linspace, manualSeed, nn, noGrad, optim, rand, randint, setDefaultBackend, tensor } from "@dropwise/core";
import { createModel } from "../../../../examples/digits-cnn.mjs";
import * as gpt from "../../../../examples/gpt.mjs";
import { SequenceReader } from "../../../../examples/lstm.mjs";
import { RowReader } from "../../../../examples/mc-attention.mjs";
import { fastestBackend } from "../../../../examples/shared/backend.mjs";
import { readDigits } from "../../../../examples/shared/digits.mjs";
import { readSafetensors, readTorch, writeSafetensors, writeTorch } from "../../dist/index.js";
import { ask } from "./python.mjs";

/** The largest difference between an output here and one of PyTorch's. */
const CLOSE = 1e-5;
/** @typedef {import("@dropwise/core").Tensor} Tensor */
/** @typedef {{ create: () => nn.Module & { forward(x: Tensor): any }, input: Tensor, train?: () => Promise<any> }} Case */

/**
 * @param {string} python
 * @param {string} folder for files
 * @returns {Promise<string[]>} what went wrong
 */
export async function models(python, folder) {
  for (const name of ["ours", "theirs"]) mkdirSync(join(folder, name), { recursive: true });
  const backend = await fastestBackend();
  setDefaultBackend(backend);
  manualSeed(0);
  const cases = casesOf();
  /** @type {Record<string, Tensor>} */
  const outputs = {};
  const inputs = Object.fromEntries(Object.entries(cases).map(([name, { input }]) => [name, input]));
  for (const [name, { create, input, train = () => trained(create(), input) }] of Object.entries(cases)) {
    const model = await train();
    outputs[name] = answer(model, input);
    writeFileSync(join(folder, "ours", `${name}.safetensors`), await writeSafetensors(model.stateDict()));
    writeFileSync(join(folder, "ours", `${name}.pt`), await writeTorch(model.stateDict()));
  }
  writeFileSync(join(folder, "inputs.safetensors"), await writeSafetensors(inputs));
  writeFileSync(join(folder, "outputs.safetensors"), await writeSafetensors(outputs));
  /** @type {Record<string, number>} */
  const there = ask(python, "models.py", folder);

  const theirs = await readSafetensors(join(folder, "theirs.safetensors"));
  /** @type {Record<string, number>} */
  const here = {};
  for (const [name, { create, input }] of Object.entries(cases)) {
    const plain = create();
    plain.loadStateDict(await readSafetensors(join(folder, "theirs", `${name}.safetensors`)));
    const renamed = create();
    renamed.loadStateDict(/** @type {any} */ (await readTorch(join(folder, "theirs", `${name}.pt`))), {
      rename: (from) => from.replace(/^module\./, ""),
    });
    for (const [form, model] of /** @type {const} */ ([
      ["safetensors", plain],
      ["pt", renamed],
    ])) {
      here[`${name}.${form}`] = distance(await answer(model, input).data(), /** @type {any} */ (theirs[name]).data);
    }
  }

  const wrong = [];
  for (const [way, found] of Object.entries({ "trained here, run by PyTorch": there, "trained by PyTorch, run here": here })) {
    const largest = (/** @type {[string, number][]} */ all) => Math.max(...all.map(([, difference]) => difference)).toExponential(1);
    const all = Object.entries(found);
    const of = (/** @type {string} */ model) => largest(all.filter(([name]) => name.startsWith(`${model}.`)));
    console.log(
      `${all.length} files of ${Object.keys(cases).length} models ${way}: largest difference ${largest(all)}; cnn ${of("cnn")}, gpt ${of("gpt")}`,
    );
    // Also wrong where a difference is no number.
    for (const [name, difference] of all) if (!(difference <= CLOSE)) wrong.push(`${name} ${way}: ${difference}`);
    if (all.length !== 2 * Object.keys(cases).length) wrong.push(`${way}: ${all.length} files`);
  }
  return wrong;
}

/** The models of models.py by their names there. @returns {Record<string, Case>} */
function casesOf() {
  const guides = gpt.readGuides();
  const digits = readDigits([1, 8, 8]).test.tensors[0].slice(0, 0, 50);
  return {
    cnn: { create: createModel, input: digits },
    gpt: {
      create: () => new gpt.Gpt(guides.letters.length),
      input: tensor(guides.text.slice(0, 8 * 64), { shape: [8, 64] }),
      train: () => gpt.train(guides, { steps: 5 }),
    },
    lstm: { create: () => new SequenceReader(), input: digits.squeeze(1) },
    "mc-attention": { create: () => new RowReader(), input: digits.squeeze(1) },
    linear: { create: () => new nn.Linear(5, 4), input: rand([3, 5]) },
    "linear without bias": { create: () => new nn.Linear(5, 4, { bias: false }), input: rand([3, 5]) },
    mlp: {
      create: () => new nn.Sequential(new nn.Linear(5, 8), new nn.ReLU(), new nn.Dropout(), new nn.Linear(8, 2)),
      input: rand([3, 5]),
    },
    conv1d: { create: () => new nn.Conv1d(3, 4, 3, { stride: 2 }), input: rand([2, 3, 9]) },
    "conv2d in groups": { create: () => new nn.Conv2d(4, 8, 3, { groups: 2, padding: 1 }), input: rand([2, 4, 5, 6]) },
    conv3d: { create: () => new nn.Conv3d(1, 2, 2), input: rand([2, 1, 3, 4, 5]) },
    "conv2d transposed": { create: () => new nn.ConvTranspose2d(3, 2, 3, { stride: 2 }), input: rand([2, 3, 4, 5]) },
    batchnorm1d: { create: () => new nn.BatchNorm1d(5), input: rand([4, 5]) },
    batchnorm2d: { create: () => new nn.BatchNorm2d(3), input: rand([2, 3, 4, 5]) },
    instancenorm: { create: () => new nn.InstanceNorm2d(3, { affine: true }), input: rand([2, 3, 4, 5]) },
    layernorm: { create: () => new nn.LayerNorm([3, 4]), input: rand([2, 3, 4]) },
    groupnorm: { create: () => new nn.GroupNorm(2, 4), input: rand([2, 4, 5]) },
    rmsnorm: { create: () => new nn.RMSNorm(5), input: rand([3, 5]) },
    embedding: { create: () => new nn.Embedding(10, 4, { paddingIdx: 0 }), input: randint(0, 10, [3, 5]) },
    rnn: { create: () => new nn.RNN(5, 4), input: rand([6, 2, 5]) },
    "lstm in both directions": { create: () => new nn.LSTM(5, 4, { numLayers: 2, bidirectional: true }), input: rand([6, 2, 5]) },
    gru: { create: () => new nn.GRU(5, 4, { batchFirst: true }), input: rand([2, 6, 5]) },
    "encoder layer": {
      create: () => new nn.TransformerEncoderLayer(8, 2, { dimFeedforward: 16, activation: "gelu" }),
      input: rand([6, 2, 8]),
    },
    prelu: { create: () => new nn.PReLU({ numParameters: 3 }), input: rand([2, 3, 4]).sub(0.5) },
  };
}

/** A few steps, so that weights, biases and statistics are no longer those of a new model. @param {ReturnType<Case["create"]>} model @param {Tensor} input */
async function trained(model, input) {
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
  for (let step = 0; step < 5; step++) {
    optimizer.zeroGrad();
    const out = first(model.forward(input));
    F.mseLoss(out, linspace(-1, 1, out.size).reshape(out.shape)).backward();
    optimizer.step();
  }
  return model;
}

/** What a model says when it does not train. @param {ReturnType<Case["create"]>} model @param {Tensor} input */
function answer(model, input) {
  model.eval();
  return noGrad(() => first(model.forward(input)));
}

/** Recurrent layers give their states, too. @param {Tensor | Tensor[]} out @returns {Tensor} */
function first(out) {
  return Array.isArray(out) ? /** @type {Tensor} */ (out[0]) : out;
}

/** @param {ArrayLike<number>} a @param {ArrayLike<number>} b */
function distance(a, b) {
  if (a.length !== b.length) return Number.NaN;
  return Array.from(a).reduce((most, value, i) => Math.max(most, Math.abs(value - /** @type {number} */ (b[i]))), 0);
}
