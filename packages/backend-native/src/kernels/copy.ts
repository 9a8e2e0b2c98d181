import type { Backend, DType, Kernels, Operand } from "@dropwise/core/backend";
import { sizeOf } from "@dropwise/core/backend";
import { type Call, Kernel, MAX_RANK, reach, repeats } from "../call";
import type { NativeHandle } from "../memory";

/** Strided copies of 32-bit elements without conversion; others go to the reference kernel. */
export function copy(call: Call, reference: Kernels): Required<Pick<Backend<NativeHandle>, "copy">> {
  return {
    copy(x, out) {
      const { dtype } = out.storage;
      if (x.storage.dtype !== dtype || !isWord(dtype) || sizeOf(out.shape) === 0) return reference.copy(x, out);
      const dims = layoutOf(x, out);
      if (dims.length > MAX_RANK) return reference.copy(x, out);
      call.begin(Kernel.copy).number(dims.length);
      let read = 1;
      let written = 1;
      for (const { size, from, to } of dims) {
        call.dim(size, from, to);
        read += reach(size, from);
        written += reach(size, to);
      }
      if (written < dims.reduce((product, { size }) => product * size, 1)) throw repeats("copy");
      call.operand("copy", x, read, dtype).operand("copy", out, written, dtype).run();
    },
  };
}

/** One dimension of a copy, with the steps of the source and of the target. */
interface Dim {
  size: number;
  from: number;
  to: number;
}

/**
 * The dimensions as the kernel likes them: ordered by the target's steps, so that it is written in order; neighbours merged where both sides step through
 * them as one; and that in which the source is contiguous among the last two, so that a transpose is recognised.
 */
function layoutOf(x: Pick<Operand, "strides">, out: Pick<Operand, "shape" | "strides">): Dim[] {
  const sorted = out.shape
    .map((size, dim) => ({ size, from: x.strides[dim] as number, to: out.strides[dim] as number }))
    .filter(({ size }) => size !== 1)
    .sort((a, b) => b.to - a.to);
  const dims: Dim[] = [];
  for (const dim of sorted) {
    const last = dims.at(-1);
    if (last !== undefined && last.from === dim.from * dim.size && last.to === dim.to * dim.size) {
      last.size *= dim.size;
      last.from = dim.from;
      last.to = dim.to;
    } else dims.push({ ...dim });
  }
  while (dims.length < 2) dims.unshift({ size: 1, from: 0, to: 0 });
  const inner = dims.findIndex(({ size, from }) => from === 1 && size > 1);
  if (inner >= 0 && inner < dims.length - 2) dims.splice(dims.length - 2, 0, ...dims.splice(inner, 1));
  return dims;
}

// --- internal helpers ---

const isWord = (dtype: DType): boolean => dtype === "float32" || dtype === "int32";
