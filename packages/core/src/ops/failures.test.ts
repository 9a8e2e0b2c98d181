import { describe, test } from "vitest";
import { type Backend, cat, functional as F, grad, stack, type Tensor, tensor, tidy } from "../index";
import { failEverywhere, SETTINGS } from "../testing/faults";

type Inputs = ReturnType<typeof inputsOn>;
type Operation = (inputs: Inputs) => Tensor;

/** Functions with a gradient. Each is a single call, so that all it makes but the result is its own to free. */
const DIFFERENTIABLE: Readonly<Record<string, Operation>> = {
  add: ({ x, y }) => x.add(y),
  "add of integers and floats": ({ n, x }) => n.add(x),
  "sub, broadcast": ({ batch, y }) => batch.sub(y),
  "mul by itself": ({ x }) => x.mul(x),
  "mul of integers, by strides": ({ nt, yt }) => nt.mul(yt),
  div: ({ xt, yt }) => xt.div(yt),
  "pow of integers": ({ n, y }) => n.pow(y),
  "pow by a number": ({ y }) => y.pow(2.5),
  maximum: ({ x, y }) => F.maximum(x, y),
  "minimum with a number": ({ xt }) => F.minimum(xt, 0.5),
  exp: ({ x }) => x.exp(),
  "exp, by strides": ({ xt }) => xt.exp(),
  "log, by strides": ({ yt }) => yt.log(),
  "tanh, by strides": ({ xt }) => F.tanh(xt),
  "sigmoid, by strides": ({ xt }) => F.sigmoid(xt),
  "gelu, by strides": ({ xt }) => F.gelu(xt),
  "silu, by strides": ({ xt }) => F.silu(xt),
  "leakyRelu, by strides": ({ xt }) => F.leakyRelu(xt),
  "elu, by strides": ({ xt }) => F.elu(xt),
  "selu, by strides": ({ xt }) => F.selu(xt),
  "softplus, by strides": ({ xt }) => F.softplus(xt, { beta: 2 }),
  clamp: ({ x }) => x.clamp({ min: -0.5, max: 0.5 }),
  "clamp, by strides": ({ xt }) => xt.clamp({ min: -0.5, max: 0.5 }),
  "where of integers and floats": ({ x, n, mask }) => F.where(mask, n, x),
  "where by strides": ({ xt, yt, maskT }) => xt.where(maskT, yt),
  sum: ({ x }) => x.sum(),
  "sum, by strides": ({ xt }) => xt.sum({ dim: 0 }),
  "sum over dimensions that are apart": ({ batch }) => batch.sum({ dim: [0, 2] }),
  "mean, by strides": ({ xt }) => xt.mean({ dim: 1, keepdim: true }),
  "mean over dimensions that are apart": ({ batch }) => batch.mean({ dim: [0, 2], keepdim: true }),
  amax: ({ x }) => x.amax({ dim: 1 }),
  "amax, by strides": ({ xt }) => xt.amax({ dim: 0 }),
  "amin over dimensions that are apart": ({ batch }) => batch.amin({ dim: [0, 2] }),
  "var, by strides": ({ xt }) => xt.var(),
  "std, by strides": ({ xt }) => xt.std({ dim: 1 }),
  reshape: ({ x }) => x.reshape([3, 2]),
  "reshape, by strides": ({ xt }) => xt.reshape([6]),
  expand: ({ x }) => x.expand([2, 2, 3]),
  slice: ({ xt }) => xt.slice(0, 0, 3, 2),
  contiguous: ({ xt }) => xt.contiguous(),
  matmul: ({ x, xt }) => x.matmul(xt),
  "matmul of vectors": ({ vector }) => vector.matmul(vector),
  "matmul of a vector and a matrix": ({ vector, xt }) => vector.matmul(xt),
  "matmul of a matrix and a vector": ({ x, vector }) => x.matmul(vector),
  "matmul of batches, broadcast": ({ batch, manyT }) => batch.matmul(manyT),
  "matmul of a batch and a matrix": ({ batch, xt }) => batch.matmul(xt),
  "matmul of matrices that no kernel reads": ({ sparse, x }) => sparse.matmul(x),
  linear: ({ x, y, bias }) => F.linear(x, y, bias),
  "linear without a bias": ({ x, y }) => F.linear(x, y),
  "linear of more dimensions": ({ batch, y, bias }) => F.linear(batch, y, bias),
  "linear by strides": ({ xt, sparse, bias }) => F.linear(xt, sparse, bias),
  "linear of integers": ({ n, y, bias }) => F.linear(n, y, bias),
  gather: ({ x, n }) => F.gather(x, 1, n),
  "gather, by strides": ({ xt, nt }) => F.gather(xt, 0, nt),
  conv1d: ({ x, kernel, bias }) => F.conv1d(x, kernel, { bias, padding: 1 }),
  "conv1d in groups, by strides": ({ yt, groups }) => F.conv1d(yt, groups, { groups: 3, padding: "same" }),
  convTranspose1d: ({ x, kernel, bias }) => F.convTranspose1d(x, kernel, { bias, stride: 2 }),
  unfold: ({ batch }) => F.unfold(batch, { kernelSize: [1, 2] }),
  fold: ({ x }) => F.fold(x, { outputSize: [1, 4], kernelSize: [1, 2] }),
  maxPool1d: ({ batch }) => F.maxPool1d(batch, { kernelSize: 2, stride: 1 }),
  "avgPool1d, by strides": ({ xt }) => F.avgPool1d(xt, { kernelSize: 2, padding: 1, countIncludePad: false }),
  adaptiveAvgPool1d: ({ x }) => F.adaptiveAvgPool1d(x, { outputSize: 2 }),
  adaptiveMaxPool2d: ({ batch }) => F.adaptiveMaxPool2d(batch, { outputSize: [null, 2] }),
  softmax: ({ x }) => F.softmax(x, { dim: 1 }),
  "softmax, by strides": ({ xt }) => F.softmax(xt, { dim: 0 }),
  "logSoftmax, by strides": ({ xt }) => F.logSoftmax(xt, { dim: 1 }),
  cat: ({ x, n, y }) => cat([x, n, y], { dim: 1 }),
  stack: ({ x, n, y }) => stack([x, n, y], { dim: 1 }),
  mseLoss: ({ xt, yt }) => F.mseLoss(xt, yt),
  l1Loss: ({ xt, yt }) => F.l1Loss(xt, yt, { reduction: "none" }),
  smoothL1Loss: ({ xt, yt }) => F.smoothL1Loss(xt, yt),
  binaryCrossEntropy: ({ y, mask }) => F.binaryCrossEntropy(y, mask),
  binaryCrossEntropyWithLogits: ({ xt, yt }) => F.binaryCrossEntropyWithLogits(xt, yt),
  crossEntropy: ({ x, classes }) => F.crossEntropy(x, classes, { labelSmoothing: 0.1 }),
  "crossEntropy of distributions": ({ xt, yt }) => F.crossEntropy(xt, yt, { labelSmoothing: 0.1, reduction: "sum" }),
  nllLoss: ({ x, classes }) => F.nllLoss(x, classes),
};

