import { describe, expect, test } from "vitest";
import { functional as F, type Tensor } from "../index";
import { expectGolden, type GoldenCase, leavesOf } from "../testing/golden-case";
import { type GoldenTensor, readGolden } from "../testing/goldens";

/** Both files' cases; the older one writes its gradient with an underscore. */
const cases = [
  ...readGolden<{ cases: GoldenCase[] }>("layers").cases,
  ...readGolden<{ cases: (GoldenCase & { grad_output: GoldenTensor })[] }>("functions").cases.map((c) => ({
    ...c,
    gradOutput: c.grad_output,
  })),
].filter(({ op }) => /^conv|Pool\d|^unfold/.test(op));

type Call = (...args: unknown[]) => Tensor;

/** Weight is an argument, bias an option. */
function call({ op, attrs }: GoldenCase, [x, weight, bias]: readonly Tensor[]): Tensor {
  if (weight === undefined) return (F[op as "unfold"] as Call)(x, attrs);
  return (F[op as "conv1d"] as Call)(x, weight, bias === undefined ? attrs : { bias, ...attrs });
}

describe("convolutions and poolings agree with PyTorch", () => {
  test("on every case of the golden files", () => {
    expect(cases.length).toBe(78);
  });

  test.each(
    cases.map(
      (c, i) => [`${i}: ${c.op} of ${c.inputs.map(({ shape }) => `[${shape}]`).join(" and ")} ${JSON.stringify(c.attrs)}`, c] as const,
    ),
  )("%s", (_, c) => {
    const inputs = leavesOf(c);
    expectGolden(c, inputs, [call(c, inputs)], { rtol: /^conv/.test(c.op) ? 1e-4 : 1e-5, atol: 1e-6 });
  });
});
