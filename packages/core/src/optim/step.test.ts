import { describe, expect, test } from "vitest";
import { nn, ones, optim, tensor } from "../index";
import { expectRefusal } from "../testing/refusal";

describe("a step", () => {
  const params = () => [tensor([1, 2], { requiresGrad: true }), tensor([3, 4], { requiresGrad: true })] as const;

  test("with a gradient of another shape or dtype is refused before any parameter changes", () => {
    for (const [grad, name] of [
      [ones([3]), "ShapeError"],
      [ones([2], { dtype: "float64" }), "TypeError"],
    ] as const) {
      const [first, second] = params();
      first.grad = ones([2]);
      // Past the setter, as a backend's bug would.
      second.gradient = grad;
      expectRefusal(() => new optim.SGD([first, second], { lr: 1 }).step(), name, "step: expected a");
      expect([...first.dataSync(), ...second.dataSync()]).toEqual([1, 2, 3, 4]);
    }
  });

  test("after clipping works on gradients of both float dtypes", () => {
    const single = tensor([1, 1], { requiresGrad: true });
    const double = tensor([1, 1], { dtype: "float64", requiresGrad: true });
    single.grad = tensor([3, 0]);
    double.grad = tensor([0, 4], { dtype: "float64" });
    expect(nn.clipGradNorm([single, double], 1).itemSync()).toBeCloseTo(5, 6);
    expect([...single.grad.dataSync(), ...double.grad.dataSync()].map((v) => Math.round(v * 1e4) / 1e4)).toEqual([0.6, 0, 0, 0.8]);
  });
});
