import type { ReduceOp } from "../backend/op-names";
import type { TypedArray } from "../dtype/dtype";

/** How a reduction takes in one more element; `best` is the result so far. NaN, once met, stays. */
const STEPS: Readonly<Record<"sum" | "amax" | "amin", (best: number, x: number) => number>> = {
  sum: (best, x) => best + x,
  amax: Math.max,
  amin: Math.min,
};

/**
 * Reduces the middle of x, [outer, size, inner], to out, [outer, inner]. Sums are taken in double, in index order, and rounded once.
 * `argmax` gives the first of equal elements, and the first NaN if there is one.
 */
export function reduce(
  op: ReduceOp,
  x: TypedArray,
  xOffset: number,
  out: TypedArray,
  outOffset: number,
  outer: number,
  size: number,
  inner: number,
): void {
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      const start = xOffset + o * size * inner + i;
      out[outOffset + o * inner + i] =
        op === "argmax" ? argmax(x, start, size, inner) : fold(STEPS[op], op === "sum", x, start, size, inner);
    }
  }
}

// --- internal helpers ---

function fold(
  step: (best: number, x: number) => number,
  fromZero: boolean,
  x: TypedArray,
  start: number,
  size: number,
  stride: number,
): number {
  let best = fromZero ? 0 : (x[start] as number);
  for (let s = fromZero ? 0 : 1; s < size; s++) best = step(best, x[start + s * stride] as number);
  return best;
}

function argmax(x: TypedArray, start: number, size: number, stride: number): number {
  let best = 0;
  for (let s = 1; s < size; s++) {
    const value = x[start + s * stride] as number;
    const top = x[start + best * stride] as number;
    if (value > top || (Number.isNaN(value) && !Number.isNaN(top))) best = s;
  }
  return best;
}
