import type { Backend, Operand } from "@dropwise/core/backend";
import { sumColumns } from "./reduce";
import { elementsOf, type Runtime, type WasmHandle } from "./runtime";

type Members = Required<Pick<Backend<WasmHandle>, "normalize" | "normalizeGrad">>;
type Op = Operand<WasmHandle>;

/** Rows of one unit where there is a weight for each place, `kNormRows`, and the most units, `kMaxNormUnits`. */
const ROWS = 32;
const MAX_UNITS = 1024;

const NS = 1;
const GRAD_NS = 1.5;

/** Normalisation and its gradients, of float32: core hands it nothing else. */
export function normalize(runtime: Runtime): Members {
  const place = (operand: Op | null, extent: number) => (operand === null ? 0 : runtime.operand("normalize", operand, extent));
  return {
    normalize({ outer, groups, inner, eps, affine }, x, weight, bias, out, stats) {
      const length = elementsOf(outer, groups, inner);
      const weights = affine === "inner" ? inner : groups;
      const { words, floats } = runtime;
      words[0] = place(x, length);
      words[1] = place(weight, weights);
      words[2] = place(bias, weights);
      words[3] = place(out, length);
      words[4] = place(stats, 2 * groups);
      words[5] = outer;
      words[6] = groups;
      words[7] = inner;
      floats[8] = eps;
      words[9] = perInner(affine, outer);
      if (length > 0) runtime.run("normalize", groups, (length / groups) * NS);
    },
    normalizeGrad({ outer, groups, inner, eps, affine }, grad, x, weight, stats, gradX, gradWeight, gradBias) {
      const length = elementsOf(outer, groups, inner);
      const weights = affine === "inner" ? inner : groups;
      const rows = affine === "group" ? 1 : groups <= ROWS * MAX_UNITS ? ROWS : Math.ceil(groups / MAX_UNITS);
      const units = Math.ceil(groups / rows);
      const addresses = [
        place(grad, length),
        place(x, length),
        place(weight, weights),
        place(stats, 2 * groups),
        place(gradX, length),
        place(gradWeight, weights),
        place(gradBias, weights),
      ];
      const isPerInner = perInner(affine, outer);
      if (length === 0) return;
      const bytes = isPerInner === 1 ? 8 * units * inner : 0;
      const partials = bytes > 0 ? runtime.borrow(bytes) : 0;
      const { words, floats } = runtime;
      for (const [i, address] of addresses.entries()) words[i] = address;
      words[7] = partials;
      words[8] = outer;
      words[9] = groups;
      words[10] = inner;
      floats[11] = eps;
      words[12] = isPerInner;
      runtime.run("normalizeGrad", units, (length / units) * GRAD_NS);
      if (bytes === 0) return;
      // The sums over the units, by columns.
      for (const [k, out] of [addresses[6], addresses[5]].entries()) {
        if (out !== 0) sumColumns(runtime, partials + 4 * k * units * inner, out as number, units, inner);
      }
      runtime.giveBack(partials, bytes);
    },
  };
}

// --- internal helpers ---

function perInner(affine: "group" | "inner", outer: number): number {
  if (affine === "inner" && outer !== 1) throw new RangeError("normalize: expected an outer size of 1 beside weights for places");
  return affine === "inner" ? 1 : 0;
}
