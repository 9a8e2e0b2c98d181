import { describe, expect, test } from "vitest";
import { Generator, nn, ones, randn, type Tensor, zeros } from "../../index";
import { expectClose } from "../../testing/close";
import { failEverywhere, SETTINGS } from "../../testing/faults";
import { expectRefusal } from "../../testing/refusal";
import { inverseNormal, normalShare } from "./inverse-normal";

const { init } = nn;
const values = (x: Tensor) => [...x.dataSync()];
const mean = (list: readonly number[]) => list.reduce((sum, value) => sum + value, 0) / list.length;
const deviation = (list: readonly number[]) => {
  const middle = mean(list);
  return Math.sqrt(mean(list.map((value) => (value - middle) ** 2)));
};

/** Every draw, on a matrix. */
const DRAWS: Readonly<Record<string, (x: Tensor, generator?: Generator) => Tensor>> = {
  uniform: (x, generator) => init.uniform(x, { generator }),
  normal: (x, generator) => init.normal(x, { generator }),
  truncNormal: (x, generator) => init.truncNormal(x, { generator }),
  xavierUniform: (x, generator) => init.xavierUniform(x, { generator }),
  xavierNormal: (x, generator) => init.xavierNormal(x, { generator }),
  kaimingUniform: (x, generator) => init.kaimingUniform(x, { generator }),
  kaimingNormal: (x, generator) => init.kaimingNormal(x, { generator }),
  orthogonal: (x, generator) => init.orthogonal(x, { generator }),
  sparse: (x, generator) => init.sparse(x, 0.3, { generator }),
};

describe("every draw", () => {
  test.each(Object.entries(DRAWS))("takes one host call, and gives the tensor itself: %s", (_, draw) => {
    const [generator, other] = [new Generator(3), new Generator(3)];
    const x = new nn.Parameter(zeros([4, 6]));
    const { version } = x.storage;
    expect(draw(x, generator)).toBe(x);
    randn([1], { generator: other });
    expect(generator.getState()).toEqual(other.getState());
    expect([x.requiresGrad, x.isLeaf, x.storage.version]).toEqual([true, true, version + 1]);
    expect(new Set(values(x)).size).toBeGreaterThan(12);
  });

  test.each(Object.entries(DRAWS))("writes strided views, in float64 too, with the same numbers: %s", (_, draw) => {
    const plain = draw(zeros([4, 6]), new Generator(1));
    const base = zeros([6, 4], { dtype: "float64" });
    draw(base.transpose(0, 1), new Generator(1));
    expectClose(values(base.transpose(0, 1)), values(plain), { rtol: 1e-6, atol: 1e-7 });
  });

  test.each(Object.entries(DRAWS))("refuses integers and what is expanded, and takes no call then: %s", (name, draw) => {
    const generator = new Generator(3);
    const before = generator.getState();
    expectRefusal(() => draw(zeros([4, 6], { dtype: "int32" }), generator), "TypeError", `${name}: expected a float tensor`);
    expectRefusal(() => draw(zeros([1, 6]).expand([4, 6]), generator), "InPlaceError", `${name}: expected no expanded tensor`);
    expectRefusal(() => draw(zeros([4, 6]), {} as Generator), "TypeError", `${name}: expected`);
    expect(generator.getState()).toEqual(before);
  });

  test.each(SETTINGS)("writes all or nothing, where any $fault may fail, on a backend with $kernels kernels", async (setting) => {
    for (const draw of Object.values(DRAWS)) {
      const failures = await failEverywhere(setting, (backend) => {
        const x = zeros([2, 3], { backend });
        return { act: () => void draw(x), watched: () => [x], reset: () => init.zeros(x) };
      });
      expect(failures).toBeGreaterThan(0);
    }
  });
});

