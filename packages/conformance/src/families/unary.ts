/** Elementwise functions of one operand, and their gradients. */
import { functional as F, ones, type Tensor } from "@dropwise/core";
import type { UnaryOp } from "@dropwise/core/backend";
import { applyUnary } from "@dropwise/core/backend";
import { assert, assertThrows } from "../assert";
import { type Check, type Context, each, type Family, isRefused, knowsOp, LARGE } from "../case";
import { compareDirect } from "../direct";
import { constant, input, integers, uniform } from "../inputs";
import { BITS, EQUAL, type Tolerance, TRANSCENDENTAL } from "../tolerance";

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
  floor: { low: -9, high: 9, tolerance: BITS },
  ceil: { low: -9, high: 9, tolerance: BITS },
  round: { low: -9, high: 9, tolerance: BITS },
  sign: { low: -5, high: 5, tolerance: BITS },
  sin: { low: -100, high: 100, tolerance: TRANSCENDENTAL },
  cos: { low: -100, high: 100, tolerance: TRANSCENDENTAL },
  rsqrt: { low: 0.01, high: 100, tolerance: TRANSCENDENTAL },
};

const rows: readonly Row[] = (Object.keys(ROWS) as UnaryOp[]).map((op) => ({ op, ...ROWS[op] }));

/** The checks of each row, or the refusal of a name that the backend's version of the contract does not have, and that nothing stands in for. */
function eachRow(name: (row: Row) => string, check: (row: Row, context: Context) => ReturnType<Check>): Family {
  return each(rows, name, async (row, context) => {
    const { backend } = context;
    if (!isRefused(backend, row.op)) return check(row, context);
    const { message } = await assertThrows(
      "UnsupportedOpError",
      () => applyUnary(row.op, ones([1], { backend })),
      `${backend.name}, ${row.op}`,
    );
    assert(message.startsWith(`${row.op}: `), `${backend.name}: expected a message that names ${row.op}, got "${message}"`);
  });
}

const SIZES = [1, 2, 3, 4, 5, 7, 64, 65, 1021];

const EXTREMES = [0, -0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN, -1, 1, 1e4, -1e4, 90, -90, 3e38, -3e38];

/** Near 0, where a careless formula loses all its digits. */
const SMALL = [1e-3, -1e-3, 1e-5, -1e-5, 3e-7, -3e-7, 1e-9];

/** Where rounding goes wrong: halves and their neighbours, results that are -0, and the last numbers with a fraction, in float32. */
const FRACTIONS = [
  0.5, 1.5, 2.5, 3.5, 0.49999997, 0.50000006, 0.3, 0.7, 1e-30, 4194303.5, 4194304.5, 4194305.5, 8388606.5, 8388607.5, 8388609, 16777217,
];
const ROUNDED = [...FRACTIONS, ...FRACTIONS.map((x) => -x), 2147483648, -2147483649, 1e18];

/** Angles beside multiples of pi, and so large that their float32 neighbours are turns apart. */
const ANGLES = [
  ...[1, 2, 3, 50, 99, 1e3, 1e4, 31830].map((k) => k * Math.PI),
  0.785398,
  0.785399,
  8191.9,
  8192.1,
  1e5,
  123456.789,
  1e7,
  2 ** 31,
  1e18,
  3e38,
];

const ACTIVATIONS = ["relu", "sigmoid", "tanh", "gelu", "silu", "leakyRelu", "softplus", "elu", "selu"] as const;

/** Functions of one operand. */
export const unary: Family = {
  ...eachRow(
    ({ op }) => `gives ${op} and its gradient, for every size and from any start`,
    async ({ op, low, high, tolerance }, { within }) => {
      await within(tolerance)((x) => SIZES.map((n) => applyUnary(op, x.slice(0, 3, 3 + n))), uniform([1024], { low, high }));
    },
  ),

  ...eachRow(
    ({ op }) => `gives ${op} of zeros, infinities, NaN and large numbers`,
    ({ op, tolerance }, { within }) => within(tolerance)((x) => applyUnary(op, x), constant(input([EXTREMES.length], EXTREMES))),
  ),

  ...eachRow(
    ({ op }) => `gives ${op} of a large tensor`,
    ({ op, low, high, tolerance }, { within }) => within(tolerance)((x) => applyUnary(op, x), constant(uniform([LARGE], { low, high }))),
  ),

  ...eachRow(
    ({ op }) => `gives ${op} in float64, or the backend has none`,
    async ({ op, low, high, tolerance }, { backend, within }) => {
      if (backend.info.dtypes.includes("float64"))
        await within(tolerance)((x) => applyUnary(op, x), uniform([129], { low, high, dtype: "float64" }));
    },
  ),

  ...eachRow(
    ({ op }) => `may write ${op} over its input`,
    async ({ op, low, high, tolerance }, { backend }) => {
      if (!knowsOp(backend, op)) return; // never handed it
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

  ...each(
    ["floor", "ceil", "round", "sign"] as const,
    (op) => `gives ${op} of halves, of large numbers and zeros of either sign to the last bit, and leaves integers whole`,
    async (op, { compare }) => {
      await compare((x) => F[op](x), input([ROUNDED.length], ROUNDED));
      await compare((x) => F[op](x), integers([33]));
    },
  ),

  ...each(
    ["sin", "cos"] as const,
    (op) => `gives ${op} of large angles within 1e-6`,
    async (op, { backend, within }) => {
      const angles = [...ANGLES, ...ANGLES.map((x) => -x)];
      if (isRefused(backend, op)) return;
      await within({ ...TRANSCENDENTAL, rtol: 0 })((x) => F[op](x), constant(input([angles.length], angles)));
      await within({ ...TRANSCENDENTAL, rtol: 0 })((x) => F[op](x), constant(uniform([4001], { low: -1e5, high: 1e5 })));
    },
  ),

  "negates int32 and takes its absolute value": ({ compare }) => compare((x: Tensor) => [x.neg(), x.abs()], integers([101])),

  ...each(
    ACTIVATIONS,
    (name) => `gives the activation ${name} and its gradient`,
    (name, { within }: Context) => within(TRANSCENDENTAL)((x) => F[name](x), uniform([257], { low: -6, high: 6 })),
  ),
};
