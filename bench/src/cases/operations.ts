import { type Backend, functional as F, manualSeed, noGrad, type Tensor, tensor } from "@dropwise/core";
import type { HostData } from "../competitor";
import { type OperationTask, P } from "../task";
import type { Work } from "./work";

/** One of the operations or layers of `operations.ts`, on operands that change from round to round. */
export function operationWork(backend: Backend, { name, shapes, gradients }: OperationTask, data: HostData): Work {
  const compute = OPERATIONS[name];
  if (compute === undefined) throw new Error(`no operation ${name}`);
  let operands: Tensor[] = [];
  let gradient: Tensor | undefined;
  const dispose = (): void => {
    for (const operand of operands) operand.dispose();
  };
  return {
    prepare(round) {
      dispose();
      operands = shapes.map((shape, i) => {
        const count = shape.reduce((a, b) => a * b);
        return tensor(data.values(count, round + i), { shape, backend, requiresGrad: gradients });
      });
      manualSeed(round);
      if (!gradients || gradient !== undefined) return;
      const y = noGrad(() => compute(operands));
      gradient = tensor(data.values(y.size, 1), { shape: y.shape, backend });
      y.dispose();
    },
    run(calls) {
      if (gradients) for (let i = 0; i < calls; i++) forwardBackward(compute, operands, gradient as Tensor);
      else noGrad(() => forward(compute, operands, calls));
    },
    dispose() {
      dispose();
      gradient?.dispose();
    },
  };
}

// --- internal helpers ---

type Compute = (operands: readonly Tensor[]) => Tensor;
type Three = [Tensor, Tensor, Tensor];

const OPERATIONS: Readonly<Record<string, Compute>> = {
  relu: ([x]) => F.relu(x as Tensor),
  sigmoid: ([x]) => F.sigmoid(x as Tensor),
  tanh: ([x]) => F.tanh(x as Tensor),
  exp: ([x]) => (x as Tensor).exp(),
  gelu: ([x]) => F.gelu(x as Tensor),
  add: ([x, y]) => (x as Tensor).add(y as Tensor),
  "softmax-last": ([x]) => F.softmax(x as Tensor, { dim: 1 }),
  "softmax-first": ([x]) => F.softmax(x as Tensor, { dim: 0 }),
  "sum-all": ([x]) => (x as Tensor).sum(),
  "sum-rows": ([x]) => (x as Tensor).sum({ dim: 1 }),
  "sum-columns": ([x]) => (x as Tensor).sum({ dim: 0 }),
  "amax-rows": ([x]) => (x as Tensor).amax({ dim: 1 }),
  transpose: ([x]) => copied((x as Tensor).transpose(0, 1)),
  permute: ([x]) => copied((x as Tensor).permute([0, 2, 1, 3])),
  matmul: ([x, y]) => (x as Tensor).matmul(y as Tensor),
  attention: (operands) => F.scaledDotProductAttention(...(operands as Three)),
  "attention-dropout": (operands) => F.scaledDotProductAttention(...(operands as Three), { dropoutP: 0.1 }),
  conv2d: ([x, weight, bias]) => F.conv2d(x as Tensor, weight as Tensor, { bias: bias as Tensor, padding: 1 }),
  "layer-norm": ([x, weight, bias]) => F.layerNorm(x as Tensor, { normalizedShape: [768], weight: weight as Tensor, bias: bias as Tensor }),
  "batch-norm": ([x, weight, bias]) => F.batchNorm(x as Tensor, { weight: weight as Tensor, bias: bias as Tensor, training: true }),
  linear: (operands) => F.linear(...(operands as Three)),
  "linear-dropout"(operands) {
    const hidden = F.linear(...(operands as Three));
    const y = F.dropout(hidden, { p: P });
    hidden.dispose();
    return y;
  },
};

function copied(view: Tensor): Tensor {
  const copy = view.contiguous();
  view.dispose();
  return copy;
}

function forward(compute: Compute, operands: readonly Tensor[], calls: number): void {
  for (let i = 0; i < calls; i++) compute(operands).dispose();
}

function forwardBackward(compute: Compute, operands: readonly Tensor[], gradient: Tensor): void {
  const y = compute(operands);
  y.backward(gradient);
  y.dispose();
  for (const operand of operands) {
    operand.grad?.dispose();
    operand.grad = null;
  }
}
