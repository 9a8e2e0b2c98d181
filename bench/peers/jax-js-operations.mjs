/** The operations and layers of src/operations.ts in jax-js, by name. */
import { jit, lax, nn, numpy as np, vjp } from "@jax-js/jax";
import { drop, nextKey } from "./jax-js-draws.mjs";

/** What is computed of the operands. Those in `RANDOM` take a key first. */
export const OPERATIONS = {
  relu: (x) => nn.relu(x),
  sigmoid: (x) => nn.sigmoid(x),
  tanh: (x) => np.tanh(x),
  exp: (x) => np.exp(x),
  gelu,
  add: (x, y) => np.add(x, y),
  "softmax-last": (x) => nn.softmax(x, 1),
  "softmax-first": (x) => nn.softmax(x, 0),
  "sum-all": (x) => np.sum(x),
  "sum-rows": (x) => np.sum(x, 1),
  "sum-columns": (x) => np.sum(x, 0),
  "amax-rows": (x) => np.max(x, 1),
  transpose: (x) => np.transpose(x),
  permute: (x) => np.transpose(x, [0, 2, 1, 3]),
  matmul: (x, y) => np.matmul(x, y),
  attention: (q, k, v) => attention(q, k, v),
  conv2d: (x, filter, bias) => conv2d(x, filter, bias),
  "layer-norm": layerNorm,
  "batch-norm": (x, weight, bias) => {
    const perChannel = (values) => values.reshape([1, -1, 1, 1]);
    return nn.standardize(x, [0, 2, 3]).mul(perChannel(weight)).add(perChannel(bias));
  },
  linear,
};

export const RANDOM = {
  "attention-dropout": (key, q, k, v) => attention(q, k, v, { dropout: (weights) => drop(key, weights, 0.1) }),
  "linear-dropout": (key, x, weight, bias) => drop(key, linear(x, weight, bias)),
};

/** The gradients of a convolution take minutes a call. */
export const hasConvolutionGradients = false;

/** A jitted call of one of them, the arrays that it takes left as they were; null for what is not there, or takes minutes. */
export function operationCall({ name, gradients }) {
  if (gradients && name === "conv2d" && !hasConvolutionGradients) return null;
  const draws = RANDOM[name];
  const compute = draws ?? OPERATIONS[name];
  if (compute === undefined) return null;
  const keys = () => (draws === undefined ? [] : [nextKey()]);
  const refs = (arrays) => arrays.map((array) => array.ref);
  const forward = jit(compute);
  const backward = jit((gradient, ...inputs) => {
    const key = inputs.splice(0, draws === undefined ? 0 : 1);
    const [y, pullback] = vjp((...operands) => compute(...key, ...operands), inputs);
    return [y, ...pullback(gradient)];
  });
  return {
    forward: (operands) => forward(...keys(), ...refs(operands)),
    call: (operands, gradient) =>
      gradients ? backward(gradient.ref, ...keys(), ...refs(operands)) : forward(...keys(), ...refs(operands)),
  };
}

/** Attention as it is written where dropout is part of it: (B, H, T, d) each, `mask` added to the scores. */
export function attention(q, k, v, { dropout = (weights) => weights, mask } = {}) {
  const scores = np.matmul(q, np.matrixTranspose(k)).mul(1 / Math.sqrt(v.shape.at(-1)));
  return np.matmul(dropout(nn.softmax(mask === undefined ? scores : scores.add(mask), -1)), v);
}

/** The exact form, by erfc. */
export function gelu(x) {
  return nn.gelu(x, { approximate: false });
}

/** Over the last dimension. */
export function layerNorm(x, weight, bias) {
  return nn.standardize(x, -1).mul(weight).add(bias);
}

/** (N, C, H, W), filters of 3 x 3 that keep the size. */
export function conv2d(x, filter, bias) {
  return lax.conv(x, filter, [1, 1], "SAME").add(bias.reshape([1, -1, 1, 1]));
}

// --- internal helpers ---

/** `weight` is (out, in). */
function linear(x, weight, bias) {
  return np.matmul(x, np.transpose(weight)).add(bias);
}
