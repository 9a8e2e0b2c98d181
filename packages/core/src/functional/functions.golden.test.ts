import { describe, expect, test } from "vitest";
import * as core from "../index";
import type { Tensor } from "../tensor/tensor";
import { expectClose } from "../testing/close";
import { fromGolden, type GoldenTensor, readGolden } from "../testing/goldens";

interface FunctionCase {
  readonly op: string;
  readonly attrs: Record<string, unknown> & { target?: GoldenTensor; index?: GoldenTensor };
  readonly inputs: readonly GoldenTensor[];
  readonly output: GoldenTensor;
  readonly grad_output: GoldenTensor;
  readonly grads: readonly (GoldenTensor | null)[];
}

/** Layers that are still to come; every other operation of the file is tested. */
const LATER = ["conv1d", "conv2d", "maxPool2d", "avgPool2d", "scaledDotProductAttention"];

const cases = readGolden<{ cases: FunctionCase[] }>("functions").cases.filter(({ op }) => !LATER.includes(op));
const { functional: F } = core;

function call({ op, attrs }: FunctionCase, inputs: Tensor[]): Tensor {
  const [x, y, z] = inputs as [Tensor, Tensor, Tensor];
  const { target, index, dim, inputScale = 1, ...options } = attrs;
  if (op === "cat") return core.cat(inputs, { dim: dim as number });
  if (op === "linear") return F.linear(x, y, z);
  if (op === "layerNorm") return F.layerNorm(x, { normalizedShape: y.shape, weight: y, bias: z, ...options });
  if (op === "batchNorm2d") return F.batchNorm(x, { weight: y, bias: z, ...options });
  if (op === "embedding") return F.embedding(fromGolden(index as GoldenTensor), x);
  if (op === "transpose") return x.transpose(...(attrs.dims as [number, number]));
  if (op === "permute") return x.permute(attrs.dims as number[]);
  if (op === "reshape") return x.reshape(attrs.shape as number[]);
  if (op === "pow") return x.pow(attrs.exponent as number);
  if (op === "softmax" || op === "logSoftmax") return F[op](x, { dim: dim as number });
  if (op.endsWith("Loss") || op.startsWith("binaryCrossEntropy") || op === "crossEntropy") {
    return (F[op as "mseLoss"] as typeof F.mseLoss)(
      inputScale === 1 ? x : x.mul(inputScale as number),
      target ? fromGolden(target) : y,
      options as { reduction?: "mean" },
    );
  }
  if (op in F) return (F[op as "relu"] as typeof F.relu)(x);
  const method = (x as unknown as Record<string, (...args: unknown[]) => Tensor>)[op];
  return inputs.length === 2
    ? (method?.call(x, y) as Tensor)
    : (method?.call(x, ...(Object.keys(attrs).length > 0 ? [attrs] : [])) as Tensor);
}

describe("functions agree with PyTorch", () => {
  test("on every first-tier operation of the golden file", () => {
    expect(cases.length).toBe(71);
  });

  test.each(
    cases.map(
      (c) =>
        [
          `${c.op} of ${c.inputs.map((i) => `[${i.shape}]`).join(" and ")} ${JSON.stringify({ ...c.attrs, target: undefined })}`,
          c,
        ] as const,
    ),
  )("%s", (_, c) => {
    const inputs = c.inputs.map((input) => fromGolden(input, true));
    const tolerance = { rtol: c.op === "matmul" ? 1e-4 : 1e-5, atol: 1e-6 };
    const output = call(c, inputs);
    expect(output.shape).toEqual(c.output.shape);
    expectClose(output.dataSync(), c.output.data, tolerance, "output");
    output.backward(fromGolden(c.grad_output));
    c.grads.forEach((gradient, i) => {
      if (gradient !== null) expectClose(inputs[i]?.grad?.dataSync() ?? [], gradient.data, tolerance, `gradient ${i}`);
    });
  });
});
