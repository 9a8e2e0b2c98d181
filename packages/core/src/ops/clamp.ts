import type { Primitive } from "../autograd/node";
import { run } from "../autograd/run";
import { composed } from "../autograd/scope";
import { promote } from "../dtype/dtype";
import { optionsOf } from "../errors/options";
import { wrongType } from "../errors/refusal";
import type { Tensor } from "../tensor/tensor";
import { checkTensor, promoteOperands } from "./binary";
import { cast, computedLayout, contiguous, runContiguous } from "./layout";

/** Bounds for `clamp`; at least one is given. */
export interface ClampOptions {
  /** Elements below become this. Default: no bound. */
  readonly min?: number;
  /** Elements above become this. Default: no bound. */
  readonly max?: number;
}

const clampPrimitive: Primitive<ClampOptions> = {
  name: "clamp",
  reads: [1],
  forward: ([x], { min, max }) =>
    computedLayout(x.storage.device, x.dtype, x.sizes, (out, kernels) => {
      if (min !== undefined) kernels.binary("maximum", x.layout, min, out);
      if (max !== undefined) kernels.binary("minimum", min === undefined ? x.layout : out, max, out);
    }),
  // The bounds themselves pass the gradient on, as in PyTorch.
  backward(node, grad) {
    const x = node.input(0);
    const { min, max } = node.attrs;
    const above = min === undefined ? grad : grad.where(x.ge(min), 0);
    return [max === undefined ? above : above.where(x.le(max), 0)];
  },
};

/** Elements below `min` become it, elements above `max` become that; NaN stays. */
export function clamp(tensor: Tensor, options: ClampOptions): Tensor {
  const x = checkTensor("clamp", tensor);
  const { min, max } = optionsOf("clamp", options, { min: "any", max: "any" });
  if (min === undefined && max === undefined) throw wrongType("clamp", "{ min } or { max }", options);
  let { dtype } = x;
  for (const bound of [min, max]) {
    if (bound === undefined) continue;
    if (typeof bound !== "number") throw wrongType("clamp", "bounds that are numbers", bound);
    // One with a fraction turns integers to float32, as a number does everywhere.
    dtype = promote(dtype, promoteOperands("clamp", x, bound));
  }
  if (dtype === x.dtype) return runContiguous(clampPrimitive, [x], { min, max });
  return composed(() => run(clampPrimitive, [contiguous(cast(x, dtype))], { min, max }));
}
