/** The models of src/cases/models.ts in jax-js, by name: weights, the logits that they give, and the batch of a round. */
import { lax, nn, numpy as np, random } from "@jax-js/jax";
import { drop } from "./jax-js-draws.mjs";
import { attention, conv2d, gelu, hasConvolutionGradients, layerNorm } from "./jax-js-operations.mjs";
import { crossEntropy, oneHot, trainingWork, uniform } from "./jax-js-training.mjs";

const [LETTERS, CONTEXT, BATCH, WIDTH, HEADS, LAYERS, DROPOUT] = [65, 64, 12, 128, 4, 4, 0.2];

/** Whole training steps of one of the models, on a batch that changes from round to round; null for one that takes minutes a step. */
export function modelWork({ model }, data) {
  if (model === "cnn" && !hasConvolutionGradients) return null;
  const { weights, draws, logits, batch, decay } = MODELS[model]();
  const loss = (parameters, key, x, y) => {
    const keys = [...random.split(key, draws)];
    // Each layer takes its weights, and each dropout its key, in turn.
    const next = () => parameters.shift();
    return crossEntropy(
      logits(x, next, (...rest) => drop(keys.shift(), ...rest)),
      y,
    );
  };
  return trainingWork(loss, weights, (round) => batch(data, round), "adam", { lr: 1e-3, decay });
}

// --- internal helpers ---

const MODELS = { cnn, lstm, gpt };

function cnn() {
  const pool = (x) => lax.reduceWindow(x, (window) => np.max(window), [1, 1, 2, 2], [1, 1, 2, 2]);
  return {
    weights: [
      ...[uniform([32, 1, 3, 3], 9), uniform([32], 9), uniform([64, 32, 3, 3], 288), uniform([64], 288)],
      ...[...linear(3136, 128), ...linear(128, 10)],
    ],
    draws: 2,
    logits(x, next, dropout) {
      const first = pool(nn.relu(conv2d(x, next(), next())));
      const second = pool(nn.relu(conv2d(first, next(), next())));
      const flat = dropout(second, 0.25, [64, 64, 1, 1]).reshape([64, 3136]);
      return dense(dropout(nn.relu(dense(flat, next)), 0.5), next);
    },
    batch: (data, round) => [values(data, round, [64, 1, 28, 28]), oneHot(data, round, 64, 10)],
  };
}

function lstm() {
  return {
    weights: [
      ...[64, 128].flatMap((inputs) => [uniform([inputs, 512], 128), uniform([512], 128), uniform([128, 512], 128)]),
      ...linear(128, 10),
    ],
    draws: 1,
    logits(x, next, dropout) {
      const first = np.stack(recurrent(x, next));
      return dense(recurrent(dropout(first, 0.3), next, { lastOnly: true }), next);
    },
    batch: (data, round) => [values(data, round, [32, 32, 64]), oneHot(data, round, 32, 10)],
  };
}

function gpt() {
  const block = () => [
    ...[...normal(), ...linear(WIDTH, 3 * WIDTH), ...linear(WIDTH, WIDTH)],
    ...[...normal(), ...linear(WIDTH, 4 * WIDTH), ...linear(4 * WIDTH, WIDTH)],
  ];
  return {
    weights: [
      ...[uniform([LETTERS, WIDTH], WIDTH), uniform([CONTEXT, WIDTH], WIDTH)],
      ...[...Array.from({ length: LAYERS }, block).flat(), ...normal(), ...linear(WIDTH, LETTERS)],
    ],
    draws: 1 + 3 * LAYERS,
    logits(index, next, dropout) {
      // A lookup as a product of rows with a one each.
      const letters = np.matmul(nn.oneHot(index, LETTERS), next()).reshape([BATCH, CONTEXT, WIDTH]);
      let x = dropout(letters.add(next()), DROPOUT);
      for (let i = 0; i < LAYERS; i++) x = throughBlock(x, next, dropout);
      return dense(layerNorm(x, next(), next()).reshape([-1, WIDTH]), next);
    },
    batch: (data, round) => {
      const letters = Int32Array.from(data.values(BATCH * CONTEXT, round + 2), (value) => Math.floor(((value + 1) / 2) * LETTERS));
      return [np.array(letters), oneHot(data, round, BATCH * CONTEXT, LETTERS)];
    },
    decay: 0.01,
  };
}

/** Attention and a feed-forward part, each behind a norm and with a way around it. */
function throughBlock(x, next, dropout) {
  const rows = (y) => y.reshape([BATCH * CONTEXT, -1]);
  const heads = (y) => y.reshape([BATCH, CONTEXT, HEADS, WIDTH / HEADS]).transpose([0, 2, 1, 3]);
  const parts = dense(rows(layerNorm(x.ref, next(), next())), next);
  const [q, k, v] = np.split(parts, 3, 1).map(heads);
  const mask = np.triu(np.full([CONTEXT, CONTEXT], -1e9), 1);
  const y = attention(q, k, v, { dropout: (weights) => dropout(weights, DROPOUT), mask }).transpose([0, 2, 1, 3]);
  const z = x.add(dropout(dense(rows(y), next), DROPOUT).reshape([BATCH, CONTEXT, WIDTH]));
  const hidden = gelu(dense(rows(layerNorm(z.ref, next(), next())), next));
  return z.add(dropout(dense(hidden, next), DROPOUT).reshape([BATCH, CONTEXT, WIDTH]));
}

/** An LSTM layer over (steps, batch, inputs): what it says at each step, or at the last. The inputs' products are one for all steps. */
function recurrent(x, next, { lastOnly = false } = {}) {
  const [steps, batch, inputs] = x.shape;
  const products = np
    .matmul(x.reshape([steps * batch, inputs]), next())
    .add(next())
    .reshape([steps, batch, -1]);
  const weight = next();
  const outputs = [];
  let [h, c] = [];
  for (const product of products) {
    const gates = h === undefined ? product : product.add(np.matmul(h, weight.ref));
    const [input, forget, cell, output] = np.split(gates, 4, 1);
    const fresh = nn.sigmoid(input).mul(np.tanh(cell));
    if (c === undefined) forget.dispose();
    c = c === undefined ? fresh : fresh.add(nn.sigmoid(forget).mul(c));
    h = nn.sigmoid(output).mul(np.tanh(c.ref));
    if (!lastOnly) outputs.push(h.ref);
  }
  c.dispose();
  weight.dispose();
  if (lastOnly) return h;
  h.dispose();
  return outputs;
}

function dense(x, next) {
  return np.matmul(x, next()).add(next());
}

function linear(inputs, outputs) {
  return [uniform([inputs, outputs], inputs), uniform([outputs], inputs)];
}

function normal() {
  return [np.ones([WIDTH]), np.zeros([WIDTH])];
}

function values(data, round, shape) {
  const count = shape.reduce((a, b) => a * b);
  return np.array(data.values(count, round).slice()).reshape(shape);
}
