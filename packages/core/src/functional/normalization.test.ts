import { describe, expect, test } from "vitest";
import {
  type Backend,
  functional as F,
  Generator,
  gradcheck,
  gradgradcheck,
  noGrad,
  ones,
  randn,
  type Tensor,
  tensor,
  zeros,
} from "../index";
import { expectClose } from "../testing/close";
import { failEverywhere, SETTINGS } from "../testing/faults";
import { expectRefusal } from "../testing/refusal";

const double = (shape: readonly number[], seed: number) =>
  randn(shape, { dtype: "float64", requiresGrad: true, generator: new Generator(seed) });

/** Each function with all that it takes. */
const CALLS: readonly [string, readonly (readonly number[])[], (x: Tensor, weight: Tensor, bias: Tensor) => Tensor][] = [
  [
    "layerNorm",
    [
      [2, 3, 4],
      [3, 4],
      [3, 4],
    ],
    (x, weight, bias) => F.layerNorm(x, { normalizedShape: [3, 4], weight, bias }),
  ],
  ["rmsNorm", [[3, 4], [4]], (x, weight) => F.rmsNorm(x, { normalizedShape: 4, weight })],
  ["groupNorm", [[2, 4, 3], [4], [4]], (x, weight, bias) => F.groupNorm(x, { numGroups: 2, weight, bias })],
  ["batchNorm in training", [[3, 2, 4], [2], [2]], (x, weight, bias) => F.batchNorm(x, { weight, bias, training: true })],
  [
    "batchNorm in evaluation",
    [[3, 2], [2], [2]],
    (x, weight, bias) => F.batchNorm(x, { weight, bias, runningMean: tensor([1, -1]), runningVar: tensor([2, 0.5]) }),
  ],
  ["instanceNorm", [[2, 2, 5], [2], [2]], (x, weight, bias) => F.instanceNorm(x, { weight, bias })],
  ["normalize", [[3, 4]], (x) => F.normalize(x)],
  ["normalize by p = 1", [[3, 4]], (x) => F.normalize(x, { p: 1, dim: 0 })],
  ["normalize by p = 3.5", [[3, 4]], (x) => F.normalize(x, { p: 3.5, dim: [0, 1] })],
  ["normalize by the largest", [[3, 4]], (x) => F.normalize(x, { p: Number.POSITIVE_INFINITY })],
];

describe("gradients and their gradients agree with central differences", () => {
  test.each(CALLS)("%s", (_, shapes, call) => {
    const inputs = shapes.map((shape, i) => double(shape, i + 1));
    const fn = (...given: Tensor[]) => call(...(given as [Tensor, Tensor, Tensor]));
    expect(gradcheck(fn, inputs)).toBe(true);
    expect(gradgradcheck(fn, inputs)).toBe(true);
  });
});

describe("eps", () => {
  test("is under the root", () => {
    // A variance of 3 and an eps of 1 make a root of 2.
    const x = tensor([-Math.sqrt(3), Math.sqrt(3)]);
    const expected = [-Math.sqrt(3) / 2, Math.sqrt(3) / 2];
    expectClose(F.layerNorm(x, { normalizedShape: [2], eps: 1 }).dataSync(), expected);
    expectClose(F.rmsNorm(x, { normalizedShape: [2], eps: 1 }).dataSync(), expected);
    expectClose(F.groupNorm(x.reshape([1, 2]), { numGroups: 1, eps: 1 }).dataSync(), expected);
    expectClose(F.batchNorm(x.reshape([2, 1]), { training: true, eps: 1 }).dataSync(), expected);
    expectClose(F.instanceNorm(x.reshape([1, 1, 2]), { eps: 1 }).dataSync(), expected);
  });

  test.each([
    ["float32", 2 ** -23],
    ["float64", 2 ** -52],
  ] as const)("of rmsNorm is the epsilon of %s where none is given", (dtype, eps) => {
    // A mean square of that size is doubled by it.
    const x = tensor([Math.sqrt(eps)], { dtype });
    for (const given of [{}, { eps: null }]) {
      expectClose(F.rmsNorm(x, { normalizedShape: [1], ...given }).dataSync(), [Math.SQRT1_2], { rtol: 1e-6 });
    }
  });
});

