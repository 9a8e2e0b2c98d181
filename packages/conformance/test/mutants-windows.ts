/** Backends that convolve and pool themselves, by the definition and with one fault each. */
import type { Backend } from "@dropwise/core";
import { type ConvolutionSpec, type Operand, sizeOf, type TypedArray, type WindowSpec } from "@dropwise/core/backend";
import { type Mutant, mutant } from "./mutant";

type Windows = Required<Pick<Backend, "convolution" | "convolutionGradInput" | "convolutionGradWeight" | "pool" | "poolGrad">>;
type Spec = Omit<WindowSpec, "padValue">;

/** What can be done wrong. */
interface Steps {
  /** The windows that are walked. */
  readonly spec: <S extends Spec>(spec: S) => S;
  /** The first channel of the input that belongs to a channel of the output. */
  readonly firstChannel: (group: number, inGroup: number) => number;
  readonly bias: (value: number, images: number) => number;
  /** How many images count towards the gradient of weights. */
  readonly images: (n: number) => number;
  /** Whether an element takes the place of the largest so far. */
  readonly wins: (value: number, most: number) => boolean;
}

const RIGHT: Steps = {
  spec: (spec) => spec,
  firstChannel: (group, inGroup) => group * inGroup,
  bias: (value) => value,
  images: (n) => n,
  wins: (value, most) => value > most || (Number.isNaN(value) && !Number.isNaN(most)),
};

function windows(name: string, changes: Partial<Steps>, ...caughtBy: string[]): Mutant {
  return mutant(name, () => kernelsOf({ ...RIGHT, ...changes }), ...caughtBy);
}

const STRIDED = 'convolution > computes conv1d of [3,5,131] and [7,5,5] {"stride":3,"padding":2}, and its gradients';
const GROUPED =
  'convolution > computes conv2d of [1,4,13,11] and [6,2,5,2] {"stride":[2,3],"padding":[3,0],"dilation":[1,2],"groups":2}, and its gradients';
const BACKWARDS =
  'convolution > computes convTranspose1d of [2,3,41] and [3,4,6] {"stride":4,"padding":3,"outputPadding":3}, and its gradients';
const MAXIMA = 'pooling > takes the largest of windows of [2,3,29,31] {"kernelSize":2}, of equals the first, which gets the gradient';
const NAN = "pooling > lets NaN win, and infinities, and never the padding";
const MEANS =
  'pooling > takes the mean of windows of [2,3,7,6] {"kernelSize":[3,2],"stride":[2,1],"padding":[1,1]}, with and without the padding';

/** The kernels without a fault, which must pass all of these. */
export const rightWindows = windows("convolutions and poolings in one kernel each", {}, STRIDED, GROUPED, BACKWARDS, MAXIMA, NAN, MEANS);

/** Every fault. */
export const windowMutants: readonly Mutant[] = [
  windows("a convolution that forgets its stride", { spec: (spec) => ({ ...spec, stride: spec.stride.map(() => 1) }) }, STRIDED, BACKWARDS),
  windows("a convolution without dilation", { spec: (spec) => ({ ...spec, dilation: spec.dilation.map(() => 1) }) }, GROUPED),
  windows("a convolution a place too far", { spec: (spec) => ({ ...spec, padding: spec.padding.map((n) => n - 1) }) }, STRIDED, MEANS),
  windows("groups that all read the first one's channels", { firstChannel: () => 0 }, GROUPED),
  windows("a bias for the first image only", { bias: (value, image) => (image === 0 ? value : 0) }, STRIDED, BACKWARDS),
  windows("the gradient of weights without the last image", { images: (n) => n - 1 }, STRIDED, BACKWARDS),
  windows("the last of equals as the largest of a window", { wins: (value, most) => value >= most || Number.isNaN(value) }, MAXIMA),
  windows("a largest element that passes over NaN", { wins: (value, most) => value > most }, NAN),
];

// --- internal helpers ---

