/** Backends with one fault each, and the tests that must notice. A correct one among them shows that they are right but for that. */
import type { Backend } from "@dropwise/core";
import {
  type BackendStorage,
  contiguousStrides,
  createTypedArray,
  type DropoutSpec,
  type Kernels,
  layoutOf,
  type MaskLayout,
  type Operand,
  philox4x32,
  referenceKernels,
  sizeOf,
  type TypedArray,
  type UnaryOp,
  type WindowSpec,
} from "@dropwise/core/backend";
import { createMinimalBackend } from "./minimal-backend";
import { activationMutants, rightActivations } from "./mutants-activation";
import { attentionMutants, rightAttention } from "./mutants-attention";
import { linearMutants } from "./mutants-linear";
import { lstmMutants, rightLstm } from "./mutants-lstm";
import { normalizeMutants, rightNormalize } from "./mutants-normalize";
import { rightWindows, windowMutants } from "./mutants-windows";

/** One fault. */
export interface Mutant {
  readonly name: string;
  readonly create: () => Backend;
  /** Tests that fail for it; there may be more. */
  readonly caughtBy: readonly string[];
}

/** The dropout kernel in steps that can be exchanged. */
interface Steps {
  /** What the kernel makes of its orders. */
  readonly spec: (spec: DropoutSpec) => DropoutSpec;
  /** How many of `n` elements are computed. */
  readonly count: (n: number) => number;
  /** The mask index of an element, without the offset. */
  readonly maskIndex: (spec: DropoutSpec, i: number) => number;
  /** The block a mask index belongs to. */
  readonly block: (m: number) => number;
  readonly keep: (word: number, threshold: number) => boolean;
  readonly scale: (x: number, spec: DropoutSpec) => number;
  /** Rounds a product before the addition. */
  readonly round: (product: number) => number;
  readonly drop: (x: number, spec: DropoutSpec) => number;
}

const RIGHT: Steps = {
  spec: (spec) => spec,
  count: (n) => n,
  maskIndex: (spec, i) => dot(spec.shape, spec.maskStrides, i),
  block: (m) => Math.floor(m / 4),
  keep: (word, threshold) => word < threshold,
  scale: (x, spec) => x * spec.keepScale,
  round: Math.fround,
  drop: (_x, spec) => spec.dropValue,
};

/** A backend whose dropout kernel takes these steps in place of the right ones. */
function withSteps(changes: () => Partial<Steps>): () => Backend {
  return () => {
    const steps = { ...RIGHT, ...changes() };
    const minimal = createMinimalBackend() as Backend;
    return {
      ...minimal,
      info: { ...minimal.info, contract: 2 },
      dropout(given, x, out) {
        const spec = steps.spec(given);
        const from = x.storage.handle as TypedArray;
        const to = out.storage.handle as TypedArray;
        const step = x.strides.some((stride) => stride !== 0) ? 1 : 0;
        const words = new Uint32Array(4);
        const keeps = spec.layout?.keeps(spec);
        const round = to instanceof Float32Array ? steps.round : (value: number) => value;
        const n = steps.count(sizeOf(given.shape));
        for (let i = 0; i < n; i++) {
          const m = spec.elementOffset + steps.maskIndex(spec, i);
          const block = steps.block(m);
          philox4x32(spec.seedLo, spec.seedHi, spec.callLo, spec.callHi, block >>> 0, Math.floor(block / 2 ** 32), words);
          const value = from[x.offset + i * step] as number;
          const isKept = keeps?.(m) ?? steps.keep(words[m % 4] as number, spec.threshold);
          const scaled = spec.keepShift === 0 ? steps.scale(value, spec) : round(value * spec.keepScale) + spec.keepShift;
          to[out.offset + i] = isKept ? scaled : steps.drop(value, spec);
        }
      },
    };
  };
}

const steps = (name: string, changes: Partial<Steps>, ...caughtBy: string[]): Mutant => ({
  name,
  create: withSteps(() => changes),
  caughtBy,
});

const GOLDEN_4096 = "dropout > draws the golden masks of 4096 elements";
const SIZES = "dropout > keeps the same elements for every size from 0 to 70";
const BACKWARD = "dropout > draws the backward mask with the forward's call and element offset, whatever was drawn in between";
const OFFSETS = "dropout > keeps the same elements with an element offset of 0 to 7, around 2^32 and around 2^34";