const OTHERS: Readonly<Record<string, Operation>> = {
  "add of a number to bool": ({ mask }) => mask.add(0.5),
  lt: ({ xt, nt }) => xt.lt(nt),
  "abs of integers, by strides": ({ nt }) => nt.abs(),
  "clamp of integers to a fraction, by strides": ({ nt }) => nt.clamp({ min: 0.5 }),
  "where of a number and integers": ({ nt, maskT }) => F.where(maskT, 0.5, nt),
  "sum of bool, by strides": ({ maskT }) => maskT.sum({ dim: 0 }),
  "amax of bool": ({ maskT }) => maskT.amax({ dim: 1 }),
  "argmax, by strides": ({ xt }) => xt.argmax({ keepdim: true }),
  "argmax along a dimension, by strides": ({ xt }) => xt.argmax({ dim: 1 }),
  "type, by strides": ({ xt }) => xt.type("int32"),
};

describe.each(SETTINGS)("where any $fault may fail, on a backend with $kernels kernels,", (setting) => {
  test.each(Object.entries({ ...DIFFERENTIABLE, ...OTHERS }))("%s leaves nothing behind", async (_, operation) => {
    await failEverywhere(setting, (backend) => {
      const inputs = inputsOn(backend);
      return { act: () => operation(inputs), watched: () => Object.values(inputs) };
    });
  });

  test.each(Object.entries(DIFFERENTIABLE))(
    "gradients of %s are there for all inputs, or for none, and so are second derivatives",
    async (_, operation) => {
      await failEverywhere(setting, (backend) => {
        const inputs = inputsOn(backend);
        const leaves = leavesOf(inputs);
        const seed = seedOf(operation, inputs);
        let output: Tensor | undefined;
        return {
          ready: () => {
            output = operation(inputs);
          },
          act: () => output?.backward(seed),
          done: () => output?.dispose(),
          watched: () => leaves.map((leaf) => leaf.grad),
          reset: () => dropGradients(inputs),
        };
      });
      await failEverywhere(setting, (backend) => {
        const inputs = inputsOn(backend);
        const leaves = leavesOf(inputs);
        const seed = seedOf(operation, inputs);
        const options = { createGraph: true, allowUnused: true };
        return {
          act: () =>
            tidy(() => {
              const gradients = grad(operation(inputs), leaves, { ...options, gradOutputs: seed }).filter((g) => g.requiresGrad);
              const seeds = gradients.map((g) => g.detach());
              return gradients.length === 0 ? [] : grad(gradients, leaves, { ...options, gradOutputs: seeds });
            }),
          watched: () => leaves,
        };
      });
    },
  );
});

