import { describe, expect, test } from "vitest";
import { functional as F, ones, type Tensor, tensor, zeros } from "../index";
import { expectRefusal } from "../testing/refusal";

const list = (x: Tensor | null) => [...(x as Tensor).dataSync()];
const withGrad = (values: number[][]) => tensor([values], { requiresGrad: true });

describe("max pooling", () => {
  test("gives the gradient to the first of equals, in whichever window they are", () => {
    const x = withGrad([
      [1, 2, 2],
      [2, 0, 2],
    ]);
    F.maxPool2d(x, { kernelSize: 2, stride: 1 }).sum().backward();
    expect(list(x.grad)).toEqual([0, 2, 0, 0, 0, 0]);
  });

  test("lets NaN win, and gives it the gradient", () => {
    const x = withGrad([[1, Number.NaN, 3, Number.POSITIVE_INFINITY]]);
    const y = F.maxPool2d(x, { kernelSize: [1, 2] });
    expect(list(y)).toEqual([Number.NaN, Number.POSITIVE_INFINITY]);
    y.sum().backward();
    expect(list(x.grad)).toEqual([0, 1, 0, 1]);
  });

  test("never takes the padding, whatever the input has", () => {
    const x = withGrad([[-5, -6]]);
    const y = F.maxPool2d(x, { kernelSize: 2, padding: 1 });
    expect(list(y)).toEqual([-5, -6]);
    y.sum().backward();
    expect(list(x.grad)).toEqual([1, 1]);
    // A window of padding alone, as PyTorch has it.
    expect(list(F.maxPool2d(ones([1, 1, 1]), { kernelSize: 2, dilation: 2, padding: 1 }))).toEqual([Number.NEGATIVE_INFINITY]);
  });

  test("takes a last window that runs over the end in ceilMode, if it starts inside", () => {
    const x = tensor([[1, 2, 3, 4, 5]]);
    expect(list(F.maxPool1d(x, { kernelSize: 2 }))).toEqual([2, 4]);
    expect(list(F.maxPool1d(x, { kernelSize: 2, ceilMode: true }))).toEqual([2, 4, 5]);
    // A fourth window would start in the padding behind.
    expect(list(F.maxPool1d(x, { kernelSize: 2, stride: 3, padding: 1, ceilMode: true }))).toEqual([1, 4]);
    expect(list(F.maxPool1d(tensor([[1, 2]]), { kernelSize: 3, stride: 3, ceilMode: true }))).toEqual([2]);
  });

  test("takes a batch of none", () => {
    expect(F.maxPool1d(zeros([0, 1, 4]), { kernelSize: 2 }).shape).toEqual([0, 1, 2]);
    expect(F.maxPool3d(zeros([0, 1, 4, 4, 4]), { kernelSize: 2 }).shape).toEqual([0, 1, 2, 2, 2]);
    expect(F.adaptiveMaxPool2d(zeros([0, 1, 4, 4]), { outputSize: 2 }).shape).toEqual([0, 1, 2, 2]);
  });

  test("refuses what PyTorch refuses, with the shapes", () => {
    const refuse = (shape: readonly number[], options: object, name: string, ...parts: string[]) =>
      expectRefusal(() => F.maxPool2d(zeros(shape), options as never), name, "maxPool2d: expected", ...parts);
    refuse([1, 1, 2, 2], { kernelSize: 3 }, "ShapeError", "windows of [3, 3] for [2, 2]", "[1, 1, 2, 2]");
    refuse([1, 1, 1, 1], { kernelSize: 3, stride: 1, ceilMode: true }, "ShapeError", "windows of [3, 3] for [1, 1]");
    refuse([1, 0, 4, 4], { kernelSize: 2 }, "ShapeError", "no size of 0 but N, got [1, 0, 4, 4]");
    refuse([0, 4, 4], { kernelSize: 2 }, "ShapeError", "got [0, 4, 4]");
    refuse([4, 4], { kernelSize: 2 }, "ShapeError", "[N, C, H, W] or [C, H, W]", "got [4, 4]");
    refuse([1, 1, 4, 4], { kernelSize: 2, padding: 2 }, "RangeError", "padding of at most half the kernelSize, got 2");
    refuse([1, 1, 4, 4], { kernelSize: 2, padding: [0, 2], dilation: 4 }, "RangeError", "padding of at most half the kernelSize");
    refuse([1, 1, 4, 4], {}, "TypeError", "kernelSize to be an integer or an array of 2, got undefined");
    refuse([1, 1, 4, 4], { kernelSize: 0 }, "RangeError", "kernelSize to be a positive integer, got 0");
    refuse([1, 1, 4, 4], { kernelSize: 2, stride: 0 }, "RangeError", "stride to be a positive integer, got 0");
    refuse([1, 1, 4, 4], { kernelSize: 2, ceilMode: 1 }, "TypeError", "ceilMode to be true or false, got 1");
    refuse([1, 1, 4, 4], { kernelSize: 2, returnIndices: true }, "TypeError", 'got "returnIndices"');
    expectRefusal(
      () => F.maxPool1d(ones([1, 4]).type("int32"), { kernelSize: 2 }),
      "TypeError",
      "maxPool1d: expected a float tensor, got int32",
    );
    expectRefusal(() => F.maxPool1d(ones([1, 4]), undefined as never), "TypeError", "maxPool1d: expected kernelSize");
  });
});

