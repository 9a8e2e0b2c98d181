import type { GradNode, Inputs, Primitive } from "../autograd/node";
import { run } from "../autograd/run";
import { composed } from "../autograd/scope";
import type { Backend } from "../backend/backend";
import type { Device } from "../backend/storage";
import { referenceLinear } from "../cpu/matmul";
import { checkFloating, type DType, isFloating, promote } from "../dtype/dtype";
import { ShapeError } from "../errors/errors";
import { broadcastShapes, formatShape, type Shape, sizeOf } from "../shape/shape";
import type { Tensor } from "../tensor/tensor";
import { checkTensor } from "./binary";
import { cast, computedLayout, runContiguous } from "./layout";

/** Two matrices, or two equal batches of them. */
const matmulPrimitive: Primitive<null> = {
  name: "matmul",
  reads: [0b10, 0b01],
  forward(inputs) {
    const [a, b] = inputs as [Tensor, Tensor];
    const shape = [...a.sizes.slice(0, -1), b.sizes.at(-1) as number];
    return computedLayout(a.storage.device, a.dtype, shape, (out, kernels) => kernels.matmul(a.layout, b.layout, out));
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
    const [x, weight, bias = null] = inputs as unknown as [Tensor, Tensor, Tensor?];
    const { device } = x.storage;
    const shape = [x.sizes[0] as number, weight.sizes[0] as number];
    return computedLayout(device, x.dtype, shape, (out) => linearKernel(device)?.(x.layout, weight.layout, bias?.layout ?? null, out));
  },
  backward: linearGradients,
};

/**
 * The matrix product, with PyTorch's rules: 1-dimensional operands are a row on the left and a column on the right, and leading dimensions
 * broadcast as batches.
 */
export function matmul(left: Tensor, right: Tensor): Tensor {
  const x = checkTensor("matmul", left);
  const other = checkTensor("matmul", right);
  const dtype = promote(x.dtype, other.dtype);
  checkFloating("matmul", dtype);
  const inner = other.sizes[Math.max(0, other.sizes.length - 2)];
  if (inner === undefined || x.sizes.at(-1) !== inner) {
    const detail = `expected equal inner sizes, got ${formatShape(x.sizes)} and ${formatShape(other.sizes)}`;
    throw new ShapeError("matmul", [x.sizes, other.sizes], detail);
  }
  if (isReady(x, dtype) && isReady(other, dtype)) return run(matmulPrimitive, [x, other], null);
  return composed(() => {
    const a = cast(x.sizes.length === 1 ? x.unsqueeze(0) : x, dtype);
    const b = cast(other.sizes.length === 1 ? other.unsqueeze(1) : other, dtype);
    const out = batched(a, b);
    if (other.sizes.length > 1 && x.sizes.length > 1) return out;
    // What a vector brought along to be a matrix.
    return out.squeeze(x.sizes.length > 1 ? -1 : other.sizes.length === 1 ? undefined : -2);
  });
}

/** `x weight^T + bias` over the last dimension of x. */
export function linear(input: Tensor, weights: Tensor, offsets?: Tensor | null): Tensor {
  const [x, weight, bias] = checkLinear("linear", input, weights, offsets);
  const inputs: Inputs = bias ? [x, weight, bias] : [x, weight];
  const sameDtype = isFloating(x.dtype) && inputs.every((input) => input.dtype === x.dtype);
  if (!sameDtype || linearKernel(x.storage.device) === undefined) {
    return composed(() => {
      const product = matmul(x, weight.transpose(0, 1));
      return bias ? product.add(bias) : product;
    });
  }
  if (x.sizes.length === 2) return runContiguous(linearPrimitive, inputs, null);
  return composed(() => {
    const rows = x.reshape([sizeOf(x.sizes.slice(0, -1)), x.sizes.at(-1) as number]);
    const out = runContiguous(linearPrimitive, [rows, ...inputs.slice(1)], null);
    return out.reshape([...x.sizes.slice(0, -1), weight.sizes[0] as number]);
  });
}

