/** The operations and layers of src/operations.ts in tfjs, by name, in its layouts: images (N, H, W, C), filters (H, W, in, out), weights (in, out). */
import * as tf from "@tensorflow/tfjs";

const EPSILON = 1e-5;

/** What is computed of the operands; `layouts` are the permutations that give the order of tfjs, for operands that have another there. */
export const OPERATIONS = {
  relu: { compute: (x) => tf.relu(x) },
  sigmoid: { compute: (x) => tf.sigmoid(x) },
  tanh: { compute: (x) => tf.tanh(x) },
  exp: { compute: (x) => tf.exp(x) },
  gelu: { compute: gelu },
  add: { compute: (x, y) => tf.add(x, y) },
  "softmax-last": { compute: (x) => tf.softmax(x, 1) },
  // tf.softmax takes the last dimension only.
  "softmax-first": { compute: (x) => tf.transpose(tf.softmax(tf.transpose(x), 1)) },
  "sum-all": { compute: (x) => tf.sum(x) },
  "sum-rows": { compute: (x) => tf.sum(x, 1) },
  "sum-columns": { compute: (x) => tf.sum(x, 0) },
  "amax-rows": { compute: (x) => tf.max(x, 1) },
  transpose: { compute: (x) => tf.transpose(x) },
  permute: { compute: (x) => tf.transpose(x, [0, 2, 1, 3]) },
  matmul: { compute: (x, y) => tf.matMul(x, y) },
  attention: { compute: (q, k, v) => attention(q, k, v) },
  "attention-dropout": { compute: (q, k, v) => attention(q, k, v, { dropout: 0.1 }) },
  conv2d: {
    compute: (x, filter, bias) => tf.fused.conv2d({ x, filter, bias, strides: 1, pad: "same" }),
    layouts: [
      [0, 2, 3, 1],
      [2, 3, 1, 0],
    ],
  },
  "layer-norm": { compute: layerNorm },
  "batch-norm": {
    compute(x, weight, bias) {
      const { mean, variance } = tf.moments(x, [0, 1, 2]);
      return tf.batchNorm(x, mean, variance, bias, weight, EPSILON);
    },
    layouts: [[0, 2, 3, 1]],
  },
  linear: { compute: linear, layouts: [undefined, [1, 0]] },
  "linear-dropout": { compute: (x, weight, bias) => tf.dropout(linear(x, weight, bias), 0.5), layouts: [undefined, [1, 0]] },
};

/** The gradients of a convolution take minutes a call on cpu, and have no kernel on wasm. */
export const hasConvolutionGradients = false;

/** One of them, on operands that change from round to round; null for what is not there, or takes minutes. */
export function operationWork({ name, shapes, gradients }, data) {
  if (OPERATIONS[name] === undefined || (gradients && name === "conv2d" && !hasConvolutionGradients)) return null;
  const { compute, layouts = [] } = OPERATIONS[name];
  const backward = tf.grads(compute);
  let operands = [];
  let gradient;
  return {
    prepare(round) {
      tf.dispose(operands);
      operands = shapes.map((shape, i) => {
        const values = data.values(
          shape.reduce((a, b) => a * b),
          round + i,
        );
        return tf.tensor(values.slice(), layouts[i]?.map((dim) => shape[dim]) ?? shape);
      });
      if (!gradients || gradient !== undefined) return;
      gradient = tf.tidy(() => {
        const { size, shape } = compute(...operands);
        return tf.tensor(data.values(size, 1).slice(), shape);
      });
    },
    call: () => (gradients ? backward(operands, gradient) : compute(...operands)),
    dispose: () => tf.dispose([...operands, gradient].filter(Boolean)),
  };
}

/** Attention as it is written where it is no function: (B, H, T, d) each, `mask` added to the scores. */
export function attention(q, k, v, { dropout = 0, mask } = {}) {
  const scores = tf.matMul(q, k, false, true).mul(1 / Math.sqrt(q.shape.at(-1)));
  const weights = tf.softmax(mask === undefined ? scores : scores.add(mask));
  return tf.matMul(dropout > 0 ? tf.dropout(weights, dropout) : weights, v);
}

/** The exact form, by erf. */
export function gelu(x) {
  return x.mul(0.5).mul(x.mul(Math.SQRT1_2).erf().add(1));
}

/** Over the last dimension. */
export function layerNorm(x, weight, bias) {
  const { mean, variance } = tf.moments(x, -1, true);
  return x.sub(mean).mul(variance.add(EPSILON).rsqrt()).mul(weight).add(bias);
}

// --- internal helpers ---

/** `weight` is (in, out): with `transposeB` and a bias, 4.22 gives wrong values on wasm. */
function linear(x, weight, bias) {
  return tf.fused.matMul({ a: x, b: weight, bias });
}
