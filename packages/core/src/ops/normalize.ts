/** Normalisation in one kernel, where the device has it: what `functional/normalization` else composes. */
import { gradMode } from "../autograd/grad-mode";
import { ANY, type GradNode, type Primitive } from "../autograd/node";
import type { NormalizeSpec } from "../backend/backend";
import { hasMembers, laterMember } from "../cpu/device-of";
import type { Shape } from "../shape/shape";
import type { Tensor } from "../tensor/tensor";
import { computedLayout, contiguous, runContiguous, unwritten } from "./layout";
import { meanOver } from "./reduce";

/** Inputs: x, the statistics, which the kernel writes, then a weight, then a bias, as far as there are some. */
const normalizePrimitive: Primitive<NormalizeSpec> = {
  name: "normalize",
  reads: [ANY, ANY, 0b001],
  forward(inputs, spec) {
    const [x, stats, weight, bias] = inputs as unknown as [Tensor, Tensor, Tensor?, Tensor?];
    const { device } = x.storage;
    return computedLayout(device, x.dtype, x.sizes, (out) =>
      laterMember(device, "normalize")?.(spec, x.layout, weight?.layout ?? null, bias?.layout ?? null, out, stats.layout),
    );
  },
  backward: (node, grad) => (gradMode.enabled ? composedGradients : fusedGradients)(node, grad),
};

/** What `normalizeFused` gives. */
export interface Normalized {
  readonly output: Tensor;
  /** `[2, groups]`: the means and the biased variances, with no gradient of their own. */
  readonly stats: Tensor;
}

/** `x` normalised by one kernel; null where there is none for it: then it is to be composed. A bias alone is added by the caller. */
export function normalizeFused(x: Tensor, spec: NormalizeSpec, weight: Tensor | null, bias: Tensor | null): Normalized | null {
  const { device } = x.storage;
  const beside = [weight, bias].filter((each) => each !== null);
  const fits = x.dtype === "float32" && x.size > 0 && beside.every(({ dtype }) => dtype === "float32");
  if (!fits || !hasMembers(device, "normalize", "normalizeGrad")) return null;
  const stats = unwritten(x, [2, spec.groups]);
  return { output: runContiguous(normalizePrimitive, [x, stats, ...beside], spec), stats };
}

// --- internal helpers ---

type Gradients = readonly (Tensor | null)[];

function fusedGradients(node: GradNode<NormalizeSpec>, grad: Tensor): Gradients {
  const [x, stats] = [node.input(0), node.input(1)];
  const weight = node.shapes.length > 2 && node.needs(0) ? node.input(2).layout : null;
  const found = node.shapes.map((shape, i) => (i !== 1 && node.needs(i) ? unwritten(x, shape) : null));
  const [gradX = null, , gradWeight = null, gradBias = null] = found.map((each) => each?.layout ?? null);
  laterMember(x.storage.device, "normalizeGrad")?.(
    node.attrs,
    ...([contiguous(grad).layout, x.layout, weight, stats.layout, gradX, gradWeight, gradBias] as const),
  );
  return found;
}

/** The same, in differentiable operations. */
function composedGradients(node: GradNode<NormalizeSpec>, grad: Tensor): Gradients {
  const { outer, groups, inner, eps, affine } = node.attrs;
  const shape = [outer, groups, inner];
  const [given, x] = [grad.reshape(shape), node.input(0).reshape(shape)];
  const along = affine === "inner" ? [0, 1] : [0, 2];
  const mean = (value: Tensor) => meanOver(value, [0, 2], true);
  const centred = x.sub(mean(x));
  const deviation = mean(centred.mul(centred)).add(eps).sqrt();
  const normal = centred.div(deviation);
  const total = (value: Tensor, i: number) => value.sum({ dim: along }).reshape(node.shapes[i] as Shape);
  return node.shapes.map((own, i) => {
    if (i === 1 || !node.needs(i)) return null;
    if (i === 2) return total(given.mul(normal), i);
    if (i === 3) return total(given, i);
    const weighted = node.shapes.length > 2 ? given.mul(node.input(2).reshape(affine === "inner" ? [1, 1, inner] : [1, groups, 1])) : given;
    return weighted
      .sub(mean(weighted))
      .sub(normal.mul(mean(weighted.mul(normal))))
      .div(deviation)
      .reshape(own);
  });
}