/** The members, on typed arrays. */
function kernelsOf(steps: Steps): Windows {
  /** Comes to every product of a convolution, as places in the input, the weights and the output. */
  function products(
    spec: ConvolutionSpec,
    x: Operand,
    weight: Operand,
    y: Operand,
    each: (x: number, weight: number, y: number) => void,
  ): void {
    const [images, outChannels] = y.shape as [number, number];
    const inGroup = weight.shape[1] as number;
    const [inPlane, outPlane, kernel] = [x, y, weight].map(({ shape }) => sizeOf(shape.slice(2))) as [number, number, number];
    walk(steps.spec(spec), x.shape.slice(2), y.shape.slice(2), (o, k, i) => {
      for (let row = 0; row < images * outChannels; row++) {
        const [image, out] = [Math.floor(row / outChannels), row % outChannels];
        const first = steps.firstChannel(Math.floor((out * spec.groups) / outChannels), inGroup);
        for (let c = 0; c < inGroup; c++) {
          const channel = image * (x.shape[1] as number) + first + c;
          each(channel * inPlane + i, (out * inGroup + c) * kernel + k, row * outPlane + o);
        }
      }
    });
  }

  function withBias(bias: Operand | null, out: Operand): void {
    const plane = sizeOf(out.shape.slice(2));
    const channels = out.shape[1] as number;
    const offsets = bias === null ? null : elementsOf(bias);
    const to = elementsOf(out);
    for (let i = 0; i < to.length; i++) {
      const row = Math.floor(i / plane);
      to[i] = offsets === null ? 0 : steps.bias(offsets[row % channels] as number, Math.floor(row / channels));
    }
  }

  return {
    convolution(spec, x, weight, bias, out) {
      withBias(bias, out);
      const [from, factors, to] = [elementsOf(x), elementsOf(weight), elementsOf(out)];
      products(spec, x, weight, out, (i, k, o) => add(to, o, (from[i] as number) * (factors[k] as number)));
    },
    convolutionGradInput(spec, grad, weight, bias, out) {
      withBias(bias, out);
      const [from, factors, to] = [elementsOf(grad), elementsOf(weight), elementsOf(out)];
      products(spec, out, weight, grad, (i, k, o) => add(to, i, (from[o] as number) * (factors[k] as number)));
    },
    convolutionGradWeight(spec, x, grad, out) {
      const [from, factors, to] = [elementsOf(x), elementsOf(grad), elementsOf(out)];
      to.fill(0);
      const shape = [steps.images(grad.shape[0] as number), ...grad.shape.slice(1)];
      products(spec, x, out, { ...grad, shape }, (i, k, o) => add(to, k, (from[i] as number) * (factors[o] as number)));
    },
    pool(op, spec, x, out) {
      const [from, to] = [elementsOf(x), elementsOf(out)];
      to.fill(spec.padValue);
      pooled(spec, x, out, (i, o, isFirst) => {
        const value = from[i] as number;
        if (op === "sum") add(to, o, value);
        else if (isFirst || steps.wins(value, to[o] as number)) to[o] = value;
      });
    },
    poolGrad(op, spec, x, grad, out) {
      const [from, to] = [elementsOf(grad), elementsOf(out)];
      to.fill(0);
      const values = x === null ? to : elementsOf(x);
      const best = new Map<number, number>();
      pooled(spec, out, grad, (i, o, isFirst) => {
        if (op === "sum") add(to, i, from[o] as number);
        else if (isFirst || steps.wins(values[i] as number, values[best.get(o) ?? -1] ?? spec.padValue)) best.set(o, i);
      });
      for (const [o, i] of best) add(to, i, from[o] as number);
    },
  };

  /** Comes to every element of every window, in order. `isFirst`: it is where its window begins. */
  function pooled(spec: WindowSpec, x: Operand, y: Operand, each: (i: number, o: number, isFirst: boolean) => void): void {
    const [inPlane, outPlane] = [sizeOf(x.shape.slice(2)), sizeOf(y.shape.slice(2))];
    for (let plane = 0; plane < sizeOf(x.shape.slice(0, 2)); plane++) {
      walk(steps.spec(spec), x.shape.slice(2), y.shape.slice(2), (o, k, i) => each(plane * inPlane + i, plane * outPlane + o, k === 0));
    }
  }
}

/** Calls `each(place of the output, element of the window, place of the input)` for all that lie inside, in order. */
function walk(spec: Spec, sizes: readonly number[], counts: readonly number[], each: (o: number, k: number, i: number) => void): void {
  for (let o = 0; o < sizeOf(counts); o++) {
    for (let k = 0; k < sizeOf(spec.kernel); k++) {
      let [place, step, at, element, isInside] = [0, 1, o, k, true];
      for (let dim = sizes.length - 1; dim >= 0; dim--) {
        const of = (values: readonly number[]) => values[dim] as number;
        const along = (at % of(counts)) * of(spec.stride) + (element % of(spec.kernel)) * of(spec.dilation) - of(spec.padding);
        isInside &&= along >= 0 && along < of(sizes);
        place += along * step;
        step *= of(sizes);
        at = Math.floor(at / of(counts));
        element = Math.floor(element / of(spec.kernel));
      }
      if (isInside) each(o, k, place);
    }
  }
}

function add(to: TypedArray, at: number, value: number): void {
  to[at] = (to[at] as number) + value;
}

function elementsOf({ storage, offset, shape }: Operand): TypedArray {
  return (storage.handle as TypedArray).subarray(offset, offset + sizeOf(shape));
}
