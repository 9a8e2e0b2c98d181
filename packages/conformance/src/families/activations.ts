/** Activations: what they are, and their slopes at the kinks. */
import { functional as F, type Tensor } from "@dropwise/core";
import { each, type Family, LARGE } from "../case";
import { calledWith, goldenChecks } from "../golden-layers";
import { input, uniform } from "../inputs";
import { COMPOSED, EQUAL } from "../tolerance";

const CURVES = {
  "gelu by tanh": (x: Tensor) => F.gelu(x, { approximate: "tanh" }),
  mish: F.mish,
  celu: (x: Tensor) => F.celu(x, { alpha: 0.7 }),
  softsign: F.softsign,
  logSigmoid: F.logSigmoid,
  glu: (x: Tensor) => F.glu(x, { dim: 0 }),
} as const;

/** Those that a backend may have as kernels of their own. */
const FUSED = {
  gelu: (x: Tensor) => F.gelu(x),
  "gelu by tanh": (x: Tensor) => F.gelu(x, { approximate: "tanh" }),
  silu: F.silu,
} as const;

const FAR = [0, -0, 1, -1, 5, -5, 5.6, -5.6, 9, -9, 40, -40, 90, -90, 1e4, -1e4, Number.NaN];

const LINES = [F.relu6, F.hardtanh, F.hardsigmoid, F.hardswish] as const;

/** Activations. */
export const activations: Family = {
  ...goldenChecks(/^(gelu|hardswish|hardsigmoid|hardtanh|relu6|softsign|mish|celu|logSigmoid|glu|prelu)$/, COMPOSED, calledWith),

  ...each(
    Object.entries(CURVES),
    ([name]) => `computes ${name} and its gradient, far out, too`,
    ([, fn], { within }) => within(COMPOSED)((x) => fn(x), uniform([6, 131], { low: -30, high: 30 })),
  ),

  ...each(
    Object.entries(FUSED),
    ([name]) => `gives ${name} of every size and from any start, and its gradient`,
    async ([, fn], { within }) => {
      const slices = (x: Tensor) => [1, 3, 4, 17, 64, 331].map((n) => fn(x.slice(0, 5, 5 + n)));
      await within(COMPOSED)(slices, uniform([337], { low: -7, high: 7 }));
    },
  ),

  ...each(
    Object.entries(FUSED),
    ([name]) => `gives ${name} far out, of NaN, and of a tensor that is not contiguous`,
    async ([, fn], { within }) => {
      await within(COMPOSED)((x) => fn(x), input([FAR.length], FAR));
      await within(COMPOSED)((x) => fn(x.transpose(0, 1)), uniform([9, 14], { low: -4, high: 4 }));
    },
  ),

  ...each(
    Object.entries(FUSED),
    ([name]) => `gives ${name} of a large tensor, and its gradient`,
    ([, fn], { within }) => within(COMPOSED)((x) => fn(x), uniform([LARGE], { low: -8, high: 8 })),
  ),

  "has PyTorch's slopes at the kinks of straight lines": ({ within }) =>
    within({ ...COMPOSED, signedZero: false })(
      (x) => LINES.map((fn) => fn(x)),
      input([14], [-7, -6, -3, -1, -0.5, 0, -0, 0.5, 1, 3, 6, 7, Number.NaN, 2]),
    ),

  "multiplies what is not positive by the weight of its channel": ({ within }) =>
    within(COMPOSED)(
      (x, w) => F.prelu(x, w),
      input([3, 5, 7], (i) => ((i * 5) % 17) - 8),
      uniform([5], { seed: 3 }),
    ),

  "multiplies by one weight without rounding": ({ within }) =>
    within(EQUAL)(
      (x, w) => F.prelu(x, w).detach(),
      input([33], (i) => i - 16),
      input([1], [0.25]),
    ),
};
