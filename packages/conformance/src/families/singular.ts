/**
 * Values, gradients and second derivatives where functions have a kink or a pole, and for numbers that are not finite, against PyTorch's; with an
 * ordinary gradient from behind, and with what masking, overflow and divergence send: 0, infinity and NaN.
 */
import { cat, functional as F, grad, nn, optim, stack, type Tensor, tensor, tidy, zeros } from "@dropwise/core";
import { applyBinary, applyUnary, type UnaryOp } from "@dropwise/core/backend";
import { assertClose, assertSame } from "../assert";
import { each, type Family, isRefused } from "../case";
import { type GoldenSingular, goldenSingular } from "../goldens";
import { COMPOSED } from "../tolerance";

/** What is no single function. */
const EXPRESSIONS: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  "log, where positive": (x) => x.log().where(x.gt(0), 0),
  "sqrt, where positive": (x) => x.sqrt().where(x.gt(0), x),
  "reciprocal, where positive": (x) => x.pow(-1).where(x.gt(0), x.exp()),
  "relu of log": (x) => F.relu(x.log()),
  "sqrt of relu": (x) => F.relu(x).sqrt(),
  "x log x": (x) => x.mul(x.log()),
  "tanh over x": (x) => F.tanh(x).div(x),
  length: (x) => x.mul(x).sqrt(),
  norm: (x) => x.mul(x).sum().sqrt(),
  "layer norm": (x) => x.sub(x.mean()).div(x.var({ correction: 0 }).add(1e-5).sqrt()),
  "standard score": (x) => x.sub(x.mean()).div(x.std().add(1e-5)),
};

const INCOMING = ["an ordinary gradient", "zeros", "infinities", "NaN"] as const;

/** The gradient from behind, and the weights of first gradients. */
const WEIGHTS = [1, -2, 0.5, 3, -0.25];

/** Functions at their singular points. */
export const singular: Family = each(
  goldenSingular,
  ({ op, of, attrs }) => `gives ${[op, ...Object.values(attrs)].join(" ")} of ${of} as PyTorch does, and its gradients`,
  async (golden, { backend }) => {
    if (isRefused(backend, golden.op as UnaryOp)) return; // as the family of unary functions looks after
    const inputs = golden.inputs.map(({ shape, data, dtype }) => {
      const values = data.map(Number);
      const requiresGrad = dtype === undefined && golden.gradients.length > 0;
      return tensor(dtype === "int32" ? new Int32Array(values) : values, { shape, backend, requiresGrad });
    });
    const wanted = inputs.filter((x) => x.requiresGrad);
    const what = `${backend.name}, ${golden.op}`;
    const results = tidy(() => {
      const output = call(golden, inputs);
      const seeds = golden.gradients.map((_, i) => incoming(output, i));
      const gradients = seeds.map((gradOutputs) => grad(output, wanted, { gradOutputs, retainGraph: true }));
      return { output: output.detach(), gradients, second: golden.second === null ? [] : second(output, wanted, seeds[0] as Tensor) };
    });
    assertSame([...results.output.shape], [...golden.output.shape], `${what}, shape`);
    await check(results.output, golden.output.data, what);
    for (const [i, gradients] of results.gradients.entries()) {
      for (const [k, gradient] of gradients.entries()) {
        await check(gradient, golden.gradients[i]?.[k], `${what}, gradient of input ${k} for ${INCOMING[i]} from behind`);
      }
    }
    for (const [k, gradient] of results.second.entries())
      await check(gradient, golden.second?.[k], `${what}, second derivative of input ${k}`);
    for (const made of [...inputs, results.output, ...results.gradients.flat(), ...results.second]) made.dispose();
  },
);

// --- internal helpers ---

function call({ op, attrs }: GoldenSingular, inputs: readonly Tensor[]): Tensor {
  const [x, y] = inputs as [Tensor, Tensor];
  const options = Object.fromEntries(Object.entries(attrs).map(([key, value]) => [key, isNumber(value) ? Number(value) : value]));
  if (op in EXPRESSIONS) return (EXPRESSIONS[op] as (x: Tensor) => Tensor)(x);
  if (op === "clipGradNorm") return clipped(x, options.maxNorm as number);
  if (op in optim) return stepped(x, y, (params) => new optim[op as "SGD"](params, options));
  if (op === "expm1" || op === "log1p" || op === "erf") return applyUnary(op, x);
  if ("other" in options) return applyBinary(op as "add", x, options.other as number);
  const rest = Object.keys(options).length === 0 ? [] : [options];
  if (op in F) return (F[op as "elu"] as (...of: unknown[]) => Tensor)(...inputs, ...rest);
  return (x[op as "sum"] as (...of: unknown[]) => Tensor).apply(x, [...inputs.slice(1), ...rest]);
}

function isNumber(value: unknown): boolean {
  return typeof value === "number" || value === "NaN" || value === "Infinity" || value === "-Infinity";
}

function incoming({ shape, size, backend }: Tensor, kind: number): Tensor {
  const other = [Number.NaN, 0, Number.POSITIVE_INFINITY, Number.NaN][kind] as number;
  const values = Array.from({ length: size }, (_, i) => (kind === 0 ? (WEIGHTS[i % 5] as number) : other));
  return tensor(values, { shape, backend });
}

function second(output: Tensor, wanted: readonly Tensor[], gradOutputs: Tensor): readonly Tensor[] {
  const first = grad(output, wanted, { gradOutputs, createGraph: true });
  const recorded = first.filter((gradient) => gradient.requiresGrad);
  if (recorded.length === 0) return wanted.map(({ shape, backend }) => zeros(shape, { backend }));
  return grad(recorded, wanted, { gradOutputs: recorded.map((gradient) => incoming(gradient, 0)), allowUnused: true });
}

async function check(got: Tensor, expected: readonly unknown[] | undefined, what: string): Promise<void> {
  assertClose(await got.data(), (expected ?? []).map(Number), COMPOSED, what);
}

/** The norm, and the gradient after. */
function clipped(gradient: Tensor, maxNorm: number): Tensor {
  const parameter = new nn.Parameter(gradient.mul(0));
  parameter.mul(gradient).sum().backward();
  const norm = nn.clipGradNorm([parameter], maxNorm);
  const both = cat([norm.reshape([1]), parameter.grad as Tensor]);
  parameter.dispose();
  return both;
}

/** The parameter after each of three steps. */
function stepped(values: Tensor, gradient: Tensor, make: (params: Tensor[]) => optim.SGD): Tensor {
  const parameter = new nn.Parameter(values.mul(1));
  const optimizer = make([parameter]);
  const after = [0, 1, 2].map(() => {
    optimizer.zeroGrad();
    parameter.mul(gradient).sum().backward();
    optimizer.step();
    return parameter.mul(1).detach();
  });
  optimizer.dispose();
  parameter.dispose();
  return stack(after);
}
