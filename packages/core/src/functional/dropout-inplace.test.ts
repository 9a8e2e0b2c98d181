import { describe, expect, test } from "vitest";
import { functional as F, Generator, grad, nn, noGrad, ones, type Tensor, tensor } from "../index";
import { expectRefusal } from "../testing/refusal";

const FUNCTIONS = ["dropout", "dropout1d", "dropout2d", "dropout3d", "alphaDropout", "featureAlphaDropout"] as const;
const shapeFor = (name: string) => (name === "dropout1d" ? [2, 3, 4] : name === "dropout3d" ? [2, 3, 1, 2, 2] : [2, 3, 2, 2]);
const options = (inplace: boolean, p = 0.4) => ({ p, training: true, inplace, generator: new Generator(9) });
const gradOf = (x: Tensor) => [...(x.grad as Tensor).dataSync()];
const values = (shape: readonly number[]) =>
  tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => i - 7),
    { shape },
  );

describe.each(FUNCTIONS)("%s in place", (name) => {
  const shape = shapeFor(name);

  test("overwrites its input, returns it, and has the mask of out of place", () => {
    const x = values(shape);
    const expected = F[name](x, options(false)).dataSync();
    expect(F[name](x, options(true))).toBe(x);
    expect(x.dataSync()).toEqual(expected);
  });

  test("works as a layer, the alpha ones included", () => {
    const Layer = nn[(name[0]?.toUpperCase() + name.slice(1)) as "Dropout"];
    const x = values(shape);
    const expected = F[name](x, options(false)).dataSync();
    const layer = new Layer({ p: 0.4, inplace: true, generator: new Generator(9) });
    expect(layer.forward(x)).toBe(x);
    expect(x.dataSync()).toEqual(expected);
  });

  test("takes the mask by logical index on a permuted tensor, too", () => {
    const stored = values(shape);
    const order = shape.map((_, i) => i).reverse();
    const view = stored.permute(order);
    const x = name === "dropout1d" || name === "dropout3d" ? view : stored.transpose(0, 2);
    const expected = F[name](tensor(x.dataSync(), { shape: x.shape }), options(false)).dataSync();
    expect(F[name](x, options(true))).toBe(x);
    expect(x.dataSync()).toEqual(expected);
  });

  test("has the gradient of out of place", () => {
    const gradOf = (inplace: boolean) => {
      const leaf = values(shape);
      leaf.requiresGrad = true;
      const hidden = leaf.mul(2);
      F[name](hidden, options(inplace)).mul(values(shape)).sum().backward();
      return leaf.grad?.dataSync();
    };
    expect(gradOf(true)).toEqual(gradOf(false));
  });

  test.each([0.4, 1])("refuses a leaf that requires a gradient, p = %s, and changes nothing", (p) => {
    const leaf = values(shape);
    leaf.requiresGrad = true;
    const before = leaf.dataSync();
    const given = options(true, p);
    expectRefusal(() => F[name](leaf, given), "InPlaceError", `${name}: expected no leaf, got a leaf that requires a gradient`);
    expect(leaf.dataSync()).toEqual(before);
    expect(given.generator.call).toBe(0n);
  });
});