describe("average pooling", () => {
  test("counts the padding, or not, and never what is beyond it", () => {
    const x = tensor([[6, 6, 6, 6]]);
    const options = { kernelSize: 3, stride: 2, padding: 1, ceilMode: true };
    // Windows of (pad, 6, 6), (6, 6, 6) and (6, pad, beyond).
    expect(list(F.avgPool1d(x, options))).toEqual([4, 6, 3]);
    expect(list(F.avgPool1d(x, { ...options, countIncludePad: false }))).toEqual([6, 6, 6]);
    expect(
      F.avgPool3d(ones([1, 1, 3, 3, 3]), { kernelSize: 2, padding: 1, countIncludePad: false })
        .sum()
        .itemSync(),
    ).toBe(8);
  });

  test("divides by divisorOverride in its place", () => {
    expect(list(F.avgPool2d(ones([1, 2, 2]), { kernelSize: 2, divisorOverride: -2 }))).toEqual([-2]);
    expect(list(F.avgPool3d(ones([1, 1, 2, 2]), { kernelSize: [1, 2, 2], padding: [0, 1, 1], divisorOverride: 1 }))).toEqual([1, 1, 1, 1]);
    for (const divisorOverride of [0, 0.5, Number.NaN, Number.POSITIVE_INFINITY])
      expectRefusal(
        () => F.avgPool2d(ones([1, 2, 2]), { kernelSize: 2, divisorOverride }),
        "RangeError",
        "avgPool2d: expected divisorOverride to be",
      );
    expectRefusal(() => F.avgPool1d(ones([1, 2]), { kernelSize: 2, divisorOverride: 1 } as never), "TypeError", 'got "divisorOverride"');
  });

  test("keeps an infinity to the windows that have it", () => {
    const x = tensor([[Number.POSITIVE_INFINITY, 1, 2, 3]]);
    expect(list(F.avgPool1d(x, { kernelSize: 2 }))).toEqual([Number.POSITIVE_INFINITY, 2.5]);
    expect(list(F.adaptiveAvgPool1d(x, { outputSize: 3 }))).toEqual([Number.POSITIVE_INFINITY, 1.5, 2.5]);
  });

  test("takes a batch of none", () => {
    expect(F.avgPool2d(zeros([0, 1, 4, 4]), { kernelSize: 2 }).shape).toEqual([0, 1, 2, 2]);
    expect(F.adaptiveAvgPool2d(zeros([0, 1, 4, 4]), { outputSize: [1, 3] }).shape).toEqual([0, 1, 1, 3]);
  });
});

describe("adaptive pooling", () => {
  test("refuses sizes that are none", () => {
    const refuse = (outputSize: unknown, name: string, message: string) =>
      expectRefusal(
        () => F.adaptiveAvgPool2d(ones([1, 4, 4]), { outputSize: outputSize as never }),
        name,
        `adaptiveAvgPool2d: expected ${message}`,
      );
    refuse(0, "RangeError", "outputSize to be a positive integer, got 0");
    refuse([2, -1], "RangeError", "outputSize to be a positive integer, got -1");
    refuse([1, 2, 3], "RangeError", "outputSize to have 2 integers");
    refuse("2", "TypeError", "outputSize to be an integer or an array of 2");
    expectRefusal(
      () => F.adaptiveAvgPool2d(ones([1, 4, 4]), {} as never),
      "TypeError",
      "outputSize to be an integer or an array of 2, got undefined",
    );
    expectRefusal(() => F.adaptiveAvgPool2d(ones([1, 4, 4]), { outputSize: 2 ** 20 }), "OutOfMemoryError");
    expectRefusal(
      () => F.adaptiveMaxPool2d(ones([1, 0, 4, 4]), { outputSize: 1 }),
      "ShapeError",
      "adaptiveMaxPool2d: expected",
      "[1, 0, 4, 4]",
    );
  });

  test("keeps the input's size for null", () => {
    expect(F.adaptiveMaxPool2d(ones([3, 5, 7]), { outputSize: null }).shape).toEqual([3, 5, 7]);
    expect(F.adaptiveAvgPool1d(ones([3, 5]), { outputSize: [null] }).shape).toEqual([3, 5]);
  });
});

describe("unfold and fold", () => {
  test("refuse shapes that do not fit, with what would", () => {
    expectRefusal(
      () => F.unfold(ones([1, 1, 2, 2]), { kernelSize: 3 }),
      "ShapeError",
      "unfold: expected windows no larger",
      "[1, 1, 2, 2]",
    );
    expectRefusal(() => F.unfold(ones([1, 2]), { kernelSize: 1 }), "ShapeError", "[N, C, H, W] or [C, H, W]");
    const fold = (shape: readonly number[]) => () => F.fold(ones(shape), { outputSize: 3, kernelSize: 2 });
    expectRefusal(fold([1, 4, 5]), "ShapeError", "fold: expected [N, C * 4, 4]", "got [1, 4, 5]");
    expectRefusal(fold([1, 5, 4]), "ShapeError", "got [1, 5, 4]");
    expectRefusal(fold([4]), "ShapeError", "got [4]");
    expect(fold([4, 4])().shape).toEqual([1, 3, 3]);
    expect(fold([0, 4, 4])().shape).toEqual([0, 1, 3, 3]);
    expectRefusal(() => F.fold(ones([1, 4, 4]), { outputSize: 1, kernelSize: 2 }), "ShapeError", "windows of [2, 2] for [1, 1]");
    expectRefusal(
      () => F.fold(ones([1, 4, 4]), { kernelSize: 2 } as never),
      "TypeError",
      "outputSize to be an integer or an array of 2, got undefined",
    );
  });
});
