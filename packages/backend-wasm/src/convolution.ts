import { type Backend, type ConvolutionSpec, type Operand, UnsupportedOpError } from "@dropwise/core/backend";
import { sumColumns } from "./reduce";
import { areFloat32, elementsOf, isWhole, type Runtime, type WasmHandle } from "./runtime";
import { writeAxes } from "./windows";

type Members = Required<Pick<Backend<WasmHandle>, "convolution" | "convolutionGradInput" | "convolutionGradWeight">>;
type Op = Operand<WasmHandle>;

/** The kinds of `windows.hpp`. */
const FORWARD = 0;
const GRAD_INPUT = 1;
const GRAD_WEIGHT = 2;

/** Word offsets in `ConvolutionArgs`. */
const SIZES = 4;
const AXES = 10;
const UNITS = 28;
const PIECES = 29;

/** About what a multiplication and an addition take. */
const MULTIPLY_ADD_NS = 0.05;

/** Elements of a kernel at most, `kMostTaps`. */
const MOST_ELEMENTS = 16384;

/** Convolutions and their gradients, of float32: core composes others. */
export function convolution(runtime: Runtime): Members {
  return {
    convolution: (spec, x, weight, bias, out) => product("convolution", FORWARD, spec, x, out, weight, bias, out),
    convolutionGradInput: (spec, grad, weight, bias, out) =>
      product("convolutionGradInput", GRAD_INPUT, spec, out, grad, weight, bias, out),
    convolutionGradWeight(spec, x, grad, out) {
      const op = "convolutionGradWeight";
      const [input, output, weights] = begin(op, GRAD_WEIGHT, spec, x, grad, out);
      runtime.words[0] = runtime.operand(op, x, input);
      runtime.words[1] = runtime.operand(op, grad, output);
      const to = runtime.operand(op, out, weights);
      runtime.words[2] = 0;
      if (weights === 0) return;
      runtime.run("planConvolution", 1, 0);
      const [units, pieces] = [runtime.words[UNITS] as number, runtime.words[PIECES] as number];
      const bytes = pieces > 1 ? 4 * pieces * weights : 0;
      const sums = bytes > 0 ? runtime.borrow(bytes) : to;
      runtime.words[3] = sums;
      runtime.run("convolutionWeights", units, nsOf(output, out) / units);
      if (bytes === 0) return;
      sumColumns(runtime, sums, to, pieces, weights);
      runtime.giveBack(sums, bytes);
    },
  };

  /** The forward one, or that in the other direction: `x` and `y` are the input and the output of the forward one, and one of them is computed. */
  function product(op: string, kind: number, spec: ConvolutionSpec, x: Op, y: Op, weight: Op, bias: Op | null, out: Op): void {
    const [input, output, weights] = begin(op, kind, spec, x, y, weight);
    const { words } = runtime;
    words[0] = runtime.operand(op, kind === FORWARD ? x : y, kind === FORWARD ? input : output);
    words[1] = runtime.operand(op, weight, weights);
    words[2] = bias === null ? 0 : runtime.operand(op, bias, out.shape[1] as number);
    words[3] = runtime.operand(op, out, kind === FORWARD ? output : input);
    if ((kind === FORWARD ? output : input) === 0) return;
    const phases = kind === FORWARD ? 1 : spec.stride.reduce((product, stride) => product * stride, 1);
    for (let phase = 0; phase < phases; phase++) {
      words[SIZES + 1] = phase;
      runtime.run("planConvolution", 1, 0);
      const units = words[UNITS] as number;
      if (units > 0) runtime.run("convolution", units, nsOf(output, weight) / phases / units);
    }
  }

  /** Writes the sizes of a call; the elements of input, output and weights that it reads or writes. */
  function begin(op: string, kind: number, spec: ConvolutionSpec, x: Op, y: Op, weight: Op): [number, number, number] {
    if (!areFloat32(x, y, weight)) throw new UnsupportedOpError(op, "wasm", `expected float32, got ${x.storage.dtype} - compose it`);
    const { groups } = spec;
    const batch = x.shape[0] as number;
    const inChannels = weight.shape[1] as number;
    const outChannels = (weight.shape[0] as number) / groups;
    const { words } = runtime;
    words.set([kind, 0, batch, groups, inChannels, outChannels], SIZES);
    const [input, output, kernel] = writeAxes(runtime, AXES, spec, x.shape.slice(2), y.shape.slice(2));
    const fits = isWhole(batch) && isWhole(groups) && isWhole(inChannels) && isWhole(outChannels) && kernel <= MOST_ELEMENTS;
    const parts = fits ? batch * groups : Number.NaN;
    return [
      elementsOf(parts, inChannels, input),
      elementsOf(parts, outChannels, output),
      elementsOf(groups, outChannels * inChannels, kernel),
    ];
  }

  /** What all products of a call take. */
  function nsOf(output: number, weight: Op): number {
    return output * weight.shape.slice(1).reduce((product, size) => product * size, 1) * MULTIPLY_ADD_NS;
  }
}
