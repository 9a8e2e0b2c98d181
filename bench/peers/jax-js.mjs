import { readFileSync } from "node:fs";
import * as jax from "@jax-js/jax";

const { grad, jit, nn, numpy: np, random, tree, vjp } = jax;
const NOTES =
  "jax.random.bernoulli and where, under jit, as JAX users write dropout: the mask comes from Threefry and a key that is made anew for each call. Backward is " +
  "vjp of it. A training step (loss, gradients, optimizer by hand) is one jitted function. WebAssembly, one thread; a call is over when blockUntilReady is.";

export default async () => {
  const devices = await jax.init("wasm");
  if (!devices.includes("wasm")) throw new Error("jax-js has no wasm device here");
  jax.defaultDevice("wasm");
  const { version } = JSON.parse(readFileSync(new URL("node_modules/@jax-js/jax/package.json", import.meta.url), "utf8"));
  return [{ name: "jax-js-wasm", threads: 1, device: `wasm simd, ${version}`, notes: NOTES, entry: workFor, close() {} }];
};

// --- internal helpers ---

/** Calls so far: the seed of the next key, so that every call draws another mask. */
let calls = 0;

// Functions own their arguments here: every use of an array but the last takes a `.ref`.
const drop = (key, x) => np.where(random.bernoulli(key, 0.5, x.shape), x.mul(2), 0);

function workFor(task, data) {
  if (task.op === "dropout" || task.op === "latency") {
    const call = jit(drop);
    return withInput(task, data, (x) => call(random.key(calls++), x.ref));
  }
  if (task.op === "dropout-backward") {
    const gradient = np.array(data.values(task.elements, 1).slice());
    const call = jit((key, x, g) => {
      const [y, backward] = vjp((input) => drop(key, input), [x]);
      return [y, backward(g)[0]];
    });
    return withInput(task, data, (x) => call(random.key(calls++), x.ref, gradient.ref), gradient);
  }
  if (task.op === "matmul") return matmul(task, data);
  return "layers" in task ? training(task, data) : null;
}

/** Waits for what a call returned, then frees it. */
async function finish(result) {
  await jax.blockUntilReady(result);
  tree.dispose(result);
}

function withInput({ elements }, data, call, ...held) {
  let x;
  return {
    prepare(round) {
      x?.dispose();
      x = np.array(data.values(elements, round).slice());
    },
    async run(count) {
      for (let i = 0; i < count; i++) await finish(call(x));
    },
    dispose() {
      for (const array of [x, ...held]) array.dispose();
    },
  };
}

function matmul({ m, k, n, transposed: [ta, tb] }, data) {
  const call = jit((a, b) => np.matmul(ta ? np.transpose(a) : a, tb ? np.transpose(b) : b));
  let operands = [];
  const dispose = () => {
    for (const operand of operands) operand.dispose();
  };
  return {
    prepare(round) {
      dispose();
      const matrix = (rows, columns, flipped) =>
        np.array(data.values(rows * columns, round).slice()).reshape(flipped ? [columns, rows] : [rows, columns]);
      operands = [matrix(m, k, ta), matrix(k, n, tb)];
    },
    async run(count) {
      for (let i = 0; i < count; i++) await finish(call(operands[0].ref, operands[1].ref));
    },
    dispose,
  };
}

function training({ layers, batch, head, learningRate: lr }, data) {
  const weights = [];
  for (let i = 0; i + 1 < layers.length; i++) {
    const bound = 1 / Math.sqrt(layers[i]);
    for (const shape of [[layers[i], layers[i + 1]], [layers[i + 1]]]) {
      weights.push(random.uniform(random.key(weights.length), shape, { minval: -bound, maxval: bound }));
    }
  }
  const loss = (parameters, key, x, y) => {
    const keys = random.split(key, layers.length);
    let hidden = x;
    for (let i = 0; i < parameters.length; i += 2) {
      hidden = np.matmul(hidden, parameters[i]).add(parameters[i + 1]);
      if (i + 2 < parameters.length) hidden = drop(keys.ref.slice(i / 2), nn.relu(hidden));
    }
    keys.dispose();
    if (head === "classes") return np.mean(np.sum(nn.logSoftmax(hidden, -1).mul(y), 1)).neg();
    // Binary cross-entropy of the logits: y log p + (1 - y) log (1 - p), with log (1 - p) = log p - logit.
    const logP = nn.logSigmoid(hidden.ref);
    return np.mean(logP.sub(hidden.mul(np.array(1).sub(y)))).neg();
  };
  const gradients = grad(loss);
  const sgd = jit((state, key, x, y) => {
    const step = gradients(
      state.map((weight) => weight.ref),
      key,
      x,
      y,
    );
    return state.map((weight, i) => weight.sub(step[i].mul(lr)));
  });
  const adam = jit((state, t, key, x, y) => {
    const count = state.length / 3;
    const [params, first, second] = [0, 1, 2].map((part) => state.slice(part * count, (part + 1) * count));
    const step = gradients(
      params.map((weight) => weight.ref),
      key,
      x,
      y,
    );
    const m = first.map((old, i) => old.mul(0.9).add(step[i].ref.mul(0.1)));
    const v = second.map((old, i) => old.mul(0.999).add(step[i].ref.mul(step[i]).mul(0.001)));
    const [c1, c2] = [0.9, 0.999].map((beta) => np.array(1).sub(np.power(np.array(beta), t.ref)));
    const updated = params.map((weight, i) =>
      weight.sub(
        m[i].ref
          .div(c1.ref)
          .mul(lr)
          .div(np.sqrt(v[i].ref.div(c2.ref)).add(1e-8)),
      ),
    );
    for (const array of [c1, c2, t]) array.dispose();
    return [...updated, ...m, ...v];
  });
  let state = head === "sigmoid" ? weights : [...weights, ...[0, 1].flatMap(() => weights.map((weight) => np.zeros(weight.shape)))];
  let steps = 0;
  let [x, y] = [];
  const outputs = layers.at(-1);
  return {
    prepare(round) {
      x?.dispose();
      y?.dispose();
      x = np.array(data.values(batch * layers[0], round).slice()).reshape([batch, layers[0]]);
      const labels = data.values(batch, round + 1);
      const target = new Float32Array(batch * outputs);
      labels.forEach((value, row) => {
        if (head === "sigmoid") target[row] = value > 0 ? 1 : 0;
        else target[row * outputs + Math.floor(((value + 1) / 2) * outputs)] = 1;
      });
      y = np.array(target).reshape([batch, outputs]);
    },
    async run(count) {
      for (let i = 0; i < count; i++) {
        steps++;
        const key = random.key(calls++);
        state = head === "sigmoid" ? sgd(state, key, x.ref, y.ref) : adam(state, np.array(steps), key, x.ref, y.ref);
        await jax.blockUntilReady(state);
      }
    },
    dispose() {
      for (const array of [...state, x, y]) array.dispose();
    },
  };
}
