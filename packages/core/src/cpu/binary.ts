import type { BinaryOp } from "../backend/op-names";
import type { TypedArray } from "../dtype/dtype";
import type { Shape } from "../shape/shape";
import { forEachRow, type HostOperand } from "./host-operand";

/** The definition of every binary function, in double; the result is rounded once when it is stored (comparisons: as 0 or 1). */
const FUNCTIONS: Readonly<Record<BinaryOp, (a: number, b: number) => number>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  // JavaScript gives NaN for 1 ** NaN and (+-1) ** +-Infinity; IEEE 754 and PyTorch give 1.
  pow: (a, b) => (a === 1 || (a === -1 && Math.abs(b) === Number.POSITIVE_INFINITY) ? 1 : a ** b),
  minimum: Math.min,
  maximum: Math.max,
  reluGrad: (grad, y) => (y <= 0 ? 0 : grad), // so written that NaN passes the gradient on
  sigmoidGrad: (grad, y) => grad * y * (1 - y),
  tanhGrad: (grad, y) => grad * (1 - y * y),
  binaryCrossEntropy: (p, target) => -(target * Math.max(Math.log(p), -100) + (1 - target) * Math.max(Math.log(1 - p), -100)),
  eq: (a, b) => Number(a === b),
  ne: (a, b) => Number(a !== b),
  lt: (a, b) => Number(a < b),
  le: (a, b) => Number(a <= b),
  gt: (a, b) => Number(a > b),
  ge: (a, b) => Number(a >= b),
};

/** `out = op(a, b)`; all three have `shape`, strides of 0 broadcast. int32 products keep their low 32 bits. `out` may be `a` or `b`. */
export function binary(op: BinaryOp, shape: Shape, a: HostOperand, b: HostOperand, out: HostOperand): void {
  const isIntegerProduct = op === "mul" && a.data instanceof Int32Array;
  forEachRow(shape, [a, b, out], (length, steps, starts) => {
    const [stepA, stepB, stepOut] = steps as [number, number, number];
    const [startA, startB, startOut] = starts as [number, number, number];
    const loop = isIntegerProduct ? generalLoop : (LOOPS[op] ?? generalLoop);
    loop(isIntegerProduct ? Math.imul : FUNCTIONS[op], a.data, startA, stepA, b.data, startB, stepB, out.data, startOut, stepOut, length);
  });
}

/** `out = condition ? a : b`, element by element; all have `shape`. */
export function where(shape: Shape, condition: HostOperand, a: HostOperand, b: HostOperand, out: HostOperand): void {
  const { data: c } = condition;
  const { data: x } = a;
  const { data: y } = b;
  const { data: z } = out;
  forEachRow(shape, [condition, a, b, out], (length, steps, starts) => {
    const [stepC, stepA, stepB, stepOut] = steps as [number, number, number, number];
    let [h, i, j, k] = starts as [number, number, number, number];
    for (let n = 0; n < length; n++) {
      z[k] = (c[h] === 0 ? y[j] : x[i]) as number;
      h += stepC;
      i += stepA;
      j += stepB;
      k += stepOut;
    }
  });
}

// --- internal helpers ---

type Loop = (
  f: (a: number, b: number) => number,
  x: TypedArray,
  i: number,
  stepX: number,
  y: TypedArray,
  j: number,
  stepY: number,
  z: TypedArray,
  k: number,
  stepZ: number,
  length: number,
) => void;

const generalLoop: Loop = (f, x, i, stepX, y, j, stepY, z, k, stepZ, length) => {
  for (let n = 0; n < length; n++) z[k + n * stepZ] = f(x[i + n * stepX] as number, y[j + n * stepY] as number);
};

/** Training spends its time in these; an engine inlines the function only where there is one, and a call costs more than a sum. */
const LOOPS: Partial<Record<BinaryOp, Loop>> = {
  add: (_f, x, i, stepX, y, j, stepY, z, k, stepZ, length) => {
    for (let n = 0; n < length; n++) z[k + n * stepZ] = (x[i + n * stepX] as number) + (y[j + n * stepY] as number);
  },
  mul: (_f, x, i, stepX, y, j, stepY, z, k, stepZ, length) => {
    for (let n = 0; n < length; n++) z[k + n * stepZ] = (x[i + n * stepX] as number) * (y[j + n * stepY] as number);
  },
  reluGrad: (_f, x, i, stepX, y, j, stepY, z, k, stepZ, length) => {
    for (let n = 0; n < length; n++) z[k + n * stepZ] = (y[j + n * stepY] as number) <= 0 ? 0 : (x[i + n * stepX] as number);
  },
};
