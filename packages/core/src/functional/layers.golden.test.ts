import { describe, expect, test } from "vitest";
import { functional as F, type Tensor, tensor } from "../index";
import { expectGolden, type GoldenCase, leavesOf } from "../testing/golden-case";
import { fromGolden, type GoldenTensor, readGolden } from "../testing/goldens";

const LOSSES = /Loss$|^binaryCrossEntropy|^crossEntropy$|^cosineSimilarity$/;

const ACTIVATIONS = /^(gelu|hardswish|hardsigmoid|hardtanh|relu6|softsign|mish|celu|logSigmoid|glu|prelu)$/;

const ATTENTION = /^scaledDotProductAttention$/;

const FUNCTIONS = /^(cumsum|logsumexp|norm|tril|triu|maskedFill|indexSelect|topk|sort|einsum|prod|flip|roll)$/;

type Call = (...args: unknown[]) => Tensor | { values: Tensor; indices: Tensor };

/** What stands before the options: the inputs, and what the file has among the options though it is an argument. */
function call({ op, attrs }: GoldenCase, inputs: readonly Tensor[]): Tensor[] {
  const { target, mask, index, equation, ...options } = Object.fromEntries(
    Object.entries(attrs).map(([name, value]) => [name, read(value)]),
  );
  const before = [equation, ...inputs, target, mask, index].filter((value) => value !== undefined);
  const result = (F[op as "fold"] as unknown as Call)(
    ...before,
    ...(equation === undefined && Object.keys(options).length > 0 ? [options] : []),
  );
  return "values" in result ? [result.values, result.indices] : [result];
}

function read(value: unknown): unknown {
  if (value === "Infinity") return Number.POSITIVE_INFINITY;
  if (typeof value !== "object" || value === null || !("data" in value)) return value;
  const { dtype, shape, data } = value as { dtype?: string; shape: number[]; data: number[] };
  return dtype === "bool" ? tensor(Uint8Array.from(data), { shape }) : fromGolden(value as GoldenTensor);
}

const all = readGolden<{ cases: GoldenCase[] }>("layers").cases;

describe.each([
  ["losses", LOSSES, 73],
  ["activations", ACTIVATIONS, 17],
  ["functions of tensors", FUNCTIONS, 54],
  ["attention", ATTENTION, 13],
] as const)("%s agree with PyTorch", (_, ops, count) => {
  const cases = all.filter(({ op }) => ops.test(op));

  test("on every case of the golden file", () => {
    expect(cases.length).toBe(count);
  });

  test.each(
    cases.map(
      (c, i) => [`${i}: ${c.op} of ${c.inputs.map(({ shape }) => `[${shape}]`).join(" and ")} ${JSON.stringify(c.attrs)}`, c] as const,
    ),
  )("%s", (_, c) => {
    const inputs = leavesOf(c);
    expectGolden(c, inputs, call(c, inputs), { rtol: 1e-5, atol: 1e-6 });
  });
});
