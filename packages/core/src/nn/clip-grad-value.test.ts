import { describe, expect, test } from "vitest";
import { nn, ones, type Tensor, tensor } from "../index";
import { failEverywhere } from "../testing/faults";
import { expectRefusal } from "../testing/refusal";

const list = (x: Tensor) => [...x.dataSync()];

describe("clipGradValue", () => {
  test("brings the elements of all gradients between the bounds, and leaves NaN", () => {
    const [a, b, none] = [1, 2, 3].map(() => new nn.Parameter(ones([3]))) as [nn.Parameter, nn.Parameter, nn.Parameter];
    a.grad = tensor([1, -5, Number.NaN]);
    b.grad = tensor([0.5, 2, 7]);
    const held = a.grad;
    nn.clipGradValue([a, b, none], 2);
    expect([...list(a.grad as Tensor), ...list(b.grad as Tensor)]).toEqual([1, -2, Number.NaN, 0.5, 2, 2]);
    expect([a.grad, none.grad]).toEqual([held, null]);
    const x = tensor([2, -3], { requiresGrad: true });
    x.mul(x).mul(x).sum().backward(undefined, { createGraph: true });
    nn.clipGradValue(x, 13);
    expect(list(x.grad as Tensor)).toEqual([12, 13]);
  });

  test("refuses a bound that is negative, NaN or no number, and what are no tensors", () => {
    const w = new nn.Parameter(ones([1]));
    for (const bound of [-1, Number.NaN])
      expectRefusal(() => nn.clipGradValue([w], bound), "RangeError", "clipGradValue: expected clipValue of 0 or more");
    expectRefusal(() => nn.clipGradValue([w], "1" as never), "TypeError", 'clipGradValue: expected clipValue to be a number, got "1"');
    expectRefusal(() => nn.clipGradValue(3 as never, 1), "TypeError", "clipGradValue: expected parameters");
  });

  test("changes all, or nothing where memory runs out", async () => {
    await failEverywhere({ kernels: "composed", fault: "allocation" }, (backend) => {
      const params = [1, 2].map((value) => new nn.Parameter(tensor([value, 3], { backend })));
      for (const param of params) param.grad = tensor([5, -5], { backend });
      return { act: () => nn.clipGradValue(params, 1), watched: () => [...params, ...params.map(({ grad }) => grad)] };
    });
  });
});