describe("distributions", () => {
  const x = () => zeros([200, 100]);
  const draws: [string, (generator: Generator) => Tensor, number, number, number][] = [
    ["uniform", (generator) => init.uniform(x(), { a: 2, b: 5, generator }), 3.5, 3 / Math.sqrt(12), 5],
    ["normal", (generator) => init.normal(x(), { mean: 1, std: 2, generator }), 1, 2, Number.POSITIVE_INFINITY],
    ["truncNormal", (generator) => init.truncNormal(x(), { generator }), 0, 0.8796, 2],
    ["truncNormal of a tail", (generator) => init.truncNormal(x(), { a: 1, b: 3, generator }), 1.5102, 0.4214, 3],
    ["xavierUniform", (generator) => init.xavierUniform(x(), { gain: 3, generator }), 0, 3 * Math.sqrt(2 / 300), 3 * Math.sqrt(6 / 300)],
    ["xavierNormal", (generator) => init.xavierNormal(x(), { generator }), 0, Math.sqrt(2 / 300), Number.POSITIVE_INFINITY],
    ["kaimingUniform", (generator) => init.kaimingUniform(x(), { mode: "fanOut", generator }), 0, Math.sqrt(2 / 200), Math.sqrt(6 / 200)],
    ["kaimingNormal", (generator) => init.kaimingNormal(x(), { nonlinearity: "tanh", generator }), 0, 5 / 3 / 10, Number.POSITIVE_INFINITY],
  ];

  test.each(draws)("of %s has its mean, deviation and bound", (_, draw, expectedMean, expectedDeviation, bound) => {
    const numbers = values(draw(new Generator(11)));
    // Of 20,000 numbers: five standard errors.
    expect(Math.abs(mean(numbers) - expectedMean)).toBeLessThan((5 * expectedDeviation) / Math.sqrt(numbers.length));
    expect(Math.abs(deviation(numbers) / expectedDeviation - 1)).toBeLessThan(0.025);
    expect(Math.max(...numbers.map(Math.abs))).toBeLessThanOrEqual(Math.fround(bound));
    if (bound < 100) expect(Math.max(...numbers)).toBeGreaterThan(0.97 * bound);
  });

  test("of kaimingUniform with a slope of the root of 5 is that of a Linear", () => {
    const weight = init.kaimingUniform(zeros([7, 9]), { a: Math.sqrt(5), generator: new Generator(4) });
    expectClose(values(weight), values(new nn.Linear(9, 7, { generator: new Generator(4) }).weight), { rtol: 1e-6 });
  });

  test("count the kernel of a convolution into both fans", () => {
    const numbers = values(init.kaimingUniform(zeros([50, 4, 5, 5]), { nonlinearity: "relu", generator: new Generator(2) }));
    expect(Math.max(...numbers)).toBeCloseTo(Math.sqrt(6 / 100), 3);
  });

  test("inverseNormal is the inverse of normalShare", () => {
    for (const x of [-5, -3, -2, -1, -0.1, 0, 0.5, 1.9, 2.1, 4]) expect(inverseNormal(normalShare(x))).toBeCloseTo(x, 6);
    expect([normalShare(Number.NEGATIVE_INFINITY), normalShare(0), normalShare(Number.POSITIVE_INFINITY)]).toEqual([0, 0.5, 1]);
  });
});