/** The operands of `linear`, when they fit. */
export function checkLinear(op: string, input: Tensor, weights: Tensor, offsets?: Tensor | null): [Tensor, Tensor, Tensor?] {
  const x = checkTensor(op, input);
  const weight = checkTensor(op, weights, "weight");
  const bias = offsets === undefined || offsets === null ? null : checkTensor(op, offsets, "bias");
  const fits = weight.sizes.length === 2 && x.sizes.length > 0 && x.sizes.at(-1) === weight.sizes[1];
  if (!fits) {
    const detail = `expected x [..., in] and weight [out, in], got ${formatShape(x.sizes)} and ${formatShape(weight.sizes)}`;
    throw new ShapeError(op, [x.sizes, weight.sizes], detail);
  }
  if (bias === null) return [x, weight];
  if (bias.sizes.length !== 1 || bias.sizes[0] !== weight.sizes[0]) {
    const detail = `expected a bias of shape [${weight.sizes[0]}], got ${formatShape(bias.sizes)}`;
    throw new ShapeError(op, [weight.sizes, bias.sizes], detail);
  }
  return [x, weight, bias];
}

/** The gradients of `x weight^T + bias`, for matrices, from the inputs of a node that saved the first two. */
export function linearGradients(node: GradNode<unknown>, grad: Tensor): (Tensor | null)[] {
  return [
    node.needs(0) ? grad.matmul(node.input(1)) : null,
    node.needs(1) ? grad.transpose(0, 1).matmul(node.input(0)) : null,
    ...(node.needs(2) ? [grad.sum({ dim: 0 })] : []),
  ];
}

// --- internal helpers ---

/** The backend's kernel, or the reference one where its matmul is the reference one, too; else `linear` is composed of its own matmul. */
export function linearKernel({ backend, kernels, view }: Device): Backend["linear"] {
  return kernels.linear ?? (view && backend.matmul === undefined ? referenceLinear(view) : undefined);
}

function batched(a: Tensor, b: Tensor): Tensor {
  const [m, k] = a.sizes.slice(-2) as [number, number];
  const n = b.sizes.at(-1) as number;
  if (b.sizes.length === 2) {
    // One matrix on the right serves all rows, so the batches are just more rows.
    return run(matmulPrimitive, [kernelReady(a.reshape([sizeOf(a.sizes.slice(0, -1)), k])), kernelReady(b)], null).reshape([
      ...a.sizes.slice(0, -1),
      n,
    ]);
  }
  const batch = broadcastShapes("matmul", a.sizes.slice(0, -2), b.sizes.slice(0, -2));
  const flat = (x: Tensor, matrix: Shape) => {
    const all = x.expand([...batch, ...matrix]);
    // Kernels step through one batch dimension as it is; a reshape would copy what is repeated or transposed.
    return kernelReady(batch.length > 1 ? all.reshape([sizeOf(batch), ...matrix]) : all);
  };
  return run(matmulPrimitive, [flat(a, [m, k]), flat(b, [k, n])], null).reshape([...batch, m, n]);
}

/** True for a matrix as the contract wants one: one of the last two strides is 1 and the other at least the row length. */
function isKernelReady(x: Tensor): boolean {
  const [rows, columns] = x.sizes.slice(-2) as [number, number];
  const [rowStride, columnStride] = x.steps.slice(-2) as [number, number];
  const plain = columnStride === 1 && rowStride >= columns;
  const transposed = rowStride === 1 && columnStride >= rows;
  return plain || transposed;
}

/** The tensor, or a copy that the kernel can read. */
function kernelReady(x: Tensor): Tensor {
  return isKernelReady(x) ? x : x.contiguous();
}

/** True for a matrix that needs nothing done before the product. */
function isReady(x: Tensor, dtype: DType): boolean {
  return x.sizes.length === 2 && x.dtype === dtype && isKernelReady(x);
}
