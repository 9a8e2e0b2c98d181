import type { Backend, Kernels, MaskLayout } from "@dropwise/core/backend";
import { isContiguous } from "@dropwise/core/backend";
import { areFloat32, isWhole, type Runtime, type WasmHandle } from "./runtime";

/** Dimensions that the kernel can walk, `kMaxRank`. */
const MAX_RANK = 8;

const DROPOUT_NS = 1.1;

/** The affine select of float32; float64 goes to the reference kernel. */
export function dropout(runtime: Runtime, reference: Kernels): Required<Pick<Backend<WasmHandle>, "dropout">> {
  return {
    dropout(spec, x, out) {
      const { shape, maskStrides, elementOffset, layout } = spec;
      const rank = shape.length;
      if (rank === 0 || rank > MAX_RANK || !areFloat32(x)) return reference.dropout(spec, x, out);
      const { words, floats } = runtime;
      let units = 1;
      for (let dim = 0; dim < rank; dim++) {
        const size = shape[dim] as number;
        units *= isWhole(size) ? size : Number.NaN;
        words[SHAPE + dim] = size;
        words[MASK_STRIDES + dim] = maskStrides[dim] as number;
      }
      const step = isContiguous(x.shape, x.strides) ? 1 : 0;
      words[0] = elementOffset; // the low 32 bits: a typed array takes numbers modulo 2^32
      words[1] = elementOffset / 2 ** 32;
      words[2] = runtime.operand("dropout", x, step === 1 ? units : Math.min(1, units));
      words[3] = runtime.operand("dropout", out, units);
      words[4] = step;
      words[5] = spec.seedLo;
      words[6] = spec.seedHi;
      words[7] = spec.callLo;
      words[8] = spec.callHi;
      words[9] = spec.threshold;
      floats[10] = spec.keepScale;
      floats[11] = spec.keepShift;
      floats[12] = spec.dropValue;
      words[13] = rank;
      if (units === 0) return;
      if (layout === undefined) return runtime.run("dropout", units, DROPOUT_NS);
      const { kind, width, threads } = layout;
      words[LAYOUT] = LAYOUTS.indexOf(kind);
      words[LAYOUT + 1] = width;
      words[LAYOUT + 2] = threads;
      words[LAYOUT + 3] = layout.shift;
      words[LAYOUT + 4] = layout.low;
      words[LAYOUT + 5] = layout.thresholdHi;
      // As `layoutUnits` counts them: columns, where a mask that is drawn by columns has more elements than them.
      const isByColumns = kind === "spread" || kind === "wide";
      const columns =
        isByColumns && layout.shift === 0 && layout.low === 0 && rank === 1 && maskStrides[0] === 1 && units > threads ? threads : units;
      const blocks = isByColumns ? Math.ceil(units / columns / width) : 1 / Math.min(4, width);
      runtime.run("dropoutLayout", columns, blocks * 4 * DROPOUT_NS);
    },
  };
}

// --- internal helpers ---

/** Word offsets in `DropoutArgs`. */
const SHAPE = 14;
const MASK_STRIDES = SHAPE + MAX_RANK;
const LAYOUT = MASK_STRIDES + MAX_RANK + 2; // behind `around`, in `LayoutArgs`

/** The kinds of layouts of `dropout-layout.hpp`, in its order. */
const LAYOUTS: readonly MaskLayout["kind"][] = ["packed", "spread", "wide", "flat"];
