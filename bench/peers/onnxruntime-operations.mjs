/** The operations and layers of src/operations.ts as ONNX models, by name: what the operands x0, x1, x2 give as y. Forward only. */
import { axis, model, scalar } from "./onnx-model.mjs";

const float = (/** @type {number} */ value) => new Uint8Array(Float32Array.of(value).buffer);

/** The nodes of each, the constants that they take, and the rank of the output where it is not that of x0. */
const OPERATIONS = {
  relu: single("Relu"),
  sigmoid: single("Sigmoid"),
  tanh: single("Tanh"),
  exp: single("Exp"),
  gelu: { ...single("Gelu"), opset: 20 },
  add: single("Add", { operands: 2 }),
  "softmax-last": single("Softmax", { attributes: { axis: 1 } }),
  "softmax-first": single("Softmax", { attributes: { axis: 0 } }),
  "sum-all": { ...single("ReduceSum", { attributes: { keepdims: 0 } }), rank: 0 },
  "sum-rows": sum(1),
  "sum-columns": sum(0),
  "amax-rows": { ...single("ReduceMax", { attributes: { axes: [1], keepdims: 0 } }), rank: 1 },
  transpose: single("Transpose", { attributes: { perm: [1, 0] } }),
  permute: single("Transpose", { attributes: { perm: [0, 2, 1, 3] } }),
  matmul: single("MatMul", { operands: 2 }),
  attention: { ...single("Attention", { operands: 3 }), opset: 23 },
  "attention-dropout": {
    nodes: [
      node("Transpose", ["x1"], "transposed", { perm: [0, 1, 3, 2] }),
      node("MatMul", ["x0", "transposed"], "products"),
      node("Mul", ["products", "scale"], "scores"),
      node("Softmax", ["scores"], "weights", { axis: 3 }),
      node("Dropout", ["weights", "ratio", "training"], "dropped"),
      node("MatMul", ["dropped", "x2"], "y"),
    ],
    // The scale of heads of 64.
    constants: [scalar("scale", 1, float(1 / 8)), ...dropoutInputs(0.1)],
  },
  conv2d: single("Conv", { operands: 3, attributes: { pads: [1, 1, 1, 1] } }),
  linear: single("Gemm", { operands: 3, attributes: { transB: 1 } }),
  "linear-dropout": {
    nodes: [node("Gemm", ["x0", "x1", "x2"], "hidden", { transB: 1 }), node("Dropout", ["hidden", "ratio", "training"], "y")],
    constants: dropoutInputs(0.5),
  },
};

/** The model of a task; null for what is not there. */
export function operationModel({ name, shapes, gradients }) {
  const operation = OPERATIONS[name];
  if (operation === undefined || gradients) return null;
  const { nodes, constants, opset, rank = shapes[0].length } = operation;
  const inputs = shapes.map((shape, i) => ({ name: `x${i}`, rank: shape.length }));
  return model(nodes, { opset, inputs, outputs: [{ name: "y", rank }], constants });
}

/** Calls of a session, on operands that change from round to round. The output of the first call is written again by all others. */
export function operationWork(ort, session, { shapes }, data) {
  let feeds;
  let y;
  return {
    async prepare(round) {
      feeds = Object.fromEntries(
        shapes.map((shape, i) => {
          const count = shape.reduce((a, b) => a * b);
          return [`x${i}`, new ort.Tensor("float32", data.values(count, round + i).slice(), shape)];
        }),
      );
      y ??= (await session.run(feeds)).y;
    },
    async run(calls) {
      for (let i = 0; i < calls; i++) await session.run(feeds, { y });
    },
    dispose: () => void session.release(),
  };
}

/** The two constants that Dropout takes after its input. */
export function dropoutInputs(ratio) {
  return [scalar("ratio", 1, float(ratio)), scalar("training", 9, Uint8Array.of(1))];
}

// --- internal helpers ---

function node(op, inputs, output, attributes = {}) {
  return { op, inputs, outputs: [output], attributes };
}

/** All in one node. */
function single(op, { operands = 1, attributes } = {}) {
  return {
    nodes: [
      node(
        op,
        Array.from({ length: operands }, (_, i) => `x${i}`),
        "y",
        attributes,
      ),
    ],
  };
}

/** ReduceSum takes its dimension as an input. */
function sum(dim) {
  return { nodes: [node("ReduceSum", ["x0", "axes"], "y", { keepdims: 0 })], constants: [axis("axes", dim)], rank: 1 };
}
