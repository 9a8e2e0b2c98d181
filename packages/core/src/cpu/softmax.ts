import type { Backend } from "../backend/backend";
import type { View } from "../backend/kernels";
import type { TypedArray } from "../dtype/dtype";

/** `softmax` of the contract on host memory. */
export function referenceSoftmax(view: View): NonNullable<Backend["softmax"]> {
  return (log, x, out, outer, size, inner) => softmax(log, view(x.storage), x.offset, view(out.storage), out.offset, outer, size, inner);
}

/** `softmaxGrad` of the contract on host memory. */
export function referenceSoftmaxGrad(view: View): NonNullable<Backend["softmaxGrad"]> {
  return (log, y, grad, out, outer, size, inner) =>
    softmaxGrad(log, view(y.storage), y.offset, view(grad.storage), grad.offset, view(out.storage), out.offset, outer, size, inner);
}

// --- internal helpers ---

/** Softmax over the middle of [outer, size, inner], or its logarithm; the largest element is taken off first, so that nothing overflows. `out` may be `x`. */
function softmax(
  log: boolean,
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
      const start = o * size * inner + i;
      let top = Number.NEGATIVE_INFINITY;
      for (let s = 0; s < size; s++) top = Math.max(top, x[xOffset + start + s * inner] as number);
      let sum = 0;
      for (let s = 0; s < size; s++) sum += Math.exp((x[xOffset + start + s * inner] as number) - top);
      const logSum = Math.log(sum);
      for (let s = 0; s < size; s++) {
        const shifted = (x[xOffset + start + s * inner] as number) - top;
        out[outOffset + start + s * inner] = log ? shifted - logSum : Math.exp(shifted) / sum;
      }
    }
  }
}

/**
 * The gradient of softmax from its output y: `y * (grad - sum(grad * y))`; of its logarithm: `grad - exp(y) * sum(grad)`. `out` may be `grad`.
 */
function softmaxGrad(
  log: boolean,
  y: TypedArray,
  yOffset: number,
  grad: TypedArray,
  gradOffset: number,
  out: TypedArray,
  outOffset: number,
  outer: number,
  size: number,
  inner: number,
): void {
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      const start = o * size * inner + i;
      let sum = 0;
      for (let s = 0; s < size; s++) {
        const at = start + s * inner;
        sum += (grad[gradOffset + at] as number) * (log ? 1 : (y[yOffset + at] as number));
      }
      for (let s = 0; s < size; s++) {
        const at = start + s * inner;
        const g = grad[gradOffset + at] as number;
        const value = y[yOffset + at] as number;
        out[outOffset + at] = log ? g - Math.exp(value) * sum : value * (g - sum);
      }
    }
  }
}
