/** Faults of kernels for activations. */
import type { Backend } from "@dropwise/core";
import { noGrad, tensor } from "@dropwise/core";
import { type Activation, applyUnary, cpu, type Operand, sizeOf, type TypedArray } from "@dropwise/core/backend";
import { type Mutant, mutant } from "./mutant";

type Curve = (x: number) => number;

/** An activation and its derivative. */
interface Pair {
  readonly value: Curve;
  readonly slope: Curve;
}

const sigmoid: Curve = (x) => 1 / (1 + Math.exp(-x));
const erf: Curve = (x) => noGrad(() => applyUnary("erf", tensor([x], { dtype: "float64", backend: cpu })).itemSync());
const below: Curve = (x) => (1 + erf(x * Math.SQRT1_2)) / 2;
const density: Curve = (x) => Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);

/** x s(u) for a sigmoid s of a function u of x. */
const gated = (u: Curve, slope: Curve): Pair => ({
  value: (x) => x * sigmoid(u(x)),
  slope: (x) => sigmoid(u(x)) * (1 + x * (1 - sigmoid(u(x))) * slope(x)),
});

const SCALE = 2 * Math.sqrt(2 / Math.PI);

const RIGHT: Readonly<Record<Activation, Pair>> = {
  gelu: { value: (x) => x * below(x), slope: (x) => below(x) + x * density(x) },
  geluTanh: gated(
    (x) => SCALE * (x + 0.044715 * x ** 3),
    (x) => SCALE * (1 + 3 * 0.044715 * x * x),
  ),
  silu: gated(
    (x) => x,
    () => 1,
  ),
};

/** The minimal backend with kernels for activations, right but for what is given. */
function activation(name: string, wrong: Partial<Record<Activation, Partial<Pair>>>, ...caughtBy: string[]): Mutant {
  const pairOf = (kind: Activation): Pair => ({ ...RIGHT[kind], ...wrong[kind] });
  const members: Required<Pick<Backend, "activation" | "activationGrad">> = {
    activation: (kind, x, out) => map(pairOf(kind).value, x, out, null),
    activationGrad: (kind, x, grad, out) => map(pairOf(kind).slope, x, out, grad),
  };
  return mutant(name, () => members, ...caughtBy);
}

function map(f: Curve, x: Operand, out: Operand, grad: Operand | null): void {
  const elements = ({ storage }: Operand) => storage.handle as TypedArray;
  for (let i = 0; i < sizeOf(out.shape); i++) {
    const factor = grad === null ? 1 : (elements(grad)[grad.offset + i] as number);
    elements(out)[out.offset + i] = factor * f(elements(x)[x.offset + i] as number);
  }
}

const SIZES = (name: string) => `activations > gives ${name} of every size and from any start, and its gradient`;
const FAR = (name: string) => `activations > gives ${name} far out, of NaN, and of a tensor that is not contiguous`;

/** Every fault. */
export const activationMutants: readonly Mutant[] = [
  activation("gelu by tanh for gelu", { gelu: RIGHT.geluTanh }, SIZES("gelu")),
  activation("gelu for gelu by tanh", { geluTanh: RIGHT.gelu }, SIZES("gelu by tanh")),
  activation("the slope of gelu without its density", { gelu: { slope: below } }, SIZES("gelu"), FAR("gelu")),
  activation("a normal distribution that ends too early", { gelu: { value: (x) => (x < -3 ? 0 : x * below(x)) } }, SIZES("gelu")),
  activation(
    "a cubic whose slope is not thrice as steep",
    {
      geluTanh: {
        slope: gated(
          () => 0,
          () => SCALE,
        ).slope,
      },
    },
    SIZES("gelu by tanh"),
  ),
  activation("silu that stops at 0", { silu: { value: (x) => Math.max(0, x * sigmoid(x)) } }, SIZES("silu"), FAR("silu")),
  activation("the slope of silu for its value", { silu: { slope: RIGHT.silu.value } }, SIZES("silu")),
];

/** The same without a fault: what the mutants are caught by, it passes. */
export const rightActivations: Mutant = activation(
  "activations in one kernel",
  {},
  ...new Set(activationMutants.flatMap(({ caughtBy }) => caughtBy)),
);
