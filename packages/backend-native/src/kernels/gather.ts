import type { Kernels } from "@dropwise/core/backend";
import { type Call, Kernel, reach } from "../call";
import type { Members, Op } from "./shared";

/** Looking up by an index, and adding at one. */
export function gather(call: Call, reference: Kernels): Members<"gather" | "scatterAdd"> {
  return {
    gather(x, index, out) {
      const { dtype } = x.storage;
      if (dtype !== "float32" && dtype !== "int32") return reference.gather(x, index, out);
      const [outer, along, inner] = x.shape as [number, number, number];
      const picked = begin("gather", Kernel.gather, index, outer, along, out.shape[1] as number, inner);
      call.operand("gather", x, outer * along * inner, dtype).operand("gather", out, picked, dtype);
      run(() => reference.gather(x, index, out));
    },
    scatterAdd(index, x, out) {
      if (x.storage.dtype !== "float32") return reference.scatterAdd(index, x, out);
      const [outer, count, inner] = x.shape as [number, number, number];
      const along = out.shape[1] as number;
      const picked = begin("scatterAdd", Kernel.scatterAdd, index, outer, along, count, inner);
      call.operand("scatterAdd", x, picked).operand("scatterAdd", out, outer * along * inner);
      run(() => reference.scatterAdd(index, x, out));
    },
  };

  /** Writes the sizes and the index to the block; how many elements it names. */
  function begin(op: string, kernel: number, index: Op, outer: number, along: number, count: number, inner: number): number {
    const [stepO, stepJ, stepI] = index.strides as [number, number, number];
    call.begin(kernel).number(outer).number(along).number(count).number(inner);
    call
      .number(outer > 1 ? stepO : 0)
      .number(count > 1 ? stepJ : 0)
      .number(inner > 1 ? stepI : 0);
    const picked = outer * count * inner;
    call.operand(op, index, picked === 0 ? 0 : 1 + reach(outer, stepO) + reach(count, stepJ) + reach(inner, stepI), "int32");
    return picked;
  }

  /** The addon refuses an index that is not there; the reference says which, and writes nothing either. */
  function run(reference: () => void): void {
    try {
      call.run();
    } catch (error) {
      if ((error as Error).message.endsWith(OUTSIDE)) reference();
      throw error;
    }
  }
}

// --- internal helpers ---

/** What the addon says of an index: see `calls/gather.cc`. */
const OUTSIDE = "expected indices of elements that are there";