/** The kernel above without a fault, which must pass everything. */
export const right: Mutant = steps("no fault", {});

/** Backends with fused members and no fault; `caughtBy` are the tests that hold them to it. */
export const fused: readonly Mutant[] = [rightNormalize, rightLstm, rightAttention, rightWindows, rightActivations];

/** Every fault. */
export const mutants: readonly Mutant[] = [
  ...normalizeMutants,
  ...lstmMutants,
  ...attentionMutants,
  ...windowMutants,
  ...activationMutants,
  steps("a block too far", { block: (m) => Math.floor(m / 4) + 1 }, GOLDEN_4096, SIZES),
  steps("the key's words swapped", { spec: (spec) => ({ ...spec, seedLo: spec.seedHi, seedHi: spec.seedLo }) }, GOLDEN_4096),
  steps("the call's words swapped", { spec: (spec) => ({ ...spec, callLo: spec.callHi, callHi: spec.callLo }) }, GOLDEN_4096),
  steps("words compared signed", { keep: (word, threshold) => (word | 0) < (threshold | 0) }, GOLDEN_4096, SIZES),
  steps(
    "<= in place of <",
    { keep: (word, threshold) => word <= threshold },
    "dropout > compares words with the threshold unsigned, and drops the one that equals it",
  ),
  steps(
    "the scale kept in double",
    { scale: (x, spec) => x * (spec.keepScale === Math.fround(1 / 0.9) ? 1 / 0.9 : spec.keepScale) },
    "dropout > keeps and scales the same elements at p = 0.1",
  ),
  steps(
    "the mask shared along the wrong dimension",
    { maskIndex: (spec, i) => dot(spec.shape, [...spec.maskStrides].reverse(), i) },
    "dropout > shares every mask shape that broadcasts to [3,5], forward and backward",
    "dropout > gives dropout2d of the reference, forward and backward",
  ),
  steps(
    "a mask with gaps read without them",
    { maskIndex: (spec, i) => dot(spec.shape, closed(spec), i) },
    "dropout > draws a mask of [6,10] that steps by [40,1], as part of a larger one",
    "dropout > draws a mask of [37] that steps by [5], as part of a larger one",
  ),
  steps(
    "the last block skipped where it is not full",
    { count: (n) => n - (n % 4) },
    SIZES,
    "dropout > draws the golden masks of 1021 elements",
  ),
  steps(
    "the high word of the call left out",
    { spec: (spec) => ({ ...spec, callHi: 0 }) },
    "dropout > keeps the same elements whatever the call, beyond 2^32 too",
  ),
  steps(
    "the high word of the seed left out",
    { spec: (spec) => ({ ...spec, seedHi: 0 }) },
    "dropout > keeps the same elements whatever the seed",
  ),
  steps(
    "the block number cut to 32 bits",
    { block: (m) => Math.floor(m / 4) >>> 0 },
    OFFSETS,
    "dropout > keeps the same elements up to the last offset there is",
  ),
  steps("the mask index cut to 32 bits", { block: (m) => m >>> 2 }, OFFSETS),
  steps(
    "the element offset rounded down to a block",
    { spec: (spec) => ({ ...spec, elementOffset: spec.elementOffset - (spec.elementOffset % 4) }) },
    OFFSETS,
  ),
  steps(
    "0 times the input for what is dropped",
    { drop: (x, spec) => (spec.dropValue === 0 ? x * 0 : spec.dropValue) },
    "dropout > puts +0 where it drops, whatever was there, and keeps the rest: NaN, infinities, -0",
  ),
  steps("-0 for what is dropped", { drop: (_x, spec) => (spec.dropValue === 0 ? -0 : spec.dropValue) }, SIZES),
  steps(
    "a fused multiplication and addition",
    { round: (product) => product },
    "dropout > gives alphaDropout of the reference, forward and backward",
  ),
  steps("the drop value forgotten", { drop: () => 0 }, "dropout > gives alphaDropout of the reference, forward and backward"),
  layout(
    "a call that stays from pass to pass",
    (l) => changedIndex(l, (element) => element % (l.width * l.threads)),
    "layouts > draws packed 2 for every size and number of threads",
    "layouts > draws wide 2 for every size and number of threads",
  ),
  layout(
    "threads that take neighbours where they take every so manieth",
    (l) => layoutOf({ ...l, kind: l.kind === "spread" ? "packed" : l.kind }),
    "layouts > draws spread 4 for every size and number of threads",
    "layouts > draws spread 4 for as many elements as are divided among threads",
  ),
  layout(
    "eight elements of one block",
    (l) => (l.width === 8 ? changedIndex(l, (element) => element - (element & 4)) : l),
    "layouts > draws packed 8 for every size and number of threads",
  ),
  layout(
    "the bit that is shifted out kept",
    (l) => layoutOf({ ...l, shift: 0 }),
    "layouts > draws flat 1 for every size and number of threads",
  ),
  layout(
    "words that begin at 0 where they begin elsewhere",
    (l) => layoutOf({ ...l, low: 0 }),
    "layouts > draws flat 4 for every size and number of threads",
    "layouts > compares words of flat 4 unsigned, at the ends of the range",
  ),
  layout(
    "the low half of a wide threshold left out",
    (l) => ({ ...l, keeps: (spec) => l.keeps(l.kind === "wide" ? { ...spec, threshold: 0 } : spec) }),
    "layouts > drops what equals the threshold and keeps what is one below it, of wide 2",
  ),
  layout(
    "the index of a mask cut to 32 bits",
    (l) => changedIndex(l, (element) => element >>> 0),
    "layouts > draws flat 1 from any element offset and call on, beyond 2^32 too",
    "layouts > draws spread 4 from any element offset and call on, beyond 2^32 too",
  ),
  layout(
    "a call that does not carry",
    (l) => ({ ...l, keeps: (spec) => withoutCarry(l, spec) }),
    "layouts > draws packed 4 from any element offset and call on, beyond 2^32 too",
  ),
  {
    name: "backward with another call",
    create: withSteps(() => ({ spec: secondTime((spec) => ({ ...spec, callLo: spec.callLo + 1 })) })),
    caughtBy: [BACKWARD],
  },
  {
    name: "backward without its element offset",
    create: withSteps(() => ({ spec: secondTime((spec) => ({ ...spec, elementOffset: 0 })) })),
    caughtBy: [BACKWARD],
  },
  {
    name: "a view that is stale after memory grew",
    create: staleViews,
    caughtBy: ["storage > keeps its values, and goes on, while memory grows"],
  },
  kernel(
    "a sum without its last element",
    (k) => ({ reduce: (op, x, out, outer, size, inner) => k.reduce(op, x, out, outer, op === "sum" && size > 8 ? size - 1 : size, inner) }),
    "reduce > gives sum of every size, along the last dimension and across",
  ),
  kernel(
    "the last of equal elements as the largest",
    (k) => ({ reduce: lastArgmax(k) }),
    "reduce > gives the place of the first largest element",
    'pooling > takes the largest of windows of [2,3,29,31] {"kernelSize":2}, of equals the first, which gets the gradient',
  ),
  kernel(
    "padding on the wrong side",
    (k) => ({ unfold: (spec, x, out) => k.unfold({ ...spec, padding: paddingBehind(spec, x.shape.slice(2)) }, x, out) }),
    'convolution > gives case 3 as PyTorch does: conv1d of [2,2,7] and [2,2,4] and [2] {"padding":"same"}',
  ),
  kernel(
    "dilation for the stride, and the stride for dilation",
    (k) => ({ unfold: (spec, x, out) => k.unfold({ ...spec, stride: spec.dilation, dilation: spec.stride }, x, out) }),
    'convolution > writes out windows of [1,2,9,5] {"kernelSize":[2,4],"stride":[3,1],"padding":[0,3],"dilation":[4,2]}, and sums their gradients',
    'convolution > computes conv1d of [3,5,131] and [7,5,5] {"stride":3,"padding":2}, and its gradients',
  ),
  kernel(
    "padding that is 0 in a maximum",
    (k) => ({ unfold: (spec, x, out) => k.unfold({ ...spec, padValue: 0 }, x, out) }),
    "pooling > lets NaN win, and infinities, and never the padding",
  ),
  kernel(
    "windows summed without those behind the first",
    (k) => ({ fold: (spec, x, out) => k.fold({ ...spec, kernel: spec.kernel.map(() => 1) }, x, out) }),
    "convolution > sums overlapping windows in any arrangement",
  ),
  kernel(
    "a maximum that passes over NaN",
    (k) => ({ binary: (op, a, b, out) => k.binary(op === "maximum" ? "ge" : op, a, b, out) }),
    "binary > gives maximum of NaN, infinities and zeros as IEEE 754 and the contract say",
  ),
  kernel(
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
  kernel(
    "weight decay of 0 that is still multiplied",
    (k) => ({
      optimizerStep: (spec, param, grad, state) =>
        k.optimizerStep(spec.weightDecay === 0 ? { ...spec, weightDecay: Number.MIN_VALUE } : spec, param, grad, state),
    }),
    "singular > gives SGD 0.1 of gradients as PyTorch does, and its gradients",
  ),
  kernel(
    "a product that takes transposed operands for plain ones",
    (k) => ({ matmul: (a, b, out) => k.matmul({ ...a, strides: contiguousStrides(a.shape) }, b, out) }),
    "matmul > multiplies [3, 5] by [5, 7], either or both transposed, and gives the gradients",
  ),
  kernel(
    "a kernel that starts where the storage does",
    (k) => ({ unary: (op, x, out) => k.unary(op, { ...x, offset: 0 }, out) }),
    "unary > gives exp and its gradient, for every size and from any start",
  ),
  kernel(
    "halves rounded away from zero",
    unaryAs("round", (x) => Math.sign(x) * Math.floor(Math.abs(x) + 0.5)),
    "unary > gives round of halves, of large numbers and zeros of either sign to the last bit, and leaves integers whole",
  ),
  kernel("ceil in place of floor", unaryAs("floor", Math.ceil), "unary > gives floor and its gradient, for every size and from any start"),
  kernel(
    "a zero of ceil without its sign",
    unaryAs("ceil", (x) => Math.ceil(x) + 0),
    "unary > gives ceil of halves, of large numbers and zeros of either sign to the last bit, and leaves integers whole",
  ),
  kernel(
    "floor by way of int32",
    unaryAs("floor", (x) => (x | 0) - Number((x | 0) > x)),
    "unary > gives floor of halves, of large numbers and zeros of either sign to the last bit, and leaves integers whole",
    "unary > gives floor of zeros, infinities, NaN and large numbers",
  ),
  kernel(
    "1 for the sign of 0",
    unaryAs("sign", (x) => (x < 0 ? -1 : 1)),
    "unary > gives sign of zeros, infinities, NaN and large numbers",
    "singular > gives sign of points as PyTorch does, and its gradients",
  ),
  kernel(
    "sin of angles that are not reduced",
    unaryAs("sin", sinOfSmall),
    "unary > gives sin and its gradient, for every size and from any start",
  ),
  kernel(
    "sin of angles reduced by a float32 pi",
    unaryAs("sin", (x) => Math.sin(x - Math.round(x / (2 * Math.PI)) * 2 * Math.fround(Math.PI))),
    "unary > gives sin of large angles within 1e-6",
  ),
  kernel(
    "rsqrt that forgets the sign of zero",
    unaryAs("rsqrt", (x) => 1 / Math.sqrt(Math.abs(x))),
    "unary > gives rsqrt of zeros, infinities, NaN and large numbers",
  ),
  kernel(
    "strides of 0 that are not repeated",
    (k) => ({ binary: (op, a, b, out) => k.binary(op, plain(a), plain(b), out) }),
    "binary > gives add and its gradients for every pair of shapes that broadcasts",
  ),
  kernel(
    "adding by index that forgets what is there",
    (k) => ({ scatterAdd: (index, x, out) => k.scatterAdd({ ...index, strides: [0, 0, 0] }, x, out) }),
    "gather > picks 40 along dimension 0 of [7], and sums the gradients of what was picked twice",
  ),
  kernel(
    "momentum that starts from zeros",
    (k) => ({
      optimizerStep: (spec, param, grad, state) =>
        k.optimizerStep(spec.kind === "sgd" ? { ...spec, first: false } : spec, param, grad, state),
    }),
    "training > takes five steps of SGD with momentum and dampening",
  ),
  kernel(
    "weight decay left out",
    (k) => ({ optimizerStep: (spec, param, grad, state) => k.optimizerStep({ ...spec, weightDecay: 0 }, param, grad, state) }),
    "training > takes five steps of AdamW",
    "training > takes five steps of SGD with weight decay",
  ),
  ...linearMutants,
];

// --- internal helpers ---

/** The minimal backend with a wrong kernel beside its own. */
/** A fault in the masks of other frameworks; those of the default stream are right. */
function layout(name: string, wrong: (right: MaskLayout) => MaskLayout, ...caughtBy: string[]): Mutant {
  const change = (spec: DropoutSpec) => (spec.layout === undefined ? spec : { ...spec, layout: wrong(spec.layout) });
  return kernel(name, (k) => ({ dropout: (spec, x, out) => k.dropout(change(spec), x, out) }), ...caughtBy);
}

/** A layout that takes one element for another. */
function changedIndex(right: MaskLayout, change: (element: number) => number): MaskLayout {
  const keeps = (spec: DropoutSpec) => {
    const kept = right.keeps(spec);
    return (element: number) => kept(change(element));
  };
  return { ...right, keeps };
}

/** The calls of the passes, counted in their low words only. */
function withoutCarry(right: MaskLayout, spec: DropoutSpec): (element: number) => boolean {
  const perPass = right.width * right.threads;
  return (element) => {
    const passes = Math.floor(element / perPass) * Math.max(1, right.width / 4);
    return right.keeps({ ...spec, callLo: (spec.callLo + passes) >>> 0 })(element % perPass);
  };
}

function kernel(name: string, wrong: (right: Kernels) => Partial<Kernels>, ...caughtBy: string[]): Mutant {
  const create = (): Backend => {
    const backend = createMinimalBackend() as Backend;
    const info = { ...backend.info, contract: 2 } as const;
    return { ...backend, info, ...wrong(referenceKernels((storage) => storage.handle as TypedArray)) };
  };
  return { name, create, caughtBy };
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

/** The strides of a mask, as if it were no part of a larger one. */
function closed({ shape, maskStrides }: DropoutSpec): number[] {
  const own = contiguousStrides(shape.map((size, dim) => (maskStrides[dim] === 0 ? 1 : size)));
  return own.map((stride, dim) => (maskStrides[dim] === 0 ? 0 : stride));
}

function dot(shape: readonly number[], strides: readonly number[], i: number): number {
  let index = 0;
  let rest = i;
  for (let dim = shape.length - 1; dim >= 0; dim--) {
    index += (rest % (shape[dim] as number)) * (strides[dim] as number);
    rest = Math.floor(rest / (shape[dim] as number));
  }
  return index;
}

/** Leaves the first use of a call alone, as a forward pass, and spoils the following ones, as its backward. */
function secondTime(spoil: (spec: DropoutSpec) => DropoutSpec): (spec: DropoutSpec) => DropoutSpec {
  const seen = new Set<string>();
  return (spec) => {
    const key = [spec.seedLo, spec.seedHi, spec.callLo, spec.callHi].join();
    if (seen.has(key)) return spoil(spec);
    seen.add(key);
    return spec;
  };
}

/** One memory for all tensors, which moves when it grows, as WebAssembly's does; its views are remembered and never renewed. */
function staleViews(): Backend {
  let memory = new ArrayBuffer(2 ** 20);
  let end = 0;
  const views = new Map<unknown, TypedArray>();
  const view = ({ handle, dtype }: BackendStorage): TypedArray => {
    const { start, length } = handle as { start: number; length: number };
    let array = views.get(handle);
    if (array === undefined) {
      array = new (createTypedArray(dtype, 0).constructor as Float32ArrayConstructor)(memory, start, length) as TypedArray;
      views.set(handle, array);
    }
    return array;
  };
  const { dropout: _, ...minimal } = createMinimalBackend() as Backend;
  return {
    ...minimal,
    allocate(dtype, length) {
      const handle = { start: end, length };
      end += 8 * Math.ceil((createTypedArray(dtype, 0).BYTES_PER_ELEMENT * length) / 8);
      while (end > memory.byteLength) {
        const larger = new ArrayBuffer(2 * memory.byteLength);
        new Uint8Array(larger).set(new Uint8Array(memory));
        memory = larger;
      }
      return handle;
    },
    write(storage, data) {
      const { start, length } = storage.handle as { start: number; length: number };
      new (data.constructor as Float32ArrayConstructor)(memory, start, length).set(data as Float32Array);
    },
    read: async (storage, start, length) => view(storage).slice(start, start + length),
    view,
  };
}
