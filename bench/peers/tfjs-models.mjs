/** The models of src/cases/models.ts in tfjs, by name: each gives its variables, the logits of a batch, the batch of a round, and what decays. */
import * as tf from "@tensorflow/tfjs";
import { attention, gelu, hasConvolutionGradients, layerNorm } from "./tfjs-operations.mjs";

const [LETTERS, CONTEXT, BATCH, WIDTH, HEADS, LAYERS, DROPOUT] = [65, 64, 12, 128, 4, 4, 0.2];
const LEARNING_RATE = 1e-3;

/** Whole training steps of one of the models, on a batch that changes from round to round; null for one that takes minutes a step. */
export function modelWork({ model }, data) {
  if (model === "cnn" && !hasConvolutionGradients) return null;
  const { weights, logits, batch, classes, decay = 0 } = MODELS[model]();
  const optimizer = tf.train.adam(LEARNING_RATE);
  let [input, target] = [];
  return {
    prepare(round) {
      tf.dispose([input, target].filter(Boolean));
      const [x, labels] = tf.tidy(() => batch(data, round));
      input = x;
      target = tf.tidy(() => tf.oneHot(labels, classes).toFloat());
      labels.dispose();
    },
    call() {
      // AdamW, which tfjs does not have: the weights shrink, then Adam steps.
      if (decay > 0) for (const weight of weights) weight.assign(weight.mul(1 - LEARNING_RATE * decay));
      optimizer.minimize(() => tf.losses.softmaxCrossEntropy(target, logits(input)), false, weights);
    },
    dispose() {
      tf.dispose([input, target, ...weights].filter(Boolean));
      optimizer.dispose();
    },
  };
}

// --- internal helpers ---

const MODELS = { cnn, lstm, gpt };

function cnn() {
  const [first, second] = [convolution(1, 32), convolution(32, 64)];
  const [hidden, last] = [linear(3136, 128), linear(128, 10)];
  return {
    weights: [first, second, hidden, last].flatMap((layer) => layer.weights),
    logits(x) {
      const pooled = [first, second].reduce((y, layer) => tf.maxPool(layer.of(y).relu(), 2, 2, "valid"), x);
      const dropped = tf.dropout(pooled, 0.25, [pooled.shape[0], 1, 1, pooled.shape[3]]);
      return last.of(tf.dropout(hidden.of(dropped.reshape([-1, 3136])).relu(), 0.5));
    },
    classes: 10,
    batch: (data, round) => [tf.tensor4d(data.values(64 * 28 * 28, round).slice(), [64, 28, 28, 1]), labels(data, round, 64, 10)],
  };
}

function lstm() {
  const cells = [64, 128].map((inputs) => [uniform([inputs + 128, 512], 128), uniform([512], 128)]);
  const head = linear(128, 10);
  return {
    weights: [...cells.flat(), ...head.weights],
    logits(x) {
      let sequence = tf.unstack(x);
      for (const [i, [kernel, bias]] of cells.entries()) {
        if (i > 0) sequence = tf.unstack(tf.dropout(tf.stack(sequence), 0.3));
        let c = tf.zeros([32, 128]);
        let h = c;
        sequence = sequence.map((step) => {
          [c, h] = tf.basicLSTMCell(0, kernel, bias, step, c, h);
          return h;
        });
      }
      return head.of(sequence.at(-1));
    },
    classes: 10,
    batch: (data, round) => [tf.tensor3d(data.values(32 * 32 * 64, round).slice(), [32, 32, 64]), labels(data, round, 32, 10)],
  };
}

function gpt() {
  const [letters, places] = [uniform([LETTERS, WIDTH], WIDTH), uniform([CONTEXT, WIDTH], WIDTH)];
  const blocks = Array.from({ length: LAYERS }, block);
  const [norm, head] = [normalisation(), linear(WIDTH, LETTERS)];
  return {
    weights: [letters, places, ...[...blocks, norm, head].flatMap((layer) => layer.weights)],
    logits(index) {
      // A lookup as a product: the gradient of tf.gather is missing on wasm.
      const embedded = tf.oneHot(index, LETTERS).toFloat().matMul(letters).reshape([BATCH, CONTEXT, WIDTH]);
      const future = tf.sub(1, tf.linalg.bandPart(tf.ones([CONTEXT, CONTEXT]), -1, 0)).mul(-1e9);
      const x = blocks.reduce((y, layer) => layer.of(y, future), tf.dropout(embedded.add(places), DROPOUT));
      return head.of(norm.of(x).reshape([-1, WIDTH]));
    },
    classes: LETTERS,
    decay: 0.01,
    batch: (data, round) => [labels(data, round + 1, BATCH * CONTEXT, LETTERS), labels(data, round, BATCH * CONTEXT, LETTERS)],
  };
}

/** Attention and a feed-forward part, each behind a norm and with a way around it. */
function block() {
  const [norm1, norm2] = [normalisation(), normalisation()];
  const [parts, projection, up, down] = [
    linear(WIDTH, 3 * WIDTH),
    linear(WIDTH, WIDTH),
    linear(WIDTH, 4 * WIDTH),
    linear(4 * WIDTH, WIDTH),
  ];
  const heads = (y) => y.reshape([BATCH, CONTEXT, HEADS, WIDTH / HEADS]).transpose([0, 2, 1, 3]);
  const rows = (y) => y.reshape([-1, y.shape.at(-1)]);
  return {
    weights: [norm1, norm2, parts, projection, up, down].flatMap((layer) => layer.weights),
    of(x, mask) {
      const [q, k, v] = tf.split(parts.of(rows(norm1.of(x))), 3, 1).map(heads);
      const y = attention(q, k, v, { dropout: DROPOUT, mask }).transpose([0, 2, 1, 3]);
      const z = x.add(tf.dropout(projection.of(y.reshape([-1, WIDTH])), DROPOUT).reshape(x.shape));
      return z.add(tf.dropout(down.of(gelu(up.of(rows(norm2.of(z))))), DROPOUT).reshape(x.shape));
    },
  };
}

function linear(inputs, outputs) {
  const [weight, bias] = [uniform([inputs, outputs], inputs), uniform([outputs], inputs)];
  return { weights: [weight, bias], of: (x) => x.matMul(weight).add(bias) };
}

function convolution(inputs, outputs) {
  const [filter, bias] = [uniform([3, 3, inputs, outputs], 9 * inputs), uniform([outputs], 9 * inputs)];
  return { weights: [filter, bias], of: (x) => tf.conv2d(x, filter, 1, "same").add(bias) };
}

function normalisation() {
  const [weight, bias] = [tf.variable(tf.ones([WIDTH])), tf.variable(tf.zeros([WIDTH]))];
  return { weights: [weight, bias], of: (x) => layerNorm(x, weight, bias) };
}

/** As PyTorch begins: bounded by one over the root of the inputs. */
function uniform(shape, inputs) {
  const bound = 1 / Math.sqrt(inputs);
  return tf.variable(tf.randomUniform(shape, -bound, bound));
}

function labels(data, round, count, classes) {
  return tf.tensor1d(
    Int32Array.from(data.values(count, round + 1), (value) => Math.floor(((value + 1) / 2) * classes)),
    "int32",
  );
}
