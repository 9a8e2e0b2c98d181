import { describe, expect, test } from "vitest";
import {
  arange,
  bernoulli,
  eye,
  full,
  Generator,
  linspace,
  normal,
  onesLike,
  randint,
  randn,
  randperm,
  type Tensor,
  tensor,
  zerosLike,
} from "../index";
import { expectRefusal } from "../testing/refusal";

const list = (x: Tensor) => [...x.dataSync()];

describe("ranges", () => {
  test("count up, down and by parts", () => {
    expect(list(arange(3, { dtype: "int32" }))).toEqual([0, 1, 2]);
    expect(list(arange(5, 0, { step: -2 }))).toEqual([5, 3, 1]);
    expect(arange(0, 1, { step: 0.1, dtype: "float64" }).size).toBe(10);
    expect(arange(2, 2).shape).toEqual([0]);
    expect(list(linspace(1, 0, 3))).toEqual([1, 0.5, 0]);
    expect([...list(linspace(3, 9, 1)), ...list(linspace(3, 9, 0))]).toEqual([3]);
    expect(list(eye(2, { m: 3 }))).toEqual([1, 0, 0, 0, 1, 0]);
  });

  test("refuse steps that do not arrive and numbers that are none", () => {
    expectRefusal(() => arange(3, { step: 0 }), "RangeError", "arange: expected a step that leads from start to end, got 0");
    expectRefusal(() => arange(3, 1), "RangeError", "arange: expected a step that leads from start to end, got 1");
    expectRefusal(() => arange(Number.NaN), "RangeError", "arange: expected a finite end, got NaN");
    expectRefusal(() => linspace(0, 1, 1.5), "RangeError", "linspace: expected steps to be an integer of 0 or more, got 1.5");
    expectRefusal(() => eye(-1), "RangeError", "eye: expected n to be an integer of 0 or more, got -1");
  });

  test("zerosLike and onesLike take shape and dtype, unless told otherwise", () => {
    const x = tensor(new Int32Array([4, 5]));
    expect([zerosLike(x).dtype, ...list(zerosLike(x)), ...list(onesLike(x))]).toEqual(["int32", 0, 0, 1, 1]);
    expect(onesLike(x, { dtype: "float32", requiresGrad: true }).requiresGrad).toBe(true);
  });
});

describe("draws", () => {
  test("take one host call each, and none when refused", () => {
    const calls = (draw: (generator: Generator) => unknown) => {
      const [generator, other] = [new Generator(3), new Generator(3)];
      draw(generator);
      randn([1], { generator: other });
      return generator.getState().join() === other.getState().join();
    };
    expect(calls((generator) => randint(0, 9, [100], { generator }))).toBe(true);
    expect(calls((generator) => randperm(100, { generator }))).toBe(true);
    expect(calls((generator) => normal(0, 1, [100], { generator }))).toBe(true);
    expect(calls((generator) => bernoulli(full([100], 0.5), { generator }))).toBe(true);
    const generator = new Generator(3);
    const before = generator.getState().join();
    expectRefusal(() => randint(3, 3, [2], { generator }), "RangeError", "randint: expected high to be an integer of 4 or more, got 3");
    expectRefusal(() => normal(0, -1, [2], { generator }), "RangeError", "normal: expected std of 0 or more, got -1");
    expectRefusal(() => bernoulli(tensor([true]), { generator }), "TypeError", "bernoulli: expected a float tensor, got bool");
    expect(generator.getState().join()).toBe(before);
  });

  test("are distributed as they say", () => {
    const generator = new Generator(11);
    const dice = list(randint(-3, 3, [6000], { generator }));
    for (let face = -3; face < 3; face++) expect(Math.abs(dice.filter((d) => d === face).length - 1000)).toBeLessThan(150);
    expect(list(randperm(50, { generator })).sort((a, b) => a - b)).toEqual(list(arange(50)));
    const x = normal(5, 0.5, [4000], { generator });
    expect(Math.abs(x.mean().itemSync() - 5)).toBeLessThan(0.05);
    expect(Math.abs(x.std().itemSync() - 0.5)).toBeLessThan(0.05);
    const tossed = bernoulli(full([4000], 0.3), { generator });
    expect(Math.abs(tossed.mean().itemSync() - 0.3)).toBeLessThan(0.05);
    expect(list(bernoulli(tensor([0, 1, 0, 1]), { generator }))).toEqual([0, 1, 0, 1]);
  });

  test("reach the whole of int32", () => {
    const x = list(randint(-(2 ** 31), 2 ** 31, [200], { generator: new Generator(1) }));
    expect(Math.min(...x)).toBeLessThan(-(2 ** 30));
    expect(Math.max(...x)).toBeGreaterThan(2 ** 30);
  });
});
