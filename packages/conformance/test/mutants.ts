import {
  contiguousStrides,
  type Kernels,
  type Operand,
  type OptimizerSpec,
  sizeOf,
  type TypedArray,
  type UnaryOp,
  type WindowSpec,
} from "@dropwise/core/backend";
import { type Mutant, mutant } from "./mutant";
import { activationMutants, rightActivations } from "./mutants-activation";
import { attentionMutants, rightAttention } from "./mutants-attention";
import { dropoutMutants } from "./mutants-dropout";
import { familyMutants } from "./mutants-family";
import { linearMutants } from "./mutants-linear";
import { lstmMutants, rightLstm } from "./mutants-lstm";
import { normalizeMutants, rightNormalize } from "./mutants-normalize";
import { rightWindows, windowMutants } from "./mutants-windows";

/** Backends with fused members and no fault; `caughtBy` are the tests that hold them to it. */
export const fused: readonly Mutant[] = [rightNormalize, rightLstm, rightAttention, rightWindows, rightActivations];

/** Every fault. */
export const mutants: readonly Mutant[] = [
  ...normalizeMutants,
  ...lstmMutants,
  ...attentionMutants,
  ...windowMutants,
  ...activationMutants,
  ...dropoutMutants,
  ...familyMutants,
  mutant(
    "a sum without its last element",
    (k) => ({ reduce: (op, x, out, outer, size, inner) => k.reduce(op, x, out, outer, op === "sum" && size > 8 ? size - 1 : size, inner) }),
    "reduce > gives sum of every size, along the last dimension and across",
  ),
  mutant(
    "the last of equal elements as the largest",
    (k) => ({ reduce: lastArgmax(k) }),
    "reduce > gives the place of the first largest element",
    'pooling > takes the largest of windows of [2,3,29,31] {"kernelSize":2}, of equals the first, which gets the gradient',
  ),
  mutant(
    "padding on the wrong side",
    (k) => ({ unfold: (spec, x, out) => k.unfold({ ...spec, padding: paddingBehind(spec, x.shape.slice(2)) }, x, out) }),
    'convolution > gives case 3 as PyTorch does: conv1d of [2,2,7] and [2,2,4] and [2] {"padding":"same"}',
  ),
  mutant(
    "dilation for the stride, and the stride for dilation",
    (k) => ({ unfold: (spec, x, out) => k.unfold({ ...spec, stride: spec.dilation, dilation: spec.stride }, x, out) }),
    'convolution > writes out windows of [1,2,9,5] {"kernelSize":[2,4],"stride":[3,1],"padding":[0,3],"dilation":[4,2]}, and sums their gradients',
    'convolution > computes conv1d of [3,5,131] and [7,5,5] {"stride":3,"padding":2}, and its gradients',
  ),
  mutant(
    "padding that is 0 in a maximum",
    (k) => ({ unfold: (spec, x, out) => k.unfold({ ...spec, padValue: 0 }, x, out) }),
    "pooling > lets NaN win, and infinities, and never the padding",
  ),
  mutant(
    "windows summed without those behind the first",
    (k) => ({ fold: (spec, x, out) => k.fold({ ...spec, kernel: spec.kernel.map(() => 1) }, x, out) }),
    "convolution > sums overlapping windows in any arrangement",
  ),
  mutant(
    "a maximum that passes over NaN",
    (k) => ({ binary: (op, a, b, out) => k.binary(op === "maximum" ? "ge" : op, a, b, out) }),
    "binary > gives maximum of NaN, infinities and zeros as IEEE 754 and the contract say",
  ),
  mutant(
    "a gradient of relu that stops at NaN",
    (k) => ({
      binary: (op, a, b, out) => {
        k.binary(op, a, b, out);
        if (op === "reluGrad" && typeof b !== "number") clearWhereNaN(b, out);
      },
    }),
    "binary > gives reluGrad of NaN, infinities and zeros as IEEE 754 and the contract say",
    "singular > gives relu of points as PyTorch does, and its gradients",
  ),
  mutant(
    "weight decay of 0 that is still multiplied",
    (k) => ({
      optimizerStep: steppingAs(k, (spec) => (spec.weightDecay === 0 ? { ...spec, weightDecay: Number.MIN_VALUE } : spec)),
    }),
    "singular > gives SGD 0.1 of gradients as PyTorch does, and its gradients",
  ),
  mutant(
    "a product that takes transposed operands for plain ones",
    (k) => ({ matmul: (a, b, out) => k.matmul({ ...a, strides: contiguousStrides(a.shape) }, b, out) }),
    "matmul > multiplies [3, 5] by [5, 7], either or both transposed, and gives the gradients",
  ),
  mutant(
    "a kernel that starts where the storage does",
    (k) => ({ unary: (op, x, out) => k.unary(op, { ...x, offset: 0 }, out) }),
    "unary > gives exp and its gradient, for every size and from any start",
  ),
  mutant(
    "halves rounded away from zero",
    unaryAs("round", (x) => Math.sign(x) * Math.floor(Math.abs(x) + 0.5)),
    "unary > gives round of halves, of large numbers and zeros of either sign to the last bit, and leaves integers whole",
  ),
  mutant("ceil in place of floor", unaryAs("floor", Math.ceil), "unary > gives floor and its gradient, for every size and from any start"),
  mutant(
    "a zero of ceil without its sign",
    unaryAs("ceil", (x) => Math.ceil(x) + 0),
    "unary > gives ceil of halves, of large numbers and zeros of either sign to the last bit, and leaves integers whole",
  ),
  mutant(
    "floor by way of int32",
    unaryAs("floor", (x) => (x | 0) - Number((x | 0) > x)),
    "unary > gives floor of halves, of large numbers and zeros of either sign to the last bit, and leaves integers whole",
    "unary > gives floor of zeros, infinities, NaN and large numbers",
  ),
  mutant(
    "1 for the sign of 0",
    unaryAs("sign", (x) => (x < 0 ? -1 : 1)),
    "unary > gives sign of zeros, infinities, NaN and large numbers",
    "singular > gives sign of points as PyTorch does, and its gradients",
  ),
  mutant(
    "sin of angles that are not reduced",
    unaryAs("sin", sinOfSmall),
    "unary > gives sin and its gradient, for every size and from any start",
  ),
  mutant(
    "sin of angles reduced by a float32 pi",
    unaryAs("sin", (x) => Math.sin(x - Math.round(x / (2 * Math.PI)) * 2 * Math.fround(Math.PI))),
    "unary > gives sin of large angles within 1e-6",
  ),
  mutant(
    "rsqrt that forgets the sign of zero",
    unaryAs("rsqrt", (x) => 1 / Math.sqrt(Math.abs(x))),
    "unary > gives rsqrt of zeros, infinities, NaN and large numbers",
  ),
  mutant(
    "strides of 0 that are not repeated",
    (k) => ({ binary: (op, a, b, out) => k.binary(op, plain(a), plain(b), out) }),
    "binary > gives add and its gradients for every pair of shapes that broadcasts",
  ),
  mutant(
    "adding by index that forgets what is there",
    (k) => ({ scatterAdd: (index, x, out) => k.scatterAdd({ ...index, strides: [0, 0, 0] }, x, out) }),
    "gather > picks 40 along dimension 0 of [7], and sums the gradients of what was picked twice",
  ),
  mutant(
    "momentum that starts from zeros",
    (k) => ({
      optimizerStep: steppingAs(k, (spec) => (spec.kind === "sgd" ? { ...spec, first: false } : spec)),
    }),
    "training > takes five steps of SGD with momentum and dampening",
  ),
  mutant(
    "weight decay left out",
    (k) => ({ optimizerStep: steppingAs(k, (spec) => ({ ...spec, weightDecay: 0 })) }),
    "training > takes five steps of AdamW",
    "training > takes five steps of SGD with weight decay",
  ),
  ...linearMutants,
];

