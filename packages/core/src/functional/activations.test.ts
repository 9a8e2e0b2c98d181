import { describe, expect, test } from "vitest";
import { functional as F, Generator, gradcheck, gradgradcheck, ones, randn, type Tensor, tensor, zeros } from "../index";
import { expectClose } from "../testing/close";
import { expectRefusal } from "../testing/refusal";

const UNARY = {
  "gelu by tanh": (x: Tensor) => F.gelu(x, { approximate: "tanh" }),
  relu6: F.relu6,
  hardtanh: F.hardtanh,
  hardsigmoid: F.hardsigmoid,
  hardswish: F.hardswish,
  mish: F.mish,
  celu: F.celu,
  "celu of 0.5": (x: Tensor) => F.celu(x, { alpha: 0.5 }),
  softsign: F.softsign,
  logSigmoid: F.logSigmoid,
};

describe.each(Object.entries(UNARY))("%s", (name, fn) => {
  test("has the right gradients, first and second", () => {
    const x = randn([9], { generator: new Generator(name.length), dtype: "float64" })
      .mul(3)
      .detach();
    x.requiresGrad = true;
    // Squared, so that the second derivative of straight lines is not 0.
    expect(gradcheck((x) => fn(x).pow(2), [x])).toBe(true);
    expect(gradgradcheck((x) => fn(x).pow(2), [x], { atol: 1e-4 })).toBe(true);
  });

  test("keeps NaN, goes to its limits far out, and refuses integers under its own name", () => {
    const [nan, far] = fn(tensor([Number.NaN, 1e4])).dataSync() as unknown as [number, number];
    expect(nan).toBeNaN();
    expect(Number.isFinite(far)).toBe(true);
    const op = name.split(" ")[0] as string;
    expectRefusal(() => fn(tensor([1, 2], { dtype: "int32" })), "TypeError", `${op}: expected a float tensor, got int32`);
  });
});

describe("at their kinks", () => {
  test.each([
    ["hardtanh", F.hardtanh, [-1, 1], [0, 0]],
    ["relu6", F.relu6, [0, 6], [0, 0]],
    ["hardsigmoid", F.hardsigmoid, [-3, 3], [0, 0]],
    ["hardswish", F.hardswish, [-3, 3], [0, 1]],
    ["celu", F.celu, [0], [1]],
    ["softsign", F.softsign, [0], [1]],
  ] as const)("%s has PyTorch's slope", (_, fn, at, slopes) => {
    const x = tensor([...at], { requiresGrad: true });
    fn(x).sum().backward();
    expect([...(x.grad as Tensor).dataSync()]).toEqual(slopes);
  });

  test("prelu at 0 has the slope of the weight, and an infinite x gives the weight no NaN", () => {
    const [x, weight] = [tensor([0, Number.POSITIVE_INFINITY, -2], { requiresGrad: true }), tensor([0.25], { requiresGrad: true })];
    F.prelu(x, weight).sum().backward();
    expect([...(x.grad as Tensor).dataSync()]).toEqual([0.25, 1, 0.25]);
    expect([...(weight.grad as Tensor).dataSync()]).toEqual([-2]);
  });
});

describe("prelu and glu", () => {
  const input = (shape: number[], seed: number) => randn(shape, { generator: new Generator(seed), dtype: "float64", requiresGrad: true });

  test("have the right gradients, first and second", () => {
    for (const fn of [F.prelu, (x: Tensor, w: Tensor) => F.glu(x, { dim: 0 }).mul(F.prelu(F.glu(x, { dim: 0 }), w.sum()))]) {
      expect(gradcheck(fn as never, [input([2, 3, 2], 1), input([3], 2)])).toBe(true);
      expect(gradgradcheck(fn as never, [input([2, 3, 2], 3), input([3], 4)], { atol: 1e-4 })).toBe(true);
    }
  });

  test("refuse shapes that do not fit", () => {
    expectRefusal(() => F.prelu(zeros([2, 3]), ones([2])), "ShapeError", "prelu: expected weight of shape [1] or [3], got [2] for [2, 3]");
    expectRefusal(() => F.prelu(zeros([3]), ones([3])), "ShapeError", "prelu: expected weight of shape [1], got [3] for [3]");
    expectRefusal(() => F.glu(zeros([2, 3])), "ShapeError", "glu: expected an even size of dim 1, got [2, 3]");
    expectRefusal(() => F.glu(zeros([])), "ShapeError", "glu: expected an even size of dim 0, got []");
    expectRefusal(() => F.glu(zeros([2]), { dim: 1 }), "RangeError", "glu: expected dim in [-1, 0], got 1");
  });
});

test("options out of range are refused", () => {
  const x = zeros([2]);
  expectRefusal(() => F.gelu(x, { approximate: "erf" as never }), "RangeError", 'gelu: expected approximate "none" or "tanh", got "erf"');
  expectRefusal(() => F.hardtanh(x, { minVal: 1, maxVal: 0 }), "RangeError", "hardtanh: expected maxVal of 1 or more, got 0");
  expectRefusal(() => F.celu(x, { alpha: 0 }), "RangeError", "celu: expected alpha other than 0, got 0");
  expectClose(F.hardtanh(tensor([-3, 0.5, 3]), { minVal: -2, maxVal: 2 }).dataSync(), [-2, 0.5, 2]);
});