// --- internal helpers ---

/** All are leaves, those by strides, too: a graph that a backward releases is made anew by each call. */
function inputsOn(backend: Backend) {
  const data = [-1.5, 0.25, 2, 0.5, -0.75, 1.25];
  const positive = [0.5, 0.75, 1, 0.125, 0.25, 0.875];
  const leaf = (values: number[], shape: number[], strided = (t: Tensor) => t): Tensor => {
    const made = tidy(() => strided(tensor(values, { shape, backend })).detach());
    made.requiresGrad = true;
    return made;
  };
  const turned = (t: Tensor) => t.transpose(0, 1);
  const labels = () => tensor(new Int32Array([1, 0, 2, 2, 1, 0]), { shape: [2, 3], backend });
  const decisions = () =>
    tensor(
      [
        [true, false, false],
        [false, true, true],
      ],
      { backend },
    );
  return {
    x: leaf(data, [2, 3]),
    y: leaf(positive, [2, 3]),
    xt: leaf(data, [2, 3], turned),
    yt: leaf(positive, [2, 3], turned),
    vector: leaf([1, 2, 3], [3]),
    bias: leaf([1, 2], [2]),
    batch: leaf(data, [2, 1, 3]),
    manyT: leaf(data, [1, 3, 2], (t) => t.expand([2, 3, 2])),
    kernel: leaf([1, -2, 0.5, 3, 2, -1, 4, 0.25], [2, 2, 2]),
    groups: leaf([1, -2, 0.5], [3, 1, 1]),
    sparse: leaf([1, 2, 3, 4, 5, 6, 7, 8], [2, 4], (t) => t.slice(1, 0, 4, 2)),
    n: labels(),
    nt: tidy(() => turned(labels())),
    mask: decisions(),
    maskT: tidy(() => turned(decisions())),
    classes: tensor(new Int32Array([2, 0]), { backend }),
  };
}

function leavesOf(inputs: Inputs): Tensor[] {
  return Object.values(inputs).filter((x) => x.requiresGrad);
}

function dropGradients(inputs: Inputs): void {
  for (const leaf of leavesOf(inputs)) {
    leaf.grad?.dispose();
    leaf.grad = null;
  }
}

/** A gradient for the output of an operation. */
function seedOf(operation: Operation, inputs: Inputs): Tensor {
  return tidy(() => {
    const { shape, size, backend } = operation(inputs);
    return tensor(
      Float32Array.from({ length: size }, (_, i) => 1 - i / 3),
      { shape, backend },
    );
  });
}
