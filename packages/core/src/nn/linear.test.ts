import { describe, expect, test } from "vitest";
import { Generator, manualSeed, nn, ones, type Tensor, tensor } from "../index";
import { hostBackend } from "../testing/backends";
import { expectClose } from "../testing/close";
import { expectRefusal } from "../testing/refusal";

const list = (x: Tensor | null) => [...(x as Tensor).dataSync()];

describe("Linear", () => {
  test.each([1, 4, 100])("starts uniform in ±1 / sqrt(%i), weight and bias", (inFeatures) => {
    const layer = new nn.Linear(inFeatures, 2000, { generator: new Generator(1) });
    const bound = 1 / Math.sqrt(inFeatures);
    for (const values of [list(layer.weight), list(layer.bias)]) {
      expect(values.every((x) => x >= -bound - 1e-7 && x < bound + 1e-7)).toBe(true);
      const variance = values.reduce((sum, x) => sum + x * x, 0) / values.length;
      expect(variance / (bound * bound)).toBeGreaterThan(0.29); // a third, within chance
      expect(variance / (bound * bound)).toBeLessThan(0.375);
    }
  });

  test("is the same for one seed on every backend, and takes a call for weight and bias each", () => {
    const make = (options: nn.LinearOptions = {}) => {
      manualSeed(3);
      return new nn.Linear(3, 2, options);
    };
    const [a, b] = [make(), make({ backend: hostBackend() })];
    expect([list(a.weight), list(a.bias)]).toEqual([list(b.weight), list(b.bias)]);
    expect(list(a.weight).slice(0, 2)).not.toEqual(list(a.bias));
    const generator = new Generator(3);
    expect(list(new nn.Linear(3, 2, { generator }).weight)).toEqual(list(a.weight));
    expect(generator.call).toBe(0n);
    expect(list(make({ bias: false }).weight)).toEqual(list(a.weight));
  });

  test("is x weight^T + bias over the last dimension", () => {
    const layer = new nn.Linear(2, 3);
    layer.loadStateDict({ weight: new Float32Array([1, 2, 3, 4, 5, 6]), bias: new Float32Array([10, 20, 30]) });
    expectClose(
      list(
        layer.forward(
          tensor([
            [1, 1],
            [0, -1],
          ]),
        ),
      ),
      [13, 27, 41, 8, 16, 24],
    );
    expect(layer.forward(ones([4, 1, 2])).shape).toEqual([4, 1, 3]);
    expect(layer.forward(ones([2])).shape).toEqual([3]);
    expect(new nn.Linear(2, 3, { bias: false }).bias).toBeNull();
  });

  test("refuses sizes that are no positive integers, and inputs of another width", () => {
    for (const size of [0, -1, 1.5, Number.NaN]) {
      expectRefusal(() => new nn.Linear(size, 1), "RangeError", `Linear: expected inFeatures to be a positive integer, got ${size}`);
      expectRefusal(() => new nn.Linear(1, size), "RangeError", `Linear: expected outFeatures to be a positive integer, got ${size}`);
    }
    expectRefusal(() => new nn.Linear("3" as never, 1), "TypeError", 'Linear: expected inFeatures to be a number, got "3"');
    expectRefusal(() => new nn.Linear(1, 1, { generator: 5 as never }), "TypeError", "Linear: expected generator to be a Generator, got 5");
    expectRefusal(
      () => new nn.Linear(2, 1).forward(ones([3])),
      "ShapeError",
      "linear: expected x [..., in] and weight [out, in], got [3] and [1, 2]",
    );
  });
});

describe("clipGradNorm", () => {
  const withGrad = (...values: number[]) => {
    const x = ones([values.length], { requiresGrad: true });
    x.grad = tensor(values);
    return x;
  };

  test("scales all gradients together to the norm, and returns the norm before", () => {
    const [a, b] = [withGrad(3, 0), withGrad(0, 4)];
    expect(nn.clipGradNorm([a, b], 1).itemSync()).toBeCloseTo(5);
    expectClose([...list(a.grad), ...list(b.grad)], [0.6, 0, 0, 0.8], { rtol: 1e-5 });
  });

  test("leaves gradients below the norm as they are", () => {
    const x = withGrad(0.3, 0.4);
    const before = list(x.grad);
    nn.clipGradNorm(x, 1);
    expect(list(x.grad)).toEqual(before);
    nn.clipGradNorm([x], Number.POSITIVE_INFINITY);
    expect(list(x.grad)).toEqual(before);
  });

  test("passes over parameters without a gradient, and gives 0 for none", () => {
    const x = withGrad(2);
    nn.clipGradNorm([ones([1], { requiresGrad: true }), x], 1);
    expectClose(list(x.grad), [1], { rtol: 1e-5 });
    expect(nn.clipGradNorm([], 1).itemSync()).toBe(0);
    const zero = withGrad(0, 0);
    expect(nn.clipGradNorm(zero, 0).itemSync()).toBe(0);
    expect(list(zero.grad)).toEqual([0, 0]);
  });

  test("works on gradients whose elements share memory", () => {
    const x = ones([4], { requiresGrad: true });
    x.sum().backward(undefined, { createGraph: true });
    nn.clipGradNorm(x, 1);
    expectClose(list(x.grad), [0.5, 0.5, 0.5, 0.5], { rtol: 1e-5 });
  });

  test("takes the parameters of a model, and refuses norms that are none", () => {
    const model = new nn.Linear(2, 2);
    model
      .forward(ones([5, 2]))
      .sum()
      .backward();
    expect(nn.clipGradNorm(model.parameters(), 0.5).itemSync()).toBeGreaterThan(0.5);
    for (const norm of [-1, Number.NaN])
      expectRefusal(
        () => nn.clipGradNorm(model.parameters(), norm),
        "RangeError",
        `clipGradNorm: expected maxNorm of 0 or more, got ${norm}`,
      );
    expectRefusal(
      () => nn.clipGradNorm(model as never, 1),
      "TypeError",
      "clipGradNorm: expected parameters, such as model.parameters(), got a value of type Linear",
    );
    expectRefusal(() => nn.clipGradNorm([], "1" as never), "TypeError", 'clipGradNorm: expected maxNorm to be a number, got "1"');
  });
});
