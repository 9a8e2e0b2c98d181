/** Training steps in jax-js: loss, gradients and an optimizer by hand in one jitted function. */
import { blockUntilReady, grad, jit, nn, numpy as np, random, tree } from "@jax-js/jax";
import { drop, nextKey } from "./jax-js-draws.mjs";

/**
 * Steps of a loss (weights, key, x, y) on a batch that changes from round to round.
 *
 * @param {(round: number) => [x: object, y: object]} batch
 * @param {"sgd" | "adam"} kind
 * @param {{ lr: number, decay?: number }} options With `decay`, Adam is AdamW.
 */
export function trainingWork(loss, weights, batch, kind, options) {
  const step = OPTIMIZERS[kind](grad(loss), options);
  const moments = kind === "adam" ? [0, 1].flatMap(() => weights.map(({ shape }) => np.zeros(shape))) : [];
  let state = [...weights, ...moments];
  let steps = 0;
  let arrays = [];
  return {
    prepare(round) {
      tree.dispose(arrays);
      arrays = batch(round);
    },
    async run(count) {
      for (let i = 0; i < count; i++) {
        state = step(state, np.array(++steps), nextKey(), ...arrays.map((array) => array.ref));
        await blockUntilReady(state);
      }
    },
    dispose: () => tree.dispose([...state, ...arrays]),
  };
}

/** Networks of linear layers, each but the last followed by ReLU and dropout. */
export function layersWork({ layers, batch, head, learningRate: lr }, data) {
  const weights = layers.slice(1).flatMap((outputs, i) => [uniform([layers[i], outputs], layers[i]), uniform([outputs], layers[i])]);
  const loss = (parameters, key, x, y) => {
    const keys = random.split(key, layers.length);
    let hidden = x;
    for (let i = 0; i < parameters.length; i += 2) {
      hidden = np.matmul(hidden, parameters[i]).add(parameters[i + 1]);
      if (i + 2 < parameters.length) hidden = drop(keys.ref.slice(i / 2), nn.relu(hidden));
    }
    keys.dispose();
    if (head === "classes") return crossEntropy(hidden, y);
    // Binary cross-entropy of the logits: y log p + (1 - y) log (1 - p), with log (1 - p) = log p - logit.
    const logP = nn.logSigmoid(hidden.ref);
    return np.mean(logP.sub(hidden.mul(np.array(1).sub(y)))).neg();
  };
  const target = (round) => {
    if (head === "classes") return oneHot(data, round, batch, layers.at(-1));
    return np.array(data.values(batch, round + 1).map((value) => (value > 0 ? 1 : 0))).reshape([batch, 1]);
  };
  const inputs = (round) => np.array(data.values(batch * layers[0], round).slice()).reshape([batch, layers[0]]);
  return trainingWork(loss, weights, (round) => [inputs(round), target(round)], head === "sigmoid" ? "sgd" : "adam", { lr });
}

export function crossEntropy(logits, target) {
  return np.mean(np.sum(nn.logSoftmax(logits, -1).mul(target), 1)).neg();
}

/** As PyTorch begins: bounded by one over the root of the inputs. */
export function uniform(shape, inputs) {
  const bound = 1 / Math.sqrt(inputs);
  return random.uniform(nextKey(), shape, { minval: -bound, maxval: bound });
}

/** The classes of a round, a row of zeros and a one each. */
export function oneHot(data, round, count, classes) {
  const rows = new Float32Array(count * classes);
  data.values(count, round + 1).forEach((value, row) => {
    rows[row * classes + Math.floor(((value + 1) / 2) * classes)] = 1;
  });
  return np.array(rows).reshape([count, classes]);
}

// --- internal helpers ---

const OPTIMIZERS = { sgd, adam };
const refs = (arrays) => arrays.map((array) => array.ref);

function sgd(gradients, { lr }) {
  return jit((state, t, key, x, y) => {
    t.dispose();
    const step = gradients(refs(state), key, x, y);
    return state.map((weight, i) => weight.sub(step[i].mul(lr)));
  });
}

function adam(gradients, { lr, decay = 0 }) {
  return jit((state, t, key, x, y) => {
    const count = state.length / 3;
    const [weights, first, second] = [0, 1, 2].map((part) => state.slice(part * count, (part + 1) * count));
    const step = gradients(refs(weights), key, x, y);
    const m = first.map((old, i) => old.mul(0.9).add(step[i].ref.mul(0.1)));
    const v = second.map((old, i) => old.mul(0.999).add(step[i].ref.mul(step[i]).mul(0.001)));
    const [c1, c2] = [0.9, 0.999].map((beta) => np.array(1).sub(np.power(np.array(beta), t.ref)));
    const updated = weights.map((weight, i) => {
      const size = np.sqrt(v[i].ref.div(c2.ref)).add(1e-8);
      const kept = decay === 0 ? weight : weight.mul(1 - lr * decay);
      return kept.sub(m[i].ref.div(c1.ref).mul(lr).div(size));
    });
    tree.dispose([c1, c2, t]);
    return [...updated, ...m, ...v];
  });
}
