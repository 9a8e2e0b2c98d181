import { describe, expect, test } from "vitest";
import { type Backend, cpu, functional as F, Generator, nn, noGrad, ones, optim, type Tensor, tensor } from "../index";
import { applyUnary } from "../ops/by-name";
import { blindBackend } from "../testing/backends";
import { expectRefusal } from "../testing/refusal";

const leaf = (...values: number[]) => tensor(values, { requiresGrad: true });
/** Edits memory in place, where autograd does not refuse at once. */
const overwrite = (x: Tensor) => noGrad(() => F.dropout(x.detach(), { p: 0.5, inplace: true, generator: new Generator(0) }));

describe("a value that a backward pass needs", () => {
  test.each<[string, (x: Tensor) => Tensor]>([
    ["mul", (x) => x.mul(x)],
    ["div", (x) => x.div(x)],
    ["pow", (x) => x.pow(3)],
    ["log", (x) => x.log()],
    ["abs", (x) => x.abs()],
    ["maximum", (x) => F.maximum(x, 1)],
    ["clamp", (x) => x.clamp({ min: 0 })],
    ["amax", (x) => x.amax()],
    ["amin", (x) => x.amin()],
    ["matmul", (x) => x.matmul(x)],
    ["softplus", (x) => F.softplus(x)],
    ["erf", (x) => applyUnary("erf", x)],
  ])("of %s is watched: an edit in between makes it throw, and names the operation", (name, op) => {
    const x = leaf(1, 2, 3);
    const hidden = x.mul(1);
    const y = op(hidden).sum();
    overwrite(hidden);
    expectRefusal(() => y.backward(), "InPlaceError", `backward: expected the value that ${name} used, got one edited in place since`);
    expect(x.grad).toBeNull();
  });

  test.each<[string, (x: Tensor) => Tensor]>([
    ["add", (x) => x.add(5)],
    ["sum", (x) => x.sum()],
    ["neg", (x) => x.neg()],
    ["a product with a number", (x) => x.mul(4)],
    ["exp, which reads its output", (x) => x.exp()],
    ["reshape", (x) => x.reshape([3, 1])],
  ])("is not: %s may have its input edited", (_, op) => {
    const x = leaf(1, 2, 3);
    const hidden = x.mul(1);
    const y = op(hidden).sum();
    overwrite(hidden);
    y.backward();
    expect(x.grad).not.toBeNull();
  });

  test("is watched through views, whose storage it shares", () => {
    const x = leaf(1, 2, 3, 4);
    const hidden = x.mul(1);
    const view = hidden.reshape([2, 2]);
    const y = view.mul(view).sum();
    overwrite(hidden.slice(0, 3));
    expectRefusal(() => y.backward(), "InPlaceError", "the value that mul used");
  });

  test("is watched only for the gradients that are wanted", () => {
    const x = leaf(1, 2);
    const constant = ones([2]);
    const y = x.mul(constant).sum();
    overwrite(x); // only the constant's gradient would need x
    y.backward();
    expect([...(x.grad as Tensor).dataSync()]).toEqual([1, 1]);
  });

  test("may be a parameter: a step between forward and backward is an error, not a wrong gradient", () => {
    const layer = new nn.Linear(2, 1);
    const optimizer = new optim.SGD(layer.parameters(), { lr: 0.1 });
    const hidden = layer.forward(ones([1, 2], { requiresGrad: true }));
    layer
      .forward(ones([3, 2]))
      .sum()
      .backward();
    optimizer.step();
    expectRefusal(() => hidden.sum().backward(), "InPlaceError", "the value that linear used");
    layer
      .forward(ones([1, 2]))
      .sum()
      .backward(); // a fresh forward is fine
  });

  test.each([
    ["with a kernel for it", cpu],
    ["composed", blindBackend() as Backend],
  ])("may be an optimizer's state, which a step %s edits, too", (_, backend) => {
    const [x, y] = [ones([2], { backend, requiresGrad: true }), ones([2], { backend, requiresGrad: true })];
    const optimizer = new optim.SGD([x], { momentum: 0.9 });
    x.grad = ones([2], { backend });
    optimizer.step();
    const momentum = optimizer.stateDict().state["0"]?.tensors[0] as Tensor;
    const loss = y.mul(momentum).sum();
    optimizer.step();
    expectRefusal(() => loss.backward(), "InPlaceError", "the value that mul used");
  });

  test("may be overwritten by loadStateDict, which counts as an edit", () => {
    const layer = new nn.Linear(2, 1);
    const y = layer.forward(ones([1, 2], { requiresGrad: true })).sum();
    layer.loadStateDict({ weight: new Float32Array(2), bias: new Float32Array(1) });
    expectRefusal(() => y.backward(), "InPlaceError", "linear");
  });
});
