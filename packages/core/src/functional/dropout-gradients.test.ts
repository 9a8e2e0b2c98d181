import { describe, expect, test } from "vitest";
import { functional as F, Generator, grad, gradcheck, gradgradcheck, memory, ones, randn, type Tensor, tensor } from "../index";

const FUNCTIONS = ["dropout", "dropout1d", "dropout2d", "dropout3d", "alphaDropout", "featureAlphaDropout"] as const;
const shapeFor = (name: string) => (name === "dropout1d" ? [2, 3, 2] : name === "dropout3d" ? [2, 3, 1, 1, 2] : [2, 3, 1, 2]);
const isAlpha = (name: string) => name.toLowerCase().includes("alpha");

describe.each(FUNCTIONS)("%s", (name) => {
  const shape = shapeFor(name);
  const input = (dtype: "float32" | "float64" = "float32") => randn(shape, { generator: new Generator(1), requiresGrad: true, dtype });

  test.each([0, 0.3, 0.5, 1])("agrees with numerical gradients, first and second, at p = %s", (p) => {
    const generator = new Generator(77);
    const fn = (x: Tensor) => F[name](x, { p, training: true, generator }).mul(x);
    expect(gradcheck(fn, [input("float64")], { generator })).toBe(true);
    expect(gradgradcheck(fn, [input("float64")], { generator, atol: 1e-4 })).toBe(true);
  });

  test("takes no call in the backward pass, nor in the one through it", () => {
    const generator = new Generator(3);
    const x = input();
    const y = F[name](x.mul(x), { p: 0.5, training: true, generator });
    const [dx] = grad(y.mul(y).sum(), x, { createGraph: true }) as [Tensor];
    const [ddx] = grad(dx.mul(dx).sum(), x, { createGraph: true }) as [Tensor];
    ddx.sum().backward();
    expect(generator.call).toBe(1n);
    expect(x.grad).not.toBeNull();
  });

  test("gives the gradient 0 where it dropped and the kept scale where not, whatever was drawn meanwhile", () => {
    const generator = new Generator(4);
    const x = ones(shape, { requiresGrad: true });
    const y = F[name](x, { p: 0.5, training: true, generator });
    F[name](x, { p: 0.5, training: true, generator }); // a later mask must not be mistaken for this one
    generator.manualSeed(999);
    y.backward(ones(shape));
    const [out, gradient] = [y.dataSync(), x.grad?.dataSync() as Float32Array];
    const kept = Math.max(...out);
    expect(new Set(out).size).toBe(2);
    out.forEach((value, i) => {
      if (value !== kept) expect(Object.is(gradient[i], 0)).toBe(true);
      else if (isAlpha(name))
        expect(gradient[i]).toBeCloseTo(0.8864053, 6); // a of alpha dropout at p = 0.5
      else expect(gradient[i]).toBe(2);
    });
  });
});

describe("the gradient", () => {
  test("of a sum, which is one repeated value, is the mask times the scale", () => {
    const x = randn([7, 9], { generator: new Generator(5), requiresGrad: true });
    const y = F.dropout(x, { p: 0.2, generator: new Generator(6) });
    y.sum().backward();
    const mask = F.dropout(ones([7, 9]), { p: 0.2, generator: new Generator(6) });
    expect(x.grad?.dataSync()).toEqual(mask.dataSync());
  });

  test("that arrives strided is dropped by logical index", () => {
    const x = ones([4, 6], { requiresGrad: true });
    const weights = randn([6, 4], { generator: new Generator(7) });
    const y = F.dropout(x, { p: 0.5, generator: new Generator(8) });
    y.transpose(0, 1).mul(weights).sum().backward();
    const expected = F.dropout(tensor(weights.transpose(0, 1).dataSync(), { shape: [4, 6] }), { p: 0.5, generator: new Generator(8) });
    expect([...(x.grad as Tensor).dataSync()]).toEqual([...expected.dataSync()]);
  });

  test("of NaN or infinity that meets a dropped element is +0", () => {
    const x = ones([64], { requiresGrad: true });
    const y = F.dropout(x, { p: 0.5, generator: new Generator(9) });
    const kept = y.dataSync();
    y.backward(tensor(new Float32Array(64).fill(Number.NaN)));
    x.grad?.dataSync().forEach((g, i) => {
      if (kept[i] === 0) expect(Object.is(g, 0)).toBe(true);
      else expect(g).toBeNaN();
    });
  });

  test("holds no mask and no input: the graph keeps nothing alive", () => {
    const x = ones([1000], { requiresGrad: true });
    const before = memory().bytes;
    const hidden = x.add(1);
    const y = F.dropout(hidden, { p: 0.5, generator: new Generator(10) });
    hidden.dispose();
    expect(memory().bytes - before).toBe(4000); // y alone
    y.dispose();
    expect(memory().bytes).toBe(before);
  });

  test("with a noiseShape and an offset is that of the same mask", () => {
    const generator = new Generator(11);
    const fn = (x: Tensor) => F.dropout(x, { p: 0.5, noiseShape: [3, 1], elementOffset: 5, generator });
    expect(gradcheck(fn, [randn([3, 4], { dtype: "float64", requiresGrad: true, generator: new Generator(1) })], { generator })).toBe(true);
  });
});
