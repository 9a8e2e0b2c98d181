import { describe, expect, test } from "vitest";
import { functional as F, type Tensor, tensor } from "../index";
import { expectClose } from "../testing/close";
import { fromGolden, type GoldenTensor, readGolden } from "../testing/goldens";

interface Golden {
  readonly op: string;
  readonly attrs: Readonly<Record<string, unknown>>;
  readonly inputs: readonly GoldenTensor[];
  readonly output?: GoldenTensor;
  readonly outputs?: readonly GoldenTensor[];
  readonly gradOutput: GoldenTensor;
  readonly grads: readonly (GoldenTensor | null)[];
}

const LOSSES = /Loss$|^binaryCrossEntropy|^crossEntropy$|^cosineSimilarity$/;

const ACTIVATIONS = /^(gelu|hardswish|hardsigmoid|hardtanh|relu6|softsign|mish|celu|logSigmoid|glu|prelu)$/;

const FUNCTIONS = /^(cumsum|logsumexp|norm|tril|triu|maskedFill|indexSelect|topk|sort|einsum|prod|flip|roll)$/;

type Call = (...args: unknown[]) => Tensor | { values: Tensor; indices: Tensor };

/** What stands before the options: the inputs, and what the file has among the options though it is an argument. */
function call({ op, attrs }: Golden, inputs: readonly Tensor[]): Tensor[] {
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

const all = readGolden<{ cases: Golden[] }>("layers").cases;

describe.each([
  ["losses", LOSSES, 73],
  ["activations", ACTIVATIONS, 17],
  ["functions of tensors", FUNCTIONS, 54],
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
    const inputs = c.inputs.map((input) => fromGolden(input, true));
    const tolerance = { rtol: 1e-5, atol: 1e-6 };
    const outputs = call(c, inputs);
    const expected = c.outputs ?? [c.output as GoldenTensor];
    expect(outputs.map(({ shape }) => shape)).toEqual(expected.map(({ shape }) => shape));
    outputs.forEach((output, i) => {
      expectClose(output.dataSync(), (expected[i] as GoldenTensor).data, tolerance, `output ${i}`);
    });
    (outputs[0] as Tensor).backward(fromGolden(c.gradOutput));
    c.grads.forEach((gradient, i) => {
      if (gradient !== null) expectClose(inputs[i]?.grad?.dataSync() ?? [], gradient.data, tolerance, `gradient ${i}`);
    });
  });
});
