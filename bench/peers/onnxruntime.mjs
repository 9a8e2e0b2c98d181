/** What onnxruntime-node and onnxruntime-web have in common: their API is the same. */
import { model } from "./onnx-model.mjs";
import { dropoutInputs, operationModel, operationWork } from "./onnxruntime-operations.mjs";

const NOTES =
  "ONNX's Dropout (opset 13) as a model of one node, ratio 0.5, training_mode true; the generator is the library's own, seeded at random, and a mask " +
  "is an output of its own, which is not asked for. Operations and layers are models of one node, too (Gelu, Attention, Conv with its bias, Gemm); " +
  "attention with dropout is MatMul, Softmax, Dropout and MatMul, and the session is told not to take the Dropout out. The output tensor is made once " +
  "and passed in as a fetch, so that outputs are reused. Each call is one awaited session.run on one thread (intraOpNumThreads 1). There are no " +
  "gradients here, and no training.";

/**
 * @param {string} name
 * @param {typeof import("onnxruntime-node")} ort
 * @param {string} version
 */
export function onnxruntime(name, ort, version) {
  const open = async (/** @type {Uint8Array} */ bytes) => {
    const hadWorker = "Worker" in globalThis;
    const executionProviders = [name === "onnxruntime-web" ? "wasm" : "cpu"];
    // Left to itself, a session takes a Dropout between other nodes out of the graph, training mode or not.
    const extra = { optimization: { disable_specified_optimizers: "EliminateDropout" } };
    const session = await ort.InferenceSession.create(bytes, { executionProviders, intraOpNumThreads: 1, extra });
    // onnxruntime-web leaves a global Worker behind in Node, which makes jax-js believe that it may share memory after all.
    if (!hadWorker) delete globalThis.Worker;
    return session;
  };
  return {
    name,
    threads: 1,
    device: version,
    notes: NOTES,
    async entry(task, data) {
      if (task.op === "dropout" || task.op === "latency") return dropout(ort, await open(dropoutModel()), task.elements, data);
      if (task.op === "matmul") return matmul(ort, await open(matmulModel(task.transposed)), task, data);
      if (!("shapes" in task)) return null;
      const bytes = operationModel(task);
      return bytes === null ? null : operationWork(ort, await open(bytes), task, data);
    },
    close() {},
  };
}

// --- internal helpers ---

function dropoutModel() {
  return model([{ op: "Dropout", inputs: ["x", "ratio", "training"], outputs: ["y"] }], {
    inputs: [{ name: "x", rank: 1 }],
    outputs: [{ name: "y", rank: 1 }],
    constants: dropoutInputs(0.5),
  });
}

/** Gemm, for its transposes, without the optional addend. @param {readonly [boolean, boolean]} transposed */
function matmulModel([a, b]) {
  return model([{ op: "Gemm", inputs: ["a", "b"], outputs: ["y"], attributes: { transA: Number(a), transB: Number(b) } }], {
    inputs: [
      { name: "a", rank: 2 },
      { name: "b", rank: 2 },
    ],
    outputs: [{ name: "y", rank: 2 }],
  });
}

function dropout(ort, session, elements, data) {
  const y = new ort.Tensor("float32", new Float32Array(elements), [elements]);
  let x;
  return {
    prepare(round) {
      x = new ort.Tensor("float32", data.values(elements, round).slice(), [elements]);
    },
    async run(calls) {
      for (let i = 0; i < calls; i++) await session.run({ x }, { y });
    },
    dispose: () => void session.release(),
  };
}

function matmul(ort, session, { m, k, n, transposed }, data) {
  const y = new ort.Tensor("float32", new Float32Array(m * n), [m, n]);
  let feeds;
  return {
    prepare(round) {
      const matrix = (rows, columns, flipped) =>
        new ort.Tensor("float32", data.values(rows * columns, round).slice(), flipped ? [columns, rows] : [rows, columns]);
      feeds = { a: matrix(m, k, transposed[0]), b: matrix(k, n, transposed[1]) };
    },
    async run(calls) {
      for (let i = 0; i < calls; i++) await session.run(feeds, { y });
    },
    dispose: () => void session.release(),
  };
}