describe("batchNorm", () => {
  test("normalises by the biased variance and keeps the unbiased one", () => {
    const [runningMean, runningVar] = [zeros([1]), zeros([1])];
    const y = F.batchNorm(tensor([[1], [3]]), { runningMean, runningVar, training: true, momentum: 1, eps: 0 });
    expect([...y.dataSync()]).toEqual([-1, 1]);
    expect([...runningMean.dataSync(), ...runningVar.dataSync()]).toEqual([2, 2]);
  });

  test("does not touch running values in evaluation", () => {
    const [runningMean, runningVar] = [tensor([1]), tensor([4])];
    const y = F.batchNorm(tensor([[5], [1]]), { runningMean, runningVar, eps: 0 });
    expect([...y.dataSync(), ...runningMean.dataSync(), ...runningVar.dataSync()]).toEqual([2, 0, 1, 4]);
  });

  test("leaves running values and gradients alone for a batch without samples", () => {
    const [runningMean, runningVar] = [tensor([1, 2]), tensor([3, 4])];
    const x = zeros([0, 2, 3], { requiresGrad: true });
    const weight = ones([2], { requiresGrad: true });
    const y = F.batchNorm(x, { runningMean, runningVar, weight, training: true });
    y.sum().backward();
    expect([y.shape, x.grad?.shape, [...(weight.grad?.dataSync() ?? [])]]).toEqual([
      [0, 2, 3],
      [0, 2, 3],
      [0, 0],
    ]);
    expect([...runningMean.dataSync(), ...runningVar.dataSync()]).toEqual([1, 2, 3, 4]);
  });

  test("changes nothing where it refuses", () => {
    const [runningMean, runningVar] = [tensor([1, 2]), tensor([3, 4])];
    const running = { runningMean, runningVar };
    const x = ones([4, 2]);
    const refusals: [string, () => unknown, string[]][] = [
      [
        "ShapeError",
        () => F.batchNorm(ones([1, 2]), { ...running, training: true }),
        ["more than one value", "[1, 2]", "a larger batch, or eval()"],
      ],
      ["ShapeError", () => F.batchNorm(ones([1, 2, 1]), { ...running, training: true }), ["[1, 2, 1]"]],
      ["ShapeError", () => F.batchNorm(ones([4, 3]), { ...running, training: true }), ["runningMean of shape [3]", "[4, 3]", "got [2]"]],
      ["ShapeError", () => F.batchNorm(x, { ...running, weight: ones([3]), training: true }), ["weight of shape [2]", "got [3]"]],
      ["ShapeError", () => F.batchNorm(ones([2]), { ...running, training: true }), ["(N, C, ...)", "[2]"]],
      ["RangeError", () => F.batchNorm(x, { ...running, training: true, momentum: 1.5 }), ["momentum in [0, 1]"]],
      ["RangeError", () => F.batchNorm(x, { ...running, training: true, eps: -1 }), ["eps of 0 or more"]],
      ["TypeError", () => F.batchNorm(x, { runningMean, training: true }), ["runningMean and runningVar", "null"]],
      ["TypeError", () => F.batchNorm(x), ["runningMean and runningVar"]],
      ["TypeError", () => F.batchNorm(x.type("int32"), { ...running, training: true }), ["a float tensor"]],
      ["InPlaceError", () => F.batchNorm(x, { runningMean: ones([1]).expand([2]), runningVar, training: true }), ["expanded"]],
      ["InPlaceError", () => F.batchNorm(x, { runningMean: ones([2], { requiresGrad: true }), runningVar, training: true }), ["leaf"]],
    ];
    for (const [name, call, parts] of refusals) expectRefusal(call, name, "batchNorm: expected", ...parts);
    expect([...runningMean.dataSync(), ...runningVar.dataSync()]).toEqual([1, 2, 3, 4]);
  });

  test("keeps running values in their own dtype", () => {
    const [runningMean, runningVar] = [zeros([1]), ones([1])];
    F.batchNorm(tensor([[1], [3]], { dtype: "float64" }), { runningMean, runningVar, training: true });
    expect([runningMean.dtype, runningMean.itemSync()]).toEqual(["float32", Math.fround(0.2)]);
  });

  // Of kernels, only memory: the last two are the ones that write, and cannot be taken back.
  test.each(SETTINGS.filter(({ fault }) => fault === "allocation"))(
    "moves both running values or none, where any allocation may fail, on a backend with $kernels kernels",
    async (setting) => {
      const failures = await failEverywhere(setting, (backend: Backend) => {
        const x = randn([3, 2, 4], { backend });
        const [runningMean, runningVar, weight] = [zeros([2], { backend }), ones([2], { backend }), ones([2], { backend })];
        return {
          act: () => F.batchNorm(x, { runningMean, runningVar, weight, training: true }),
          watched: () => [x, runningMean, runningVar, weight],
        };
      });
      expect(failures).toBeGreaterThan(10);
    },
  );
});

