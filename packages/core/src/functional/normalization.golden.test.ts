import { describe, expect, test } from "vitest";
import { functional as F } from "../index";
import type { Tensor } from "../tensor/tensor";
import { expectClose } from "../testing/close";
import { expectGolden, type GoldenCase, leavesOf } from "../testing/golden-case";
import { fromGolden, type GoldenTensor, readGolden } from "../testing/goldens";

interface LayerCase extends GoldenCase {
  readonly runningMeanAfter?: GoldenTensor;
  readonly runningVarAfter?: GoldenTensor;
}

type Call = (x: Tensor, options: object) => Tensor;

/** Functions whose second and third inputs are options. */
const NORMS = ["layerNorm", "rmsNorm", "groupNorm", "batchNorm", "instanceNorm"];
const OTHERS = ["normalize", "embedding", "pad", "interpolate", "pixelShuffle"];

const cases = readGolden<{ cases: LayerCase[] }>("layers").cases.filter(({ op }) => [...NORMS, ...OTHERS].includes(op));

/** Options with tensors in place of those that the file writes. */
function optionsOf(attrs: LayerCase["attrs"]): Record<string, unknown> {
  const isWritten = (value: unknown) => typeof value === "object" && value !== null && "data" in value;
  return Object.fromEntries(
    Object.entries(attrs).map(([name, value]) => [name, isWritten(value) ? fromGolden(value as GoldenTensor) : value]),
  );
}

describe("normalisations, embedding, padding and resizing agree with PyTorch", () => {
  test("on every case of the golden file", () => {
    expect(cases.length).toBe(57);
  });

  test.each(
    cases.map(
      (c) => [`${c.op} of ${c.inputs.map((i) => `[${i.shape}]`).join(" and ")} ${JSON.stringify(c.attrs).slice(0, 80)}`, c] as const,
    ),
  )("%s", (_, c) => {
    const inputs = leavesOf(c);
    const [x, weight, bias] = inputs as [Tensor, Tensor, Tensor];
    const { index, ...options } = optionsOf(c.attrs);
    const call = F[c.op as "layerNorm"] as Call;
    const output =
      c.op === "embedding"
        ? F.embedding(index as Tensor, x, options)
        : call(x, NORMS.includes(c.op) ? { ...options, ...(weight && { weight }), ...(bias && { bias }) } : options);
    const tolerance = { rtol: 1e-5, atol: 2e-6 };
    expectGolden(c, inputs, [output], tolerance);
    for (const name of ["runningMean", "runningVar"] as const) {
      const after = c[`${name}After`];
      if (after !== undefined) expectClose((options[name] as Tensor).dataSync(), after.data, tolerance, name);
    }
  });
});
