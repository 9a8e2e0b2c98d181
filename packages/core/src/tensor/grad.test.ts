import { describe, expect, test } from "vitest";
import { functional as F, grad, memory, ones, type Tensor, tensor } from "../index";
import { hostBackend } from "../testing/backends";
import { expectClose } from "../testing/close";
import { expectRefusal } from "../testing/refusal";

const leaf = (...values: number[]) => tensor(values, { requiresGrad: true });
const list = (x: Tensor | undefined) => [...(x as Tensor).dataSync()];

describe("grad", () => {
  test("gives gradients as new tensors and leaves every grad alone", () => {
    const [x, y] = [leaf(1, 2), leaf(3, 4)];
    const [dx, dy] = grad(x.mul(y).sum(), [x, y]);
    expect([list(dx), list(dy)]).toEqual([
      [3, 4],
      [1, 2],
    ]);
    expect([x.grad, y.grad, dx?.requiresGrad]).toEqual([null, null, false]);
  });

  test("takes several outputs, each with its gradient", () => {
    const x = leaf(1, 2);
    const [dx] = grad([x.mul(2), x.mul(x)], x, { gradOutputs: [tensor([1, 10]), tensor([100, 1000])] });
    expect(list(dx)).toEqual([202, 4020]);
    const [sum] = grad([x.sum(), x.mul(3).sum()], [x]);
    expect(list(sum)).toEqual([4, 4]);
  });

  test("reaches tensors inside the graph, and stops there", () => {
    const x = leaf(3);
    const hidden = x.mul(2);
    const y = hidden.mul(hidden).sum();
    const [dh, dx] = grad(y, [hidden, x]);
    expect([list(dh), list(dx)]).toEqual([[12], [24]]);
    expect(list(grad(x.mul(1), [x], { gradOutputs: ones([1]) })[0])).toEqual([1]);
  });

  test("of an output by itself is the gradient of the output", () => {
    const y = leaf(1, 2).mul(3);
    expect(list(grad(y, y, { gradOutputs: tensor([5, 6]) })[0])).toEqual([5, 6]);
  });

  test("gives the same tensor for an input named twice its gradient twice", () => {
    const x = leaf(2);
    expect(grad(x.mul(x).sum(), [x, x]).map(list)).toEqual([[4], [4]]);
  });

  test("with createGraph is differentiable itself, as often as wanted", () => {
    const x = leaf(2, 3);
    const [first] = grad(x.pow(4).sum(), x, { createGraph: true }) as [Tensor];
    const [second] = grad(first.sum(), x, { createGraph: true }) as [Tensor];
    const [third] = grad(second.sum(), x) as [Tensor];
    expectClose(list(first), [32, 108]);
    expectClose(list(second), [48, 108]);
    expectClose(list(third), [48, 72]);
  });

  test("with createGraph reaches leaves through backward: a gradient penalty", () => {
    const [x, w] = [leaf(2), leaf(3)];
    const [dx] = grad(F.tanh(x.mul(w)).sum(), x, { createGraph: true }) as [Tensor];
    dx.mul(dx).sum().backward();
    // d/dw of (w (1 - tanh(x w)^2))^2
    const t = Math.tanh(6);
    const [g, slope] = [3 * (1 - t * t), 1 - t * t - 2 * 2 * 3 * t * (1 - t * t)];
    expectClose([(w.grad as Tensor).itemSync()], [2 * g * slope], { rtol: 1e-3 });
  });

  test("of a backward with createGraph leaves differentiable gradients", () => {
    const x = leaf(3);
    x.pow(3).sum().backward(undefined, { createGraph: true });
    const first = x.grad as Tensor;
    x.grad = null;
    first.sum().backward();
    expect([list(first), list(x.grad ?? undefined)]).toEqual([[27], [18]]);
  });

  test("of a backward with createGraph may share memory; adding to one gradient leaves the others alone", () => {
    const [x, y] = [leaf(1, 2, 3), leaf(4, 5, 6)];
    x.add(y).sum().backward(undefined, { createGraph: true });
    x.mul(2).sum().backward();
    expect([list(x.grad ?? undefined), list(y.grad ?? undefined)]).toEqual([
      [3, 3, 3],
      [1, 1, 1],
    ]);
  });

  test("releases the graph, unless it is retained", () => {
    const x = leaf(2);
    const y = x.mul(x).sum();
    grad(y, x, { retainGraph: true });
    grad(y, x);
    expectRefusal(() => grad(y, x), "DisposedError", "backward: expected the graph of", "released");
  });

  test("gives zeros for an unused input when that is allowed, whatever its values", () => {
    const [x, unused] = [leaf(1), leaf(Number.NaN, Number.POSITIVE_INFINITY)];
    const [dx, zeros] = grad(x.mul(2).sum(), [x, unused], { allowUnused: true });
    expect([list(dx), list(zeros)]).toEqual([[2], [0, 0]]);
  });

  test("of a leaf by what it does not depend on leaves nothing behind but the zeros", () => {
    const [x, unused] = [leaf(1), leaf(2)];
    const before = memory().tensors;
    expect(list(grad(x, unused, { allowUnused: true })[0])).toEqual([0]);
    expect(memory().tensors).toBe(before + 1);
  });
});