describe("what has a structure", () => {
  test.each([[[3, 5]], [[5, 3]], [[4, 4]], [[2, 3, 2]]])("orthogonal makes the shorter side of %s orthonormal", (shape) => {
    const x = init.orthogonal(zeros(shape, { dtype: "float64" }), { gain: 2, generator: new Generator(6) });
    const m = x.reshape([shape[0] as number, -1]);
    const [rows, columns] = m.shape as [number, number];
    const product = rows <= columns ? m.matmul(m.transpose(0, 1)) : m.transpose(0, 1).matmul(m);
    const side = Math.min(rows, columns);
    const identity = init.eye(zeros([side, side])).mul(4);
    expectClose(values(product), values(identity), { atol: 1e-12 });
  });

  test("sparse has its share of zeros in each column", () => {
    const x = init.sparse(zeros([10, 40]), 0.25, { std: 3, generator: new Generator(1) });
    expect(values(x.eq(0).sum({ dim: 0 }))).toEqual(Array(40).fill(3));
    const others = values(x).filter((value) => value !== 0);
    expect(deviation(others)).toBeGreaterThan(2.5);
    expect(new Set(values(x.eq(0).type("int32").argmax({ dim: 0 }))).size).toBeGreaterThan(3);
  });

  test("eye, dirac, constant, ones and zeros write what they say, in any dtype", () => {
    expect(values(init.eye(ones([2, 3])))).toEqual([1, 0, 0, 0, 1, 0]);
    expect(values(init.dirac(ones([2, 1, 3])))).toEqual([0, 1, 0, 0, 0, 0]);
    // Two groups: outputs 0 and 2 pass input 0 on, 1 and 3 input 1.
    const grouped = init.dirac(ones([4, 2, 1, 2]), { groups: 2 });
    expect(values(grouped)).toEqual([0, 1, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 1]);
    expect(values(init.constant(zeros([2]), 0.5))).toEqual([0.5, 0.5]);
    expect(values(init.constant(zeros([2], { dtype: "int32" }), 7))).toEqual([7, 7]);
    expect(values(init.ones(zeros([2], { dtype: "bool" })))).toEqual([1, 1]);
    const x = ones([2, 2]);
    init.zeros(x.slice(1, 0, 1));
    expect(values(x)).toEqual([0, 1, 0, 1]);
  });

  test("refuse shapes and numbers that have none", () => {
    const x = zeros([2, 2]);
    expectRefusal(() => init.eye(zeros([2])), "ShapeError", "eye: expected two dimensions, got [2]");
    expectRefusal(() => init.sparse(zeros([2]), 0.5), "ShapeError", "sparse: expected two dimensions");
    expectRefusal(() => init.dirac(x), "ShapeError", "dirac: expected three to five dimensions", "[2, 2]");
    expectRefusal(() => init.dirac(zeros([3, 1, 1]), { groups: 2 }), "ShapeError", "2 groups", "[3, 1, 1]");
    expectRefusal(() => init.orthogonal(zeros([2])), "ShapeError", "orthogonal: expected two dimensions or more");
    expectRefusal(() => init.xavierUniform(zeros([2])), "ShapeError", "xavierUniform: expected two dimensions or more");
    expectRefusal(() => init.kaimingNormal(x, { mode: "fan_in" as never }), "RangeError", "kaimingNormal: expected mode");
    expectRefusal(() => init.kaimingNormal(x, { nonlinearity: "leaky_relu" as never }), "RangeError", "did you mean leakyRelu?");
    expectRefusal(() => init.uniform(x, { a: 2 }), "RangeError", "uniform: expected finite bounds with a <= b, a being 2, got 1");
    expectRefusal(() => init.normal(x, { std: -1 }), "RangeError", "normal: expected a finite std");
    expectRefusal(() => init.truncNormal(x, { std: 0 }), "RangeError", "truncNormal: expected std above 0");
    expectRefusal(() => init.sparse(x, 1.5), "RangeError", "sparse: expected sparsity in [0, 1]");
    expectRefusal(() => init.constant(zeros([1], { dtype: "int32" }), 2 ** 31), "RangeError", "constant: expected numbers that fit int32");
    expectRefusal(() => init.zeros([1] as never), "TypeError", "zeros: expected a Tensor");
    expect(values(x)).toEqual([0, 0, 0, 0]);
  });

  test("calculateGain knows PyTorch's nonlinearities", () => {
    expect((["linear", "conv2d", "sigmoid", "tanh", "relu", "selu"] as const).map((name) => init.calculateGain(name))).toEqual([
      1,
      1,
      1,
      5 / 3,
      Math.SQRT2,
      0.75,
    ]);
    expect([init.calculateGain("leakyRelu"), init.calculateGain("leakyRelu", { param: 1 })]).toEqual([Math.sqrt(2 / 1.0001), 1]);
    expectRefusal(() => init.calculateGain("swish" as never), "RangeError", "calculateGain: expected one of the nonlinearities");
  });
});