describe("instanceNorm", () => {
  test("moves running values by the mean over the samples", () => {
    const [runningMean, runningVar] = [zeros([1]), zeros([1])];
    const x = tensor([[[1, 3]], [[10, 14]]]);
    F.instanceNorm(x, { runningMean, runningVar, momentum: 0.5 });
    expect([...runningMean.dataSync(), ...runningVar.dataSync()]).toEqual([3.5, 2.5]);
    const y = F.instanceNorm(x, { runningMean, runningVar, useInputStats: false, eps: 0 });
    expectClose(
      y.dataSync(),
      [-2.5, -0.5, 6.5, 10.5].map((d) => d / Math.sqrt(2.5)),
    );
  });

  test("refuses one place in each channel", () => {
    expectRefusal(
      () => F.instanceNorm(ones([4, 2, 1])),
      "ShapeError",
      "instanceNorm: expected more than one value",
      "[4, 2, 1]",
      "more places",
    );
  });
});

describe("layerNorm, rmsNorm and groupNorm", () => {
  test("of nothing give nothing, and of one element its shift", () => {
    expect(F.layerNorm(ones([0, 3]), { normalizedShape: [3] }).shape).toEqual([0, 3]);
    expect(F.layerNorm(ones([2, 0]), { normalizedShape: [0] }).shape).toEqual([2, 0]);
    expect(F.rmsNorm(ones([0, 3]), { normalizedShape: [3] }).shape).toEqual([0, 3]);
    expect(F.groupNorm(ones([0, 4, 2]), { numGroups: 2 }).shape).toEqual([0, 4, 2]);
    expect([...F.layerNorm(tensor([[5], [7]]), { normalizedShape: [1], bias: tensor([2]) }).dataSync()]).toEqual([2, 2]);
    expect([...F.groupNorm(tensor([[5], [7]]), { numGroups: 1 }).dataSync()]).toEqual([0, 0]);
  });

  test("refuse shapes that do not fit, and name them", () => {
    const x = ones([2, 3, 4]);
    expectRefusal(() => F.layerNorm(x, { normalizedShape: [3] }), "ShapeError", "layerNorm: expected", "[3]", "got [2, 3, 4]");
    expectRefusal(() => F.layerNorm(x, { normalizedShape: [4], weight: ones([3]) }), "ShapeError", "weight of shape [4]", "got [3]");
    expectRefusal(() => F.layerNorm(x, { normalizedShape: [] }), "RangeError", "layerNorm: expected a normalizedShape");
    expectRefusal(() => F.rmsNorm(x, { normalizedShape: [1, 2, 3, 4] }), "ShapeError", "rmsNorm: expected", "[1, 2, 3, 4]");
    expectRefusal(() => F.groupNorm(x, { numGroups: 2 }), "ShapeError", "groupNorm: expected channels that 2 groups can share, got 3");
    expectRefusal(() => F.groupNorm(x, { numGroups: 3, weight: ones([4]) }), "ShapeError", "weight of shape [3]");
    expectRefusal(() => F.groupNorm(ones([1, 1, 1]), { numGroups: 1 }), "ShapeError", "more than one value", "use fewer groups");
    expectRefusal(() => F.groupNorm(ones([3]), { numGroups: 1 }), "ShapeError", "(N, C, ...)");
    expectRefusal(() => F.groupNorm(x, { numGroups: 0 }), "RangeError", "numGroups to be a positive integer");
    expectRefusal(() => F.layerNorm(x.type("int32"), { normalizedShape: [4] }), "TypeError", "layerNorm: expected a float tensor");
  });
});

describe("normalize", () => {
  test.each([1, 2, 3, 0.5, Number.POSITIVE_INFINITY])("leaves zeros where they are, with a gradient that is finite, for p = %s", (p) => {
    const x = tensor([[0, 0]], { requiresGrad: true });
    F.normalize(x, { p, eps: 0.5 }).sum().backward();
    expect([...(x.grad?.dataSync() ?? [])]).toEqual([2, 2]);
  });

  test("refuses a p of 0 or below, a missing dimension and integers", () => {
    for (const p of [0, -1, Number.NaN]) expectRefusal(() => F.normalize(ones([2, 2]), { p }), "RangeError", "normalize: expected");
    expectRefusal(() => F.normalize(ones([2])), "RangeError", "normalize: expected dim");
    expectRefusal(() => F.normalize(ones([2, 2], { dtype: "int32" })), "TypeError", "normalize: expected a float tensor");
    expect(noGrad(() => F.normalize(tensor(-3), { dim: 0 })).itemSync()).toBe(-1);
  });
});