describe("grad refuses, and keeps no memory of it", () => {
  const x = leaf(1, 2);

  test.each<[string, string, () => unknown, string]>([
    [
      "an unused input",
      "RangeError",
      () => grad(x.sum(), [x, leaf(1)]),
      "grad: expected outputs that depend on all inputs, got none for input 1 - pass { allowUnused: true }",
    ],
    ["outputs that require no gradient", "RangeError", () => grad(ones([]), x), "grad: expected tensors that require a gradient"],
    ["inputs that require no gradient", "RangeError", () => grad(x.sum(), ones([2])), "grad: expected tensors that require a gradient"],
    [
      "outputs of several elements",
      "ShapeError",
      () => grad(x.mul(2), x),
      "grad: expected one element, got shape [2] - reduce it, or pass gradOutputs",
    ],
    [
      "gradOutputs of another shape",
      "ShapeError",
      () => grad(x.mul(2), x, { gradOutputs: ones([3]) }),
      "grad: expected a gradient of shape [2], got [3]",
    ],
    [
      "gradOutputs on another backend",
      "BackendMismatchError",
      () => grad(x.mul(2), x, { gradOutputs: ones([2], { backend: hostBackend() }) }),
      "grad: expected tensors of one backend",
    ],
    [
      "gradOutputs of another dtype",
      "TypeError",
      () => grad(x.mul(2), x, { gradOutputs: ones([2], { dtype: "float64" }) }),
      "grad: expected a gradient of dtype float32, got float64",
    ],
    [
      "more gradOutputs than outputs",
      "RangeError",
      () => grad(x.sum(), x, { gradOutputs: [ones([]), ones([])] }),
      "grad: expected as many gradOutputs as outputs, got 2 for 1",
    ],
    ["what is no tensor", "TypeError", () => grad(3 as never, x), "grad: expected outputs to be a Tensor or an array of them, got 3"],
    ["inputs that are no tensors", "TypeError", () => grad(x.sum(), ["x"] as never), "grad: expected"],
  ])("%s", (_, name, fn, message) => {
    expectRefusal(fn, name, message);
    expect(x.grad).toBeNull();
  });

  test("a refusal leaves the live tensors as they were", () => {
    const y = x.sum();
    const before = memory().tensors;
    expectRefusal(() => grad(y, ones([2])), "RangeError", "grad");
    expect(memory().tensors).toBe(before + 1); // the argument made here
  });

  test("disposed tensors", () => {
    const gone = leaf(1);
    const y = gone.sum();
    gone.dispose();
    expectRefusal(() => grad(y, gone), "DisposedError", "grad: expected a live tensor");
    const output = x.sum();
    output.dispose();
    expectRefusal(() => grad(output, x), "DisposedError", "grad: expected a live tensor");
  });
});
