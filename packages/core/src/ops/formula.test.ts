import { describe, expect, test } from "vitest";
import { functional as F, grad, memory, type Tensor, tensor } from "../index";
import { expectRefusal } from "../testing/refusal";
import { formula } from "./formula";

const cube = formula<number>("cube", {
  value: (x, factor) => x.mul(x).mul(x).mul(factor),
  derivative: (x, factor) => x.mul(x).mul(3 * factor),
});
const viaSquare = formula<number>("viaSquare", {
  part: (x) => x.mul(x),
  value: (x, factor, square) => square.mul(x).mul(factor),
  derivative: (_, factor, square) => square.mul(3 * factor),
});

describe.each([
  ["cube", cube],
  ["viaSquare", viaSquare],
])("a formula (%s)", (name, fn) => {
  const leaf = () => tensor([-1, 0.5, 2], { requiresGrad: true });
  const list = (x: Tensor | null | undefined) => [...(x as Tensor).dataSync()];

  test("is one operation with its value and its derivative, to any order", () => {
    const x = leaf();
    const y = fn(x, 2);
    expect(y.node?.primitive.name).toBe(name);
    expect(y.node?.edges[0]).toBe(x);
    expect(list(y)).toEqual([-2, 0.25, 16]);
    const [first] = grad(y.sum(), x, { createGraph: true });
    expect(list(first)).toEqual([6, 1.5, 24]);
    const [second] = grad((first as Tensor).sum(), x, { createGraph: true });
    expect(list(second)).toEqual([-12, 6, 24]);
    expect(list(grad((second as Tensor).sum(), x)[0])).toEqual([12, 12, 12]);
  });

  test("gives a gradient that is no graph where none is asked for", () => {
    const x = leaf();
    expect(grad(fn(x, 2).sum(), x)[0]?.requiresGrad).toBe(false);
  });

  test("leaves nothing behind but its result and, until the backward, what that reads", () => {
    const x = leaf();
    const before = memory();
    const seed = tensor([1, 1, 1]);
    const y = fn(x, 2);
    expect(memory().tensors).toBe(before.tensors + 2);
    y.backward(seed);
    for (const made of [seed, y, x.grad as Tensor]) made.dispose();
    x.grad = null;
    expect(memory()).toMatchObject({ tensors: before.tensors, bytes: before.bytes });
  });

  test("notices an input that was edited", () => {
    const x = leaf().mul(1);
    const y = fn(x, 2).sum();
    F.dropout(x, { p: 0.5, inplace: true });
    expectRefusal(() => y.backward(), "InPlaceError", `backward: expected the value that ${name} used, got one edited in place since`);
  });
});