// --- internal helpers ---

/** Steps of an optimizer by other settings. */
function steppingAs(right: Kernels, wrong: (spec: OptimizerSpec) => OptimizerSpec): Kernels["optimizerStep"] {
  return (updates) => right.optimizerStep(updates.map((update) => ({ ...update, spec: wrong(update.spec) })));
}

/** The right kernels but for one function. */
function unaryAs(wrong: UnaryOp, f: (x: number) => number): (right: Kernels) => Partial<Kernels> {
  return (right) => ({
    unary(op, x, out) {
      if (op !== wrong) return right.unary(op, x, out);
      const from = x.storage.handle as TypedArray;
      const to = out.storage.handle as TypedArray;
      for (let i = 0; i < sizeOf(out.shape); i++) to[out.offset + i] = f(from[x.offset + i] as number);
    },
  });
}

/** The series of the sine about 0, which is good to 1e-6 up to a half turn only. */
function sinOfSmall(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; n < 9; n++) {
    term *= (-x * x) / (2 * n * (2 * n + 1));
    sum += term;
  }
  return sum;
}

/** The padding that windows have behind an image of these sizes. */
function paddingBehind({ kernel, stride, dilation, padding, outSizes }: WindowSpec, sizes: readonly number[]): number[] {
  return sizes.map((size, i) => {
    const end = ((outSizes[i] as number) - 1) * (stride[i] as number) + (dilation[i] as number) * ((kernel[i] as number) - 1) + 1;
    return Math.max(0, end - size - (padding[i] as number));
  });
}

/** `argmax` that lets an equal element that comes later win. */
function lastArgmax(right: Kernels): Kernels["reduce"] {
  return (op, x, out, outer, size, inner) => {
    right.reduce(op, x, out, outer, size, inner);
    if (op !== "argmax") return;
    const from = x.storage.handle as TypedArray;
    const to = out.storage.handle as TypedArray;
    for (let i = 0; i < outer * inner; i++) {
      const start = x.offset + Math.floor(i / inner) * size * inner + (i % inner);
      const best = from[start + (to[out.offset + i] as number) * inner] as number;
      for (let s = 0; s < size; s++) if (from[start + s * inner] === best) to[out.offset + i] = s;
    }
  };
}

/** Zeroes `out`, contiguous, where `y` of the same layout is NaN. */
function clearWhereNaN(y: Operand, out: Operand): void {
  const to = out.storage.handle as TypedArray;
  const from = y.storage.handle as TypedArray;
  for (let i = 0; i < sizeOf(out.shape); i++) if (Number.isNaN(from[y.offset + i])) to[out.offset + i] = 0;
}

/** An operand read as if it had all the elements of its shape. */
function plain(operand: Operand | number): Operand | number {
  return typeof operand === "number" ? operand : { ...operand, strides: contiguousStrides(operand.shape) };
}
