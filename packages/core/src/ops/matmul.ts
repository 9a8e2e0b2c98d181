import type { Primitive } from "../autograd/node";
import { run } from "../autograd/run";
import type { Backend } from "../backend/backend";
import type { Device } from "../backend/device";
import { referenceLinear } from "../cpu/matmul";
import { isFloating, promote } from "../dtype/dtype";
import { ShapeError } from "../errors/errors";
import { broadcastShapes, formatShape, frozen, type Shape, sizeOf } from "../shape/shape";
import type { Tensor } from "../tensor/tensor";
import { checkTensor } from "./binary";
import { cast, computedLayout, contiguous } from "./layout";

/** Two matrices, or two equal batches of them. */
const matmulPrimitive: Primitive<null> = {
  name: "matmul",
  reads: [0b10, 0b01],
  forward(inputs) {
    const [a, b] = inputs as [Tensor, Tensor];
    const { device } = a.storage;
    const shape = frozen([...a.shape.slice(0, -1), b.shape.at(-1) as number]);
    return computedLayout(device, a.dtype, shape, (out) => device.kernels.matmul(a, b, out));
  },
  backward: (node, grad) => [
    node.needs(0) ? grad.matmul(node.input(1).transpose(-2, -1)) : null,
    node.needs(1) ? node.input(0).transpose(-2, -1).matmul(grad) : null,
  ],
};

/** `x weight^T + bias` in one kernel, for matrices; its gradients are matrix products. */
const linearPrimitive: Primitive<null> = {
  name: "linear",
  reads: [0b10, 0b01],
  forward(inputs) {
    const [x, weight, bias = null] = inputs as [Tensor, Tensor, Tensor?];
    const { device } = x.storage;
    const shape = frozen([x.shape[0] as number, weight.shape[0] as number]);
    return computedLayout(device, x.dtype, shape, (out) => linearKernel(device)?.(x, weight, bias, out));
  },
  backward: (node, grad) => [
    node.needs(0) ? grad.matmul(node.input(1)) : null,
    node.needs(1) ? grad.transpose(0, 1).matmul(node.input(0)) : null,
    ...(node.needs(2) ? [grad.sum({ dim: 0 })] : []),
  ],
};

/**
 * The matrix product, with PyTorch's rules: 1-dimensional operands are a row on the left and a column on the right, and leading dimensions
 * broadcast as batches.
 */
export function matmul(left: Tensor, right: Tensor): Tensor {
  const x = checkTensor("matmul", left);
  const other = checkTensor("matmul", right);
  const dtype = promote(x.dtype, other.dtype);
  if (!isFloating(dtype))
    throw new TypeError(`matmul: expected float tensors, got ${x.dtype} and ${other.dtype} - convert with x.type("float32")`);
  if (x.shape.length === 0 || other.shape.length === 0) {
    throw new ShapeError("matmul", [x.shape, other.shape], "expected at least one dimension each, got a scalar - multiply with mul");
  }
  const a = cast(x.shape.length === 1 ? x.unsqueeze(0) : x, dtype);
  const b = cast(other.shape.length === 1 ? other.unsqueeze(1) : other, dtype);
  if (a.shape.at(-1) !== b.shape.at(-2)) {
    throw new ShapeError(
      "matmul",
      [x.shape, other.shape],
      `expected equal inner sizes, got ${formatShape(x.shape)} and ${formatShape(other.shape)}`,
    );
  }
  let out = batched(a, b);
  if (other.shape.length === 1) out = out.squeeze(-1);
  if (x.shape.length === 1) out = out.squeeze(other.shape.length === 1 ? -1 : -2);
  return out;
}

/** `x weight^T + bias` over the last dimension of x. */
export function linear(input: Tensor, weights: Tensor, offsets?: Tensor | null): Tensor {
  const x = checkTensor("linear", input);
  const weight = checkTensor("linear", weights, "weight");
  const bias = offsets === undefined || offsets === null ? null : checkTensor("linear", offsets, "bias");
  const fits = weight.shape.length === 2 && x.shape.length > 0 && x.shape.at(-1) === weight.shape[1];
  if (!fits) {
    throw new ShapeError(
      "linear",
      [x.shape, weight.shape],
      `expected x [..., in] and weight [out, in], got ${formatShape(x.shape)} and ${formatShape(weight.shape)}`,
    );
  }
  if (bias && (bias.shape.length !== 1 || bias.shape[0] !== weight.shape[0])) {
    throw new ShapeError(
      "linear",
      [weight.shape, bias.shape],
      `expected a bias of shape [${weight.shape[0]}], got ${formatShape(bias.shape)}`,
    );
  }
  const inputs = bias ? [x, weight, bias] : [x, weight];
  const sameDtype = isFloating(x.dtype) && inputs.every((input) => input.dtype === x.dtype);
  if (!sameDtype || linearKernel(x.storage.device) === undefined) {
    const product = matmul(x, weight.transpose(0, 1));
    return bias ? product.add(bias) : product;
  }
  const rows = x.shape.length === 2 ? x : x.reshape([-1, x.shape.at(-1) as number]);
  const out = run(linearPrimitive, [rows, ...inputs.slice(1)].map(contiguous), null);
  return x.shape.length === 2 ? out : out.reshape([...x.shape.slice(0, -1), weight.shape[0] as number]);
}

// --- internal helpers ---

/** The backend's kernel, or the reference one where its matmul is the reference one, too; else `linear` is composed of its own matmul. */
function linearKernel({ backend, kernels, view }: Device): Backend["linear"] {
  return kernels.linear ?? (view && backend.matmul === undefined ? referenceLinear(view) : undefined);
}

function batched(a: Tensor, b: Tensor): Tensor {
  if (a.shape.length === 2 && b.shape.length === 2) return run(matmulPrimitive, [kernelReady(a), kernelReady(b)], null);
  const [m, k] = a.shape.slice(-2) as [number, number];
  const n = b.shape.at(-1) as number;
  if (b.shape.length === 2) {
    // One matrix on the right serves all rows, so the batches are just more rows.
    return run(matmulPrimitive, [kernelReady(a.reshape([sizeOf(a.shape.slice(0, -1)), k])), kernelReady(b)], null).reshape([
      ...a.shape.slice(0, -1),
      n,
    ]);
  }
  const batch = broadcastShapes("matmul", a.shape.slice(0, -2), b.shape.slice(0, -2));
  const flat = (x: Tensor, matrix: Shape) => kernelReady(x.expand([...batch, ...matrix]).reshape([sizeOf(batch), ...matrix]));
  return run(matmulPrimitive, [flat(a, [m, k]), flat(b, [k, n])], null).reshape([...batch, m, n]);
}

/** The tensor as the contract wants a matrix: one of the last two strides is 1 and the other at least the row length; else a copy. */
function kernelReady(x: Tensor): Tensor {
  const [rows, columns] = x.shape.slice(-2) as [number, number];
  const [rowStride, columnStride] = x.strides.slice(-2) as [number, number];
  const plain = columnStride === 1 && rowStride >= columns;
  const transposed = rowStride === 1 && columnStride >= rows;
  return plain || transposed ? x : x.contiguous();
}
