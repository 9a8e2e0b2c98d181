import { ANY, type Primitive } from "../autograd/node";
import { run } from "../autograd/run";
import { checkFloating } from "../dtype/dtype";
import type { OptionKinds } from "../errors/options";
import type { Shape } from "../shape/shape";
import type { Tensor } from "../tensor/tensor";
import { unrecorded } from "./layout";
import { countOf, meanOver, REDUCE, type ReduceOptions, readReduction, sumOver } from "./reduce";

/** The variance over dimensions: squared distances from the mean, summed and divided by the count less `correction`. */
export function variance(x: Tensor, options?: VarianceOptions): Tensor {
  return spread("var", variancePrimitive, x, options);
}

/** The standard deviation: the root of the variance. */
export function standardDeviation(x: Tensor, options?: VarianceOptions): Tensor {
  return spread("std", deviationPrimitive, x, options);
}

// --- internal helpers ---

/** What `var` and `std` take. */
interface VarianceOptions extends ReduceOptions {
  /** Taken off the count. Default: 1. */
  readonly correction?: number;
}

const VARIANCE: OptionKinds<VarianceOptions> = { ...REDUCE, correction: "number" };

interface SpreadAttrs {
  readonly dims: readonly number[];
  readonly keepdim: boolean;
  /** The count less the correction. */
  readonly freedom: number;
  /** The result's shape with the reduced dimensions as 1, to broadcast against the input. */
  readonly kept: Shape;
}

const variancePrimitive: Primitive<SpreadAttrs> = {
  name: "var",
  reads: [ANY],
  forward: ([x], attrs) => unrecorded(() => meanSquare(x, attrs)),
  backward: (node, grad) => [gradient(node.input(0), grad.reshape(node.attrs.kept), node.attrs)],
};

/** Where all elements are equal the root has no slope; PyTorch takes 0. */
const deviationPrimitive: Primitive<SpreadAttrs> = {
  name: "std",
  reads: [ANY],
  readsOutput: ANY,
  forward: ([x], attrs) => unrecorded(() => meanSquare(x, attrs).sqrt()),
  backward(node, grad) {
    const y = node.output();
    const ofVariance = grad.div(y.mul(2)).where(y.ne(0), 0);
    return [gradient(node.input(0), ofVariance.reshape(node.attrs.kept), node.attrs)];
  },
};

function spread(op: string, primitive: Primitive<SpreadAttrs>, tensor: Tensor, options: VarianceOptions | undefined): Tensor {
  const { x, given, dims, keepdim } = readReduction(op, tensor, options, VARIANCE);
  checkFloating(op, x.dtype);
  const kept = x.sizes.map((size, d) => (dims.includes(d) ? 1 : size));
  return run(primitive, [x], { dims, keepdim, freedom: Math.max(0, countOf(x, dims) - (given.correction ?? 1)), kept });
}

function centred(x: Tensor, dims: readonly number[]): Tensor {
  return x.sub(meanOver(x, dims, true));
}

function meanSquare(x: Tensor, { dims, keepdim, freedom }: SpreadAttrs): Tensor {
  const distance = centred(x, dims);
  return sumOver(distance.mul(distance), dims, keepdim).div(freedom);
}

/**
 * Of the variance: twice the distance over the freedom. Without any left it is infinite, and NaN at the mean: as PyTorch has it for a whole tensor
 * (over some dims its infinities have signs).
 */
function gradient(x: Tensor, grad: Tensor, { dims, freedom }: SpreadAttrs): Tensor {
  const distance = centred(x, dims);
  if (freedom > 0) return grad.mul(2 / freedom).mul(distance);
  return grad.mul(distance.abs().mul(Number.POSITIVE_INFINITY).detach());
}
