import type { Primitive } from "../autograd/node";
import { run } from "../autograd/run";
import type { ConvolutionSpec } from "../backend/backend";
import type { Device } from "../backend/storage";
import { hasMembers, laterMember } from "../cpu/device-of";
import type { DType } from "../dtype/dtype";
import { type Shape, sizeOf } from "../shape/shape";
import type { Tensor } from "../tensor/tensor";
import { computedLayout, contiguous, runContiguous } from "./layout";

/** The windows, and the sizes that the result has beside its channels: for the gradient by the weights, the weights' own. */
interface Attrs {
  readonly spec: ConvolutionSpec;
  readonly sizes: Shape;
}

/** A window with more elements is left to the composed form. */
const MOST_ELEMENTS = 16384;

/**
 * Convolution, its gradient by the input and its gradient by the weights. Each is linear in both of its factors, and its gradients are the other two,
 * so that gradients of any order come of these three alone. Inputs: two factors, and for the first two perhaps a bias.
 */
const forwardPrimitive: Primitive<Attrs> = {
  name: "convolution",
  reads: [0b10, 0b01],
  forward([x, weight, bias], { spec, sizes }) {
    const { device } = x.storage;
    const shape = [x.sizes[0] as number, (weight as Tensor).sizes[0] as number, ...sizes];
    return computedLayout(device, x.dtype, shape, (out) =>
      laterMember(device, "convolution")?.(spec, x.layout, (weight as Tensor).layout, bias?.layout ?? null, out),
    );
  },
  backward(node, grad) {
    const { spec } = node.attrs;
    const [input, weights] = node.shapes as [Shape, Shape];
    return [
      node.needs(0) ? by(inputPrimitive, grad, node.input(1), spec, input.slice(2)) : null,
      node.needs(1) ? by(weightPrimitive, node.input(0), grad, spec, weights) : null,
      ...biasGradient(node.shapes.length === 3 && node.needs(2), grad),
    ];
  },
};

const inputPrimitive: Primitive<Attrs> = {
  name: "convolutionGradInput",
  reads: [0b10, 0b01],
  forward([grad, weight, bias], { spec, sizes }) {
    const { device } = grad.storage;
    const shape = [grad.sizes[0] as number, ((weight as Tensor).sizes[1] as number) * spec.groups, ...sizes];
    return computedLayout(device, grad.dtype, shape, (out) =>
      laterMember(device, "convolutionGradInput")?.(spec, grad.layout, (weight as Tensor).layout, bias?.layout ?? null, out),
    );
  },
  backward(node, grad) {
    const { spec } = node.attrs;
    const weights = node.shapes[1] as Shape;
    return [
      node.needs(0) ? by(forwardPrimitive, grad, node.input(1), spec, spec.outSizes) : null,
      node.needs(1) ? by(weightPrimitive, grad, node.input(0), spec, weights) : null,
      ...biasGradient(node.shapes.length === 3 && node.needs(2), grad),
    ];
  },
};

const weightPrimitive: Primitive<Attrs> = {
  name: "convolutionGradWeight",
  reads: [0b10, 0b01],
  forward([x, grad], { spec, sizes }) {
    const { device } = x.storage;
    return computedLayout(device, x.dtype, sizes, (out) =>
      laterMember(device, "convolutionGradWeight")?.(spec, x.layout, (grad as Tensor).layout, out),
    );
  },
  backward(node, grad) {
    const { spec } = node.attrs;
    const input = node.shapes[0] as Shape;
    return [
      node.needs(0) ? by(inputPrimitive, node.input(1), grad, spec, input.slice(2)) : null,
      node.needs(1) ? by(forwardPrimitive, node.input(0), grad, spec, spec.outSizes) : null,
    ];
  },
};

/** Whether a device convolves such windows itself. */
export function convolves(device: Device, dtype: DType, spec: ConvolutionSpec): boolean {
  return (
    dtype === "float32" &&
    sizeOf(spec.kernel) <= MOST_ELEMENTS &&
    hasMembers(device, "convolution", "convolutionGradInput", "convolutionGradWeight")
  );
}

/** The convolution of `x`, `[N, C, ...sizes]`, on a device that `convolves`. */
export function convolve(x: Tensor, weight: Tensor, bias: Tensor | null, spec: ConvolutionSpec): Tensor {
  return runContiguous(forwardPrimitive, bias === null ? [x, weight] : [x, weight, bias], { spec, sizes: spec.outSizes });
}

/** The one in the other direction, to images of `sizes`. */
export function convolveBack(x: Tensor, weight: Tensor, bias: Tensor | null, spec: ConvolutionSpec, sizes: Shape): Tensor {
  return runContiguous(inputPrimitive, bias === null ? [x, weight] : [x, weight, bias], { spec, sizes });
}

// --- internal helpers ---

function by(primitive: Primitive<Attrs>, a: Tensor, b: Tensor, spec: ConvolutionSpec, sizes: Shape): Tensor {
  return run(primitive, [contiguous(a), contiguous(b)], { spec, sizes });
}

/** The sum over all but the channels, if there is a bias that wants it. */
function biasGradient(isWanted: boolean, grad: Tensor): Tensor[] {
  return isWanted ? [grad.sum({ dim: grad.sizes.map((_, i) => i).filter((i) => i !== 1) })] : [];
}
