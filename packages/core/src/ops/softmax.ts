import { ANY, type Primitive } from "../autograd/node";
import { run } from "../autograd/run";
import { composed } from "../autograd/scope";
import type { Backend } from "../backend/backend";
import type { Device } from "../backend/storage";
import { referenceSoftmax, referenceSoftmaxGrad } from "../cpu/softmax";
import { checkFloating } from "../dtype/dtype";
import { normalizeDim, sizeOf } from "../shape/shape";
import type { Tensor } from "../tensor/tensor";
import { checkTensor } from "./binary";
import { computedLayout, contiguous, runContiguous } from "./layout";

interface SoftmaxAttrs {
  readonly log: boolean;
  readonly dim: number;
}

/** The fused kernels. The gradient is a primitive of its own, so that it has a gradient, too. */
const softmaxPrimitive: Primitive<SoftmaxAttrs> = {
  name: "softmax",
  readsOutput: ANY,
  forward([x], { log, dim }) {
    const { device } = x.storage;
    return computedLayout(device, x.dtype, x.sizes, (out) => softmaxKernel(device)?.(log, x.layout, out, ...around(x, dim)));
  },
  backward(node, grad) {
    const y = node.output();
    const { log, dim } = node.attrs;
    const fused = softmaxGradKernel(grad.storage.device) !== undefined;
    return [fused ? run(softmaxGradPrimitive, [contiguous(grad), y], node.attrs) : composedGrad(grad, y, log, dim)];
  },
};

const softmaxGradPrimitive: Primitive<SoftmaxAttrs> = {
  name: "softmaxGrad",
  reads: [ANY, ANY],
  forward(inputs, { log, dim }) {
    const [grad, y] = inputs as [Tensor, Tensor];
    const { device } = y.storage;
    return computedLayout(device, y.dtype, y.sizes, (out) =>
      softmaxGradKernel(device)?.(log, y.layout, grad.layout, out, ...around(y, dim)),
    );
  },
  backward(node, grad) {
    const { log, dim } = node.attrs;
    const g = node.input(0);
    const y = node.input(1);
    const total = (x: Tensor) => x.sum({ dim, keepdim: true });
    if (log) {
      // f = g - e^y sum(g): by g: grad - sum(grad e^y); by y: -grad e^y sum(g).
      const weighted = grad.mul(y.exp());
      return [node.needs(0) ? grad.sub(total(weighted)) : null, node.needs(1) ? weighted.mul(total(g)).neg() : null];
    }
    // f = y (g - sum(g y)): by g: y (grad - sum(grad y)); by y: grad (g - sum(g y)) - g sum(grad y).
    const inner = total(grad.mul(y));
    return [node.needs(0) ? y.mul(grad.sub(inner)) : null, node.needs(1) ? grad.mul(g.sub(total(g.mul(y)))).sub(g.mul(inner)) : null];
  },
};

/** Softmax along one dimension, or its logarithm: fused where the backend can, else composed. */
export function applySoftmax(tensor: Tensor, log: boolean, dimension: unknown): Tensor {
  const name = log ? "logSoftmax" : "softmax";
  const x = checkTensor(name, tensor);
  checkFloating(name, x.dtype);
  const dim = normalizeDim(name, dimension, x.sizes.length);
  if (softmaxKernel(x.storage.device) !== undefined) return runContiguous(softmaxPrimitive, [x], { log, dim });
  return composed(() => {
    const shifted = x.sub(x.detach().amax({ dim, keepdim: true }));
    const exp = shifted.exp();
    const sum = exp.sum({ dim, keepdim: true });
    return log ? shifted.sub(sum.log()) : exp.div(sum);
  });
}

// --- internal helpers ---

/** The backend's kernel, or the reference one on its memory; none on a device that has neither. */
export function softmaxKernel({ kernels, view }: Device): Backend["softmax"] {
  return kernels.softmax ?? (view && referenceSoftmax(view));
}

export function softmaxGradKernel({ kernels, view }: Device): Backend["softmaxGrad"] {
  return kernels.softmaxGrad ?? (view && referenceSoftmaxGrad(view));
}

function composedGrad(grad: Tensor, y: Tensor, log: boolean, dim: number): Tensor {
  if (log) return grad.sub(y.exp().mul(grad.sum({ dim, keepdim: true })));
  return y.mul(grad.sub(grad.mul(y).sum({ dim, keepdim: true })));
}

function around(x: Tensor, dim: number): [outer: number, size: number, inner: number] {
  return [sizeOf(x.sizes.slice(0, dim)), x.sizes[dim] ?? 1, sizeOf(x.sizes.slice(dim + 1))];
}
