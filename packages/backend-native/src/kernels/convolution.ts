import type { ConvolutionSpec, Operand } from "@dropwise/core/backend";
import { UnsupportedOpError } from "@dropwise/core/backend";
import { type Call, Kernel } from "../call";
import { isFloat32, type Members, type Op } from "./shared";
import { axes } from "./windows";

/** The kinds of `convolution` in `windows.hpp`. */
const FORWARD = 0;
const GRAD_INPUT = 1;

/** Convolutions and their gradients, of float32: core composes others. */
export function convolution(call: Call): Members<"convolution" | "convolutionGradInput" | "convolutionGradWeight"> {
  return {
    convolution(spec, x, weight, bias, out) {
      product("convolution", FORWARD, spec, x, out, weight, bias, out);
    },
    convolutionGradInput(spec, grad, weight, bias, out) {
      product("convolutionGradInput", GRAD_INPUT, spec, out, grad, weight, bias, out);
    },
    convolutionGradWeight(spec, x, grad, out) {
      const op = "convolutionGradWeight";
      checkFloat32(op, x);
      call.begin(Kernel.convolutionWeights);
      const [input, output, weights] = sizes(spec, x, grad, out);
      call.operand(op, x, input).operand(op, grad, output).operand(op, out, weights).run();
    },
  };

  /** The forward one, or that in the other direction: `x` and `y` are the input and the output of the forward one, and one of them is computed. */
  function product(op: string, kind: number, spec: ConvolutionSpec, x: Op, y: Op, weight: Op, bias: Op | null, out: Op): void {
    checkFloat32(op, weight);
    call
      .begin(Kernel.convolution)
      .number(kind)
      .number(bias === null ? 0 : 1);
    const [input, output, weights] = sizes(spec, x, y, weight);
    const [source, results] = kind === FORWARD ? [x, output] : [y, input];
    call.operand(op, source, kind === FORWARD ? input : output);
    call.operand(op, weight, weights).operand(op, out, results);
    if (bias !== null) call.operand(op, bias, out.shape[1] as number);
    call.run();
  }

  /** Writes the sizes of a call; the elements of input, output and weights that it reads or writes. */
  function sizes(spec: ConvolutionSpec, x: Op, y: Op, weight: Op): [number, number, number] {
    const { groups } = spec;
    const batch = x.shape[0] as number;
    const inChannels = weight.shape[1] as number;
    const outChannels = (weight.shape[0] as number) / groups;
    call.number(batch).number(groups).number(inChannels).number(outChannels);
    const planes = axes(call, spec, x.shape.slice(2), y.shape.slice(2));
    return [
      batch * groups * inChannels * planes[0],
      batch * groups * outChannels * planes[1],
      groups * outChannels * inChannels * planes[2],
    ];
  }
}

// --- internal helpers ---

function checkFloat32(op: string, operand: Operand): void {
  if (!isFloat32(operand as Op)) throw new UnsupportedOpError(op, "native", `expected float32, got ${operand.storage.dtype} - compose it`);
}
