import { createRequire } from "node:module";
import { dirname, sep } from "node:path";
import * as tf from "@tensorflow/tfjs";
import { setThreadsCount, setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import { modelWork } from "./tfjs-models.mjs";
import { operationWork } from "./tfjs-operations.mjs";

const require = createRequire(import.meta.url);
const NOTES =
  "tf.dropout(x, 0.5): its mask is floor(uniform + 0.5), drawn in JavaScript by an Alea generator on either backend, and a tensor of its own; unseeded " +
  "by default. Without its layers API: dense layers are matMul, add, relu, the losses are tf.losses.sigmoidCrossEntropy and softmaxCrossEntropy, the " +
  "optimizers tf.train.sgd and tf.train.adam. Images are (N, H, W, C); gradients are tf.grads. Composed, since it has none: attention, GELU (by erf), the " +
  "norms (tf.moments, tf.batchNorm), lookups (a product with one-hot rows: tf.gather has no gradient on wasm), AdamW (weights shrink, then Adam); an LSTM " +
  "is tf.basicLSTMCell a step. wasm has no gradient of a convolution's filter, so no CNN. Every call runs in tf.tidy, on one thread.";

/** Both backends of tfjs live in one engine, so each turn first makes its own the current one, which is not timed. */
export default async () => {
  setWasmPaths(dirname(require.resolve("@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm")) + sep);
  setThreadsCount(1);
  const version = `${tf.version.tfjs}`;
  const names = [];
  for (const backend of ["cpu", "wasm"]) if (await tf.setBackend(backend)) names.push(backend);
  return names.map((backend) => competitor(backend, version));
};

// --- internal helpers ---

function competitor(backend, version) {
  return {
    name: `tfjs-${backend}`,
    threads: 1,
    device: `${backend === "cpu" ? "javascript" : "wasm simd"}, ${version}`,
    notes: NOTES,
    async entry(task, data) {
      await tf.setBackend(backend);
      const work = workFor(task, data);
      if (work === null) return null;
      return {
        async prepare(round) {
          await tf.setBackend(backend);
          work.prepare(round);
        },
        run(calls) {
          for (let i = 0; i < calls; i++) {
            // What a call returns goes as well: tidy would keep it.
            tf.tidy(() => {
              work.call();
            });
          }
        },
        dispose: work.dispose,
      };
    },
    close() {},
  };
}

function workFor(task, data) {
  if (task.op === "dropout" || task.op === "latency") return withInput(task.shape, data, (x) => tf.dropout(x, 0.5));
  if (task.op === "dropout-backward") {
    const gradient = tf.tensor(data.values(task.elements, 1).slice(), task.shape);
    const backward = tf.grad((x) => tf.dropout(x, 0.5));
    return withInput(task.shape, data, (x) => backward(x, gradient), gradient);
  }
  if (task.op === "dropout-feature") {
    const [n, c] = task.shape;
    return withInput(task.shape, data, (x) => tf.dropout(x, 0.5, [n, c, 1, 1]));
  }
  if (task.op === "matmul") return matmul(task, data);
  if ("shapes" in task) return operationWork(task, data);
  if ("model" in task) return modelWork(task, data);
  return "layers" in task ? training(task, data) : null;
}

/** Calls on one tensor, made anew for each round. */
function withInput(shape, data, call, ...held) {
  const size = shape.reduce((a, b) => a * b);
  let x;
  return {
    prepare(round) {
      x?.dispose();
      x = tf.tensor(data.values(size, round).slice(), shape);
    },
    call: () => call(x),
    dispose: () => tf.dispose([x, ...held]),
  };
}

function matmul({ m, k, n, transposed: [ta, tb] }, data) {
  let [a, b] = [];
  return {
    prepare(round) {
      tf.dispose([a, b].filter(Boolean));
      a = tf.tensor2d(data.values(m * k, round).slice(), ta ? [k, m] : [m, k]);
      b = tf.tensor2d(data.values(k * n, round).slice(), tb ? [n, k] : [k, n]);
    },
    call: () => tf.matMul(a, b, ta, tb),
    dispose: () => tf.dispose([a, b]),
  };
}

function training({ layers, batch, head, learningRate }, data) {
  const weights = [];
  for (let i = 0; i + 1 < layers.length; i++) {
    const bound = 1 / Math.sqrt(layers[i]);
    weights.push(tf.variable(tf.randomUniform([layers[i], layers[i + 1]], -bound, bound)));
    weights.push(tf.variable(tf.randomUniform([layers[i + 1]], -bound, bound)));
  }
  const optimizer = head === "sigmoid" ? tf.train.sgd(learningRate) : tf.train.adam(learningRate);
  const outputs = layers.at(-1);
  let [input, target] = [];
  const loss = () => {
    let hidden = input;
    for (let i = 0; i < weights.length; i += 2) {
      hidden = hidden.matMul(weights[i]).add(weights[i + 1]);
      if (i + 2 < weights.length) hidden = tf.dropout(hidden.relu(), 0.5);
    }
    return head === "sigmoid" ? tf.losses.sigmoidCrossEntropy(target, hidden) : tf.losses.softmaxCrossEntropy(target, hidden);
  };
  return {
    prepare(round) {
      tf.dispose([input, target].filter(Boolean));
      input = tf.tensor2d(data.values(batch * layers[0], round).slice(), [batch, layers[0]]);
      const labels = data.values(batch, round + 1);
      target = tf.tidy(() =>
        head === "sigmoid"
          ? tf.tensor2d(
              labels.map((value) => (value > 0 ? 1 : 0)),
              [batch, 1],
            )
          : tf
              .oneHot(
                tf.tensor1d(
                  Int32Array.from(labels, (value) => Math.floor(((value + 1) / 2) * outputs)),
                  "int32",
                ),
                outputs,
              )
              .toFloat(),
      );
    },
    call: () => void optimizer.minimize(loss, false, weights),
    dispose() {
      tf.dispose([input, target, ...weights]);
      optimizer.dispose();
    },
  };
}
