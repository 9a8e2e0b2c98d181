import { type Call, Kernel } from "../call";
import type { Members, Op } from "./shared";

/** Normalisation and its gradients, of float32: core hands it nothing else. */
export function normalize(call: Call): Members<"normalize" | "normalizeGrad"> {
  return {
    normalize(spec, x, weight, bias, out, stats) {
      const { outer, groups, inner, eps, affine } = spec;
      const length = outer * groups * inner;
      call.begin(Kernel.normalize).number(outer).number(groups).number(inner).number(eps);
      call
        .number(affine === "inner" ? 1 : 0)
        .number(weight === null ? 0 : 1)
        .number(bias === null ? 0 : 1);
      call.operand("normalize", x, length);
      for (const each of [weight, bias]) if (each !== null) call.operand("normalize", each, affine === "inner" ? inner : groups);
      call
        .operand("normalize", out, length)
        .operand("normalize", stats, 2 * groups)
        .run();
    },
    normalizeGrad(spec, grad, x, weight, stats, gradX, gradWeight, gradBias) {
      const { outer, groups, inner, eps, affine } = spec;
      const length = outer * groups * inner;
      const weights = affine === "inner" ? inner : groups;
      call.begin(Kernel.normalizeGrad).number(outer).number(groups).number(inner).number(eps);
      call.number(affine === "inner" ? 1 : 0);
      for (const each of [weight, gradX, gradWeight, gradBias]) call.number(each === null ? 0 : 1);
      call.operand("normalize", grad, length).operand("normalize", x, length);
      if (weight !== null) call.operand("normalize", weight, weights);
      call.operand("normalize", stats, 2 * groups);
      const outs: [Op | null, number][] = [
        [gradX, length],
        [gradWeight, weights],
        [gradBias, weights],
      ];
      for (const [out, extent] of outs) if (out !== null) call.operand("normalize", out, extent);
      call.run();
    },
  };
}
