import { readFileSync } from "node:fs";
import * as jax from "@jax-js/jax";
import { drop, nextKey } from "./jax-js-draws.mjs";
import { modelWork } from "./jax-js-models.mjs";
import { operationCall } from "./jax-js-operations.mjs";
import { layersWork } from "./jax-js-training.mjs";

const { jit, numpy: np, tree, vjp } = jax;
const NOTES =
  "jax.random.bernoulli and where, under jit, as JAX users write dropout: the mask comes from Threefry and a key that is made anew for each call. Backward is " +
  "vjp of it. Operations and layers are a jitted function each, with their vjp where gradients are asked for; attention (whose own function has no dropout) " +
  "is matmul, softmax and matmul, the norms are nn.standardize. A training step (loss, gradients, optimizer by hand) is one jitted function, in which an LSTM " +
  "is unrolled, since there is no scan. WebAssembly, one thread; a call is over when blockUntilReady is.";

export default async () => {
  const devices = await jax.init("wasm");
  if (!devices.includes("wasm")) throw new Error("jax-js has no wasm device here");
  jax.defaultDevice("wasm");
  const { version } = JSON.parse(readFileSync(new URL("node_modules/@jax-js/jax/package.json", import.meta.url), "utf8"));
  return [{ name: "jax-js-wasm", threads: 1, device: `wasm simd, ${version}`, notes: NOTES, entry: workFor, close() {} }];
};

// --- internal helpers ---

function workFor(task, data) {
  if (task.op === "dropout" || task.op === "latency") {
    const call = jit((key, x) => drop(key, x));
    return withInput(task, data, (x) => call(nextKey(), x.ref));
  }
  if (task.op === "dropout-feature") {
    const [n, c] = task.shape;
    const call = jit((key, x) => drop(key, x, 0.5, [n, c, 1, 1]));
    return withInput(task, data, (x) => call(nextKey(), x.ref));
  }
  if (task.op === "dropout-backward") {
    const gradient = np.array(data.values(task.elements, 1).slice());
    const call = jit((key, x, g) => {
      const [y, backward] = vjp((input) => drop(key, input), [x]);
      return [y, backward(g)[0]];
    });
    return withInput(task, data, (x) => call(nextKey(), x.ref, gradient.ref), gradient);
  }
  if (task.op === "matmul") return matmul(task, data);
  if ("shapes" in task) return operation(task, data);
  if ("model" in task) return modelWork(task, data);
  return "layers" in task ? layersWork(task, data) : null;
}

/** Waits for what a call returned, then frees it. */
async function finish(result) {
  await jax.blockUntilReady(result);
  tree.dispose(result);
}

function withInput({ elements, shape }, data, call, ...held) {
  let x;
  return {
    prepare(round) {
      x?.dispose();
      x = np.array(data.values(elements, round).slice()).reshape([...shape]);
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

function operation(task, data) {
  const calls = operationCall(task);
  if (calls === null) return null;
  const array = (shape, round) => {
    const count = shape.reduce((a, b) => a * b, 1);
    return np.array(data.values(count, round).slice()).reshape([...shape]);
  };
  let operands = [];
  let gradient;
  return {
    async prepare(round) {
      tree.dispose(operands);
      operands = task.shapes.map((shape, i) => array(shape, round + i));
      if (!task.gradients || gradient !== undefined) return;
      const y = calls.forward(operands);
      gradient = array(y.shape, 1);
      await finish(y);
    },
    async run(count) {
      for (let i = 0; i < count; i++) await finish(calls.call(operands, gradient));
    },
    dispose: () => tree.dispose([...operands, ...(gradient === undefined ? [] : [gradient])]),
  };
}
