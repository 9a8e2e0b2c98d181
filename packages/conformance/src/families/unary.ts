/** Elementwise functions of one operand, and their gradients. */
import { functional as F, type Tensor } from "@dropwise/core";
import type { UnaryOp } from "@dropwise/core/backend";
import { applyUnary } from "@dropwise/core/backend";
import { type Context, each, type Family, LARGE } from "../case";
import { compareDirect } from "../direct";
import { constant, input, integers, uniform } from "../inputs";
import { EQUAL, type Tolerance, TRANSCENDENTAL } from "../tolerance";

interface Row {
  readonly op: UnaryOp;
  /** The range of the inputs. */
  readonly low: number;
  readonly high: number;
  readonly tolerance: Tolerance;
}

/** Every function; a new one is a compile error here until it has a row. */
const ROWS: Readonly<Record<UnaryOp, Omit<Row, "op">>> = {
  neg: { low: -5, high: 5, tolerance: EQUAL },
  abs: { low: -5, high: 5, tolerance: EQUAL },
  relu: { low: -5, high: 5, tolerance: EQUAL },
  exp: { low: -10, high: 5, tolerance: TRANSCENDENTAL },
  expm1: { low: -3, high: 3, tolerance: TRANSCENDENTAL },
  log: { low: 0.01, high: 100, tolerance: TRANSCENDENTAL },
  log1p: { low: -0.9, high: 5, tolerance: TRANSCENDENTAL },
  sqrt: { low: 0.01, high: 100, tolerance: TRANSCENDENTAL },
  sigmoid: { low: -15, high: 15, tolerance: TRANSCENDENTAL },
  tanh: { low: -10, high: 10, tolerance: TRANSCENDENTAL },
  erf: { low: -4, high: 4, tolerance: TRANSCENDENTAL },
  softplus: { low: -20, high: 20, tolerance: TRANSCENDENTAL },
};

const rows: readonly Row[] = (Object.keys(ROWS) as UnaryOp[]).map((op) => ({ op, ...ROWS[op] }));

const SIZES = [1, 2, 3, 4, 5, 7, 64, 65, 1021];

const EXTREMES = [0, -0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN, -1, 1, 1e4, -1e4, 90, -90, 3e38, -3e38];

/** Near 0, where a careless formula loses all its digits. */
const SMALL = [1e-3, -1e-3, 1e-5, -1e-5, 3e-7, -3e-7, 1e-9];

const ACTIVATIONS = ["relu", "sigmoid", "tanh", "gelu", "silu", "leakyRelu", "softplus", "elu", "selu"] as const;

/** Functions of one operand. */
export const unary: Family = {
  ...each(
    rows,
    ({ op }) => `gives ${op} and its gradient, for every size and from any start`,
    async ({ op, low, high, tolerance }, { within }) => {
      await within(tolerance)((x) => SIZES.map((n) => applyUnary(op, x.slice(0, 3, 3 + n))), uniform([1024], { low, high }));
    },
  ),

  ...each(
    rows,
    ({ op }) => `gives ${op} of zeros, infinities, NaN and large numbers`,
    ({ op, tolerance }, { within }) => within(tolerance)((x) => applyUnary(op, x), constant(input([EXTREMES.length], EXTREMES))),
  ),

  ...each(
    rows,
    ({ op }) => `gives ${op} of a large tensor`,
    ({ op, low, high, tolerance }, { within }) => within(tolerance)((x) => applyUnary(op, x), constant(uniform([LARGE], { low, high }))),
  ),

  ...each(
    rows,
    ({ op }) => `gives ${op} in float64, or the backend has none`,
    async ({ op, low, high, tolerance }, { backend, within }) => {
      if (backend.info.dtypes.includes("float64"))
        await within(tolerance)((x) => applyUnary(op, x), uniform([129], { low, high, dtype: "float64" }));
    },
  ),

  ...each(
    rows,
    ({ op }) => `may write ${op} over its input`,
    async ({ op, low, high, tolerance }, { backend }) => {
      await compareDirect(backend, tolerance, op, (kernels, [x]) => kernels.unary(op, x as never, x as never), {
        input: uniform([77], { low, high }),
        offset: 3,
      });
    },
  ),

  "keeps the digits of expm1, log1p, erf, tanh and sigmoid near zero": async ({ within }) => {
    // Relative, since the results are as small as the inputs.
    const relative = { ...TRANSCENDENTAL, atol: 1e-12 };
    for (const op of ["expm1", "log1p", "erf", "tanh", "sigmoid"] as const) {
      await within(relative)((x) => applyUnary(op, x), constant(input([SMALL.length], SMALL)));
    }
  },

  "negates int32 and takes its absolute value": ({ compare }) => compare((x: Tensor) => [x.neg(), x.abs()], integers([101])),

  ...each(
    ACTIVATIONS,
    (name) => `gives the activation ${name} and its gradient`,
    (name, { within }: Context) => within(TRANSCENDENTAL)((x) => F[name](x), uniform([257], { low: -6, high: 6 })),
  ),
};
