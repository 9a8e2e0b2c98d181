import type { BinaryOp } from "../backend/op-names";
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
  reluGrad: (grad, y) => (y > 0 ? grad : 0),
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
  const f = op === "mul" && a.data instanceof Int32Array ? Math.imul : FUNCTIONS[op];
  const { data: x } = a;
  const { data: y } = b;
  const { data: z } = out;
  forEachRow(shape, [a, b, out], (length, [stepA, stepB, stepOut], [startA, startB, startOut]) => {
    let i = startA as number;
    let j = startB as number;
    let k = startOut as number;
    for (let n = 0; n < length; n++) {
      z[k] = f(x[i] as number, y[j] as number);
      i += stepA as number;
      j += stepB as number;
      k += stepOut as number;
    }
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
