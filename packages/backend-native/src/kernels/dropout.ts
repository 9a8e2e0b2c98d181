import type { Kernels, MaskLayout } from "@dropwise/core/backend";
import { isContiguous } from "@dropwise/core/backend";
import { type Call, Kernel, MAX_RANK } from "../call";
import type { Members } from "./shared";

/** The kinds of layouts of `dropout-layout.hpp`, in its order. */
const LAYOUTS: readonly MaskLayout["kind"][] = ["packed", "spread", "wide", "flat"];

/** The affine select. */
export function dropout(call: Call, reference: Kernels): Members<"dropout"> {
  return {
    dropout(spec, x, out) {
      const { shape, maskStrides, layout } = spec;
      const rank = shape.length;
      if (rank === 0 || rank > MAX_RANK || x.storage.dtype !== "float32") return reference.dropout(spec, x, out);
      if (layout === undefined) call.begin(Kernel.dropout);
      else {
        call.begin(Kernel.dropoutLayout).number(LAYOUTS.indexOf(layout.kind)).number(layout.width).number(layout.threads);
        call.number(layout.shift).number(layout.low).number(layout.thresholdHi);
      }
      call.number(spec.seedLo).number(spec.seedHi).number(spec.callLo).number(spec.callHi).number(spec.threshold);
      call.number(spec.keepScale).number(spec.keepShift).number(spec.dropValue).number(spec.elementOffset);
      const step = isContiguous(x.shape, x.strides) ? 1 : 0;
      let length = 1;
      call.number(step).number(rank);
      for (let dim = 0; dim < rank; dim++) {
        const size = shape[dim] as number;
        length *= size;
        call.number(size).number(maskStrides[dim] as number);
      }
      call
        .operand("dropout", x, step === 1 ? length : Math.min(1, length))
        .operand("dropout", out, length)
        .run();
    },
  };
}
