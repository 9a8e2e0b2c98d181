import type { Activation } from "@dropwise/core/backend";
import type { Gpu } from "../gpu/gpu";
import { elementwise } from "./elementwise";
import type { GpuOperand } from "./kernel";
import math from "./math.wgsl";
import more from "./unary-more.wgsl";
import values from "./values.wgsl";

/** Each with its derivative, as WGSL functions of x: what core composes, in its order of operations. */
const FUNCTIONS: Readonly<Record<Activation, { readonly part: string; readonly value: string; readonly derivative: string }>> = {
  // The normal distribution function times x.
  gelu: {
    part: `(erf_(x * ${Math.SQRT1_2}) + 1.0) * 0.5`,
    value: "part * x",
    derivative: `part + exp_(x * x * -0.5) * ${1 / Math.sqrt(2 * Math.PI)} * x`,
  },
  geluTanh: {
    part: `tanh_((x * x * 0.044715 + 1.0) * x * ${Math.sqrt(2 / Math.PI)})`,
    value: "(part + 1.0) * x * 0.5",
    derivative: `((1.0 - part * part) * ((x * x * ${3 * 0.044715} + 1.0) * ${Math.sqrt(2 / Math.PI)}) * x + part + 1.0) * 0.5`,
  },
  silu: { part: "sigmoid(x)", value: "x * part", derivative: "part + x * part * (1.0 - part)" },
};

const FILES = [values, math, more];

/** `out = f(x)`; `out` may be `x`. */
export function activation(gpu: Gpu, kind: Activation, x: GpuOperand, out: GpuOperand): void {
  const { part, value } = FUNCTIONS[kind];
  elementwise(gpu, {
    key: `activation ${kind}`,
    files: FILES,
    op: `fn op(x: f32) -> f32 { let part = ${part}; return ${value}; }`,
    operands: [{ value: x, dtype: "float32" }],
    out,
  });
}

/** `out = grad * f'(x)`; `out` may be `grad`. */
export function activationGrad(gpu: Gpu, kind: Activation, x: GpuOperand, grad: GpuOperand, out: GpuOperand): void {
  const { part, derivative } = FUNCTIONS[kind];
  elementwise(gpu, {
    key: `activationGrad ${kind}`,
    files: FILES,
    op: `fn op(x: f32, grad: f32) -> f32 { let part = ${part}; return grad * (${derivative}); }`,
    operands: [
      { value: x, dtype: "float32" },
      { value: grad, dtype: "float32" },
    ],
    out,
  });
}
