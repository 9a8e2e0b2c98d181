import type { Backend, Kernels, Operand } from "@dropwise/core/backend";
import { mergeDims, sizeOf } from "@dropwise/core/backend";
import { type Runtime, reach, type WasmHandle } from "./runtime";

type Members = Required<Pick<Backend<WasmHandle>, "copy" | "where">>;

/** Dimensions that the kernels can walk, `kMaxRank`. */
const MAX_RANK = 8;

const COPY_NS = 0.6;
const WHERE_NS = 0.6;

/** Strided copies of 32-bit elements, and selections of float32; conversions and other dtypes go to the reference kernels. */
export function movement(runtime: Runtime, reference: Kernels): Members {
  return {
    copy(x, out) {
      const { dtype } = out.storage;
      const isMoved = x.storage.dtype === dtype && (dtype === "float32" || dtype === "int32") && sizeOf(out.shape) > 0;
      const dims = isMoved ? dimsOf(x, out) : [];
      if (!isMoved || dims.length > MAX_RANK) return reference.copy(x, out);
      const { words } = runtime;
      let read = 1;
      let written = 1;
      dims.forEach(({ size, from, to }, d) => {
        read += reach(size, from);
        written += reach(size, to);
        words[3 + d] = size;
        words[3 + MAX_RANK + d] = from;
        words[3 + 2 * MAX_RANK + d] = to;
      });
      const units = dims.reduce((product, { size }) => product * size, 1);
      if (written < units) {
        throw new RangeError("copy: expected strides that come to each element once, got some that repeat one - copy the operand first");
      }
      words[0] = runtime.operand("copy", x, read, dtype);
      words[1] = runtime.operand("copy", out, written, dtype);
      words[2] = dims.length;
      const columns = (dims.at(-1) as Dim).size;
      runtime.run("copy", units / columns, columns * COPY_NS);
    },
    where(condition, a, b, out) {
      const steps = [condition, a, b].map((operand) => (typeof operand === "number" ? out.shape.map(() => 0) : operand.strides));
      const merged = mergeDims(out.shape, steps);
      if (out.storage.dtype !== "float32" || merged.shape.length > MAX_RANK) return reference.where(condition, a, b, out);
      const units = sizeOf(out.shape);
      const { words } = runtime;
      const extents = merged.strides.map((strides, operand) => {
        let extent = 1;
        strides.forEach((stride, d) => {
          const size = merged.shape[d] as number;
          words[5 + d] = size;
          words[5 + (1 + operand) * MAX_RANK + d] = size === 1 ? 0 : stride;
          extent += reach(size, stride);
        });
        return units === 0 ? 0 : extent;
      }) as [number, number, number];
      words[0] = runtime.operand("where", condition, extents[0], "bool");
      words[1] = typeof a === "number" ? runtime.constant(a) : runtime.operand("where", a, extents[1]);
      words[2] = typeof b === "number" ? runtime.constant(b) : runtime.operand("where", b, extents[2]);
      words[3] = runtime.operand("where", out, units);
      words[4] = merged.shape.length;
      if (units > 0) runtime.run("where", units, WHERE_NS);
    },
  };
}

// --- internal helpers ---

/** One dimension of a copy, with the steps of the source and of the target. */
interface Dim {
  readonly size: number;
  readonly from: number;
  readonly to: number;
}

/**
 * The dimensions as the kernel likes them: ordered by the target's steps, so that it is written in order; neighbours merged where both sides step through
 * them as one; and that in which the source is contiguous among the last two, so that a transpose is recognised.
 */
function dimsOf(x: Operand, out: Operand): Dim[] {
  const sorted = out.shape
    .map((size, d) => ({ size, from: x.strides[d] as number, to: out.strides[d] as number }))
    .filter(({ size }) => size !== 1)
    .sort((a, b) => b.to - a.to);
  const { shape, strides } = mergeDims(
    sorted.map(({ size }) => size),
    [sorted.map(({ from }) => from), sorted.map(({ to }) => to)],
  );
  const dims = shape.map((size, d) => ({ size, from: strides[0]?.[d] as number, to: strides[1]?.[d] as number }));
  while (dims.length < 2) dims.unshift({ size: 1, from: 0, to: 0 });
  const inner = dims.findIndex(({ size, from }) => from === 1 && size > 1);
  if (inner >= 0 && inner < dims.length - 2) dims.splice(dims.length - 2, 0, ...dims.splice(inner, 1));
  return dims;
}
