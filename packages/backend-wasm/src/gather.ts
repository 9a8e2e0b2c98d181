import type { Backend, Kernels, Operand } from "@dropwise/core/backend";
import { elementsOf, type Runtime, reach, type WasmHandle } from "./runtime";

type Members = Required<Pick<Backend<WasmHandle>, "gather" | "scatterAdd">>;
type Op = Operand<WasmHandle>;

/** Columns of a unit of `scatterAdd`, `kScatterColumns`. */
const SCATTER_COLUMNS = 32;

const GATHER_NS = 0.6;

/** Looking up 32-bit elements by an index, and adding float32 at one. An index that is not there goes to the reference kernels, which say which it is. */
export function gather(runtime: Runtime, reference: Kernels): Members {
  return {
    gather(x, index, out) {
      const { dtype } = x.storage;
      if (dtype !== "float32" && dtype !== "int32") return reference.gather(x, index, out);
      const [outer, along, inner] = x.shape as [number, number, number];
      const count = out.shape[1] as number;
      const { words } = runtime;
      words[0] = runtime.operand("gather", x, elementsOf(outer, along, inner), dtype);
      words[2] = runtime.operand("gather", out, elementsOf(outer, count, inner), dtype);
      if (!placed("gather", index, outer, along, count, inner)) return reference.gather(x, index, out);
      if (outer * count * inner > 0) runtime.run("gather", outer * count, inner * GATHER_NS);
    },
    scatterAdd(index, x, out) {
      if (x.storage.dtype !== "float32") return reference.scatterAdd(index, x, out);
      const [outer, count, inner] = x.shape as [number, number, number];
      const along = out.shape[1] as number;
      const { words } = runtime;
      words[0] = runtime.operand("scatterAdd", x, elementsOf(outer, count, inner));
      words[2] = runtime.operand("scatterAdd", out, elementsOf(outer, along, inner));
      if (!placed("scatterAdd", index, outer, along, count, inner)) return reference.scatterAdd(index, x, out);
      const units = outer * Math.ceil(inner / SCATTER_COLUMNS);
      if (outer * count * inner > 0) runtime.run("scatterAdd", units, count * Math.min(inner, SCATTER_COLUMNS) * GATHER_NS);
    },
  };

  /** Writes the sizes and the index to the block. False for an index that is not there: the kernel does not look. */
  function placed(op: string, index: Op, outer: number, along: number, count: number, inner: number): boolean {
    const { words } = runtime;
    words[3] = outer;
    words[4] = along;
    words[5] = count;
    words[6] = inner;
    // What is not stepped, or comes to the same index again, is looked at once.
    const sizes = [outer, count, inner];
    const steps = sizes.map((size, d) => (size === 1 ? 0 : (index.strides[d] as number)));
    const extent = sizes.includes(0) ? 0 : sizes.reduce((sum, size, d) => sum + reach(size, steps[d] as number), 1);
    words[1] = runtime.operand(op, index, extent, "int32");
    steps.forEach((step, d) => {
      words[7 + d] = step;
    });
    if (extent === 0) return true;
    const places = runtime.view(index.storage);
    const [endO, endJ, endI] = sizes.map((size, d) => (steps[d] === 0 ? 1 : size)) as [number, number, number];
    const [stepO, stepJ, stepI] = steps as [number, number, number];
    for (let o = 0; o < endO; o++) {
      for (let j = 0; j < endJ; j++) {
        let at = index.offset + o * stepO + j * stepJ;
        for (let i = 0; i < endI; i++, at += stepI) if ((places[at] as number) >>> 0 >= along) return false;
      }
    }
    return true;
  }
}