describe("in place", () => {
  test.each([0.5, 1])("refuses an expanded tensor, p = %s, whose places share memory", (p) => {
    const base = tensor([[1], [2]]);
    const generator = new Generator(0);
    for (const x of [base.expand([2, 3]), tensor(4).expand([5])]) {
      expectRefusal(
        () => F.dropout(x, { p, inplace: true, generator }),
        "InPlaceError",
        "dropout: expected no expanded tensor, got one",
        "contiguous()",
      );
    }
    expect([...base.dataSync()]).toEqual([1, 2]);
    expect(generator.call).toBe(0n);
  });

  test("takes an expanded tensor that repeats nothing", () => {
    const x = tensor([1, 2, 3]).expand([1, 3]);
    expect(F.dropout(x, { p: 0.5, inplace: true, generator: new Generator(0) })).toBe(x);
  });

  test("refuses a view that requires a gradient, since what it is a view of would not know", () => {
    const hidden = ones([4, 4], { requiresGrad: true }).mul(2);
    for (const view of [hidden.reshape([16]), hidden.slice(0, 1), hidden.transpose(0, 1)]) {
      expectRefusal(
        () => F.dropout(view, { inplace: true }),
        "InPlaceError",
        "dropout: expected no view, got a view that requires a gradient",
      );
    }
    expect(hidden.dataSync().every((x) => x === 2)).toBe(true);
  });

  test("takes a leaf under noGrad, and a leaf for p = 0 and in eval, which change nothing", () => {
    const leaf = ones([64], { requiresGrad: true });
    expect(F.dropout(leaf, { p: 0, inplace: true })).toBe(leaf);
    expect(F.dropout(leaf, { p: 1, inplace: true, training: false })).toBe(leaf);
    expect(leaf.dataSync().every((x) => x === 1)).toBe(true);
    noGrad(() => F.dropout(leaf, { p: 0.5, inplace: true, generator: new Generator(0) }));
    expect(leaf.isLeaf).toBe(true);
    expect(leaf.dataSync().some((x) => x === 0)).toBe(true);
  });

  test("on a view of data without gradients edits what it is a view of", () => {
    const x = ones([2, 32]);
    F.dropout(x.slice(0, 1), { p: 1, inplace: true });
    expect([...x.dataSync()]).toEqual([...Array(32).fill(1), ...Array(32).fill(0)]);
  });

  test.each<[string, (x: Tensor) => Tensor, string]>([
    ["exp", (x) => x.exp(), "exp"],
    ["relu", F.relu, "relu"],
    ["sigmoid", F.sigmoid, "sigmoid"],
    ["tanh", F.tanh, "tanh"],
    ["sqrt", (x) => x.sqrt(), "sqrt"],
    ["softmax", (x) => F.softmax(x, { dim: 0 }), "softmax"],
  ])("after %s, which needs its output, lets the backward throw and names it; no gradient is left", (_, op, opName) => {
    const leaf = ones([8], { requiresGrad: true });
    const y = F.dropout(op(leaf), { p: 0.5, inplace: true, generator: new Generator(0) });
    expectRefusal(() => y.sum().backward(), "InPlaceError", `backward: expected the value that ${opName} used, got one edited in place`);
    expect(leaf.grad).toBeNull();
  });

  test("after an operation that needs nothing of its output is fine", () => {
    const leaf = ones([8], { requiresGrad: true });
    const y = F.dropout(leaf.add(1), { p: 0.5, inplace: true, generator: new Generator(0) });
    y.sum().backward();
    expect([...(leaf.grad?.dataSync() ?? [])]).toEqual([...y.dataSync()].map((x) => x / 2));
  });

  test("makes views from before unusable for autograd, which would send their gradient past the mask", () => {
    const leaf = ones([2, 4], { requiresGrad: true });
    const hidden = leaf.mul(2);
    const [view, used] = [hidden.slice(0, 0, 1), hidden.slice(0, 1)];
    const before = used.sum();
    F.dropout(hidden, { p: 0.5, inplace: true, generator: new Generator(0) });
    for (const use of [() => view.sum(), () => view.mul(2), () => view.reshape([4]), () => hidden.slice(0, 1).add(view)]) {
      expectRefusal(use, "InPlaceError", "expected a current view, got one edited in place since", "make it anew");
    }
    expect([...noGrad(() => view.mul(1)).dataSync()]).toEqual([4, 0, 0, 0]);
    before.backward(undefined, { retainGraph: true }); // what was computed before the edit is sound
    expect(gradOf(leaf)).toEqual([0, 0, 0, 0, 2, 2, 2, 2]);
    leaf.grad = null;
    const anew = hidden.slice(0, 0, 1);
    anew.mul(anew).sum().backward();
    expect(gradOf(leaf)).toEqual([32, 0, 0, 0, 0, 0, 0, 0]);
  });

  test("leaves a result whose handle was disposed usable for second derivatives", () => {
    const leaf = ones([8], { requiresGrad: true });
    const hidden = leaf.mul(3);
    F.dropout(hidden, { p: 0.5, inplace: true, generator: new Generator(0) });
    const loss = hidden.mul(hidden).mul(hidden).sum();
    hidden.dispose();
    const [first] = grad(loss, leaf, { createGraph: true }) as [Tensor];
    const [second] = grad(first.sum(), leaf) as [Tensor];
    expect([...second.dataSync()]).toEqual([1296, 0, 0, 0, 0, 0, 1296, 0]); // 6 * 6^3
  });

  test("twice in a row draws two masks, and the gradient passes both", () => {
    const generator = new Generator(2);
    const leaf = ones([64], { requiresGrad: true });
    const y = leaf.mul(1);
    F.dropout(y, { p: 0.5, inplace: true, generator });
    F.dropout(y, { p: 0.5, inplace: true, generator });
    y.sum().backward();
    expect(generator.call).toBe(2n);
    expect(leaf.grad?.dataSync()).toEqual(y.dataSync());
  });
});
