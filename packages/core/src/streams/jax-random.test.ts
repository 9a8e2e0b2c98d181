import { describe, expect, test } from "vitest";
import { sha256Of, streamCases } from "../testing/cuda-streams";
import { expectRefusal } from "../testing/refusal";
import * as jaxRandom from "./jax-random";
import { threefry2x32 } from "./threefry";

describe("threefry2x32", () => {
  test.each([
    [
      [0, 0],
      [0, 0],
      [0x6b200159, 0x99ba4efe],
    ],
    [
      [0xffffffff, 0xffffffff],
      [0xffffffff, 0xffffffff],
      [0x1cb996fc, 0xbb002be7],
    ],
    [
      [0x13198a2e, 0x03707344],
      [0x243f6a88, 0x85a308d3],
      [0xc4923a9c, 0x483df7a0],
    ],
  ] as [number[], number[], number[]][])("gives Random123's known answers: key %j, counter %j", ([k0, k1], [c0, c1], expected) => {
    const out = new Uint32Array(2);
    threefry2x32(k0 as number, k1 as number, c0 as number, c1 as number, out);
    expect([...out]).toEqual(expected);
  });
});

describe("jaxRandom", () => {
  test.each(streamCases("jax bernoulli"))("bernoulli is JAX's: $shape of seed $seed on the $where", ({ seed, p, shape, sha256 }) => {
    const mask = jaxRandom.bernoulli(jaxRandom.key(seed), p, shape);
    expect([mask.dtype, mask.shape]).toEqual(["bool", shape]);
    expect(sha256Of(mask.dataSync())).toBe(sha256);
  });

  test.each(streamCases("jax bits"))("bits are JAX's: $n of seed $seed on the $where", ({ seed, n, values }) => {
    expect([...jaxRandom.bits(jaxRandom.key(seed), [n])]).toEqual(values);
  });

  test.each(streamCases("jax uniform"))("uniform is JAX's: $n of seed $seed on the $where", ({ seed, n, values }) => {
    expect([...jaxRandom.uniform(jaxRandom.key(seed), [n]).dataSync()]).toEqual(values);
  });

  test.each(streamCases("equinox dropout"))("bernoulli of a layer's key is Equinox's mask", ({ seed, p, n, sha256 }) => {
    expect(sha256Of(jaxRandom.bernoulli(jaxRandom.key(seed), 1 - p, [n]).dataSync())).toBe(sha256);
  });

  test("split gives the keys of JAX's documentation", () => {
    const [, subkey] = jaxRandom.split(jaxRandom.key(0)) as [jaxRandom.JaxKey, jaxRandom.JaxKey];
    expect(jaxRandom.uniform(subkey, []).itemSync()).toBeCloseTo(0.00729382, 8);
  });

  test("normal gives the numbers of JAX's documentation, to 1e-6", () => {
    let key = jaxRandom.key(42);
    const all = [...jaxRandom.normal(key, [3]).dataSync()];
    for (const [i, expected] of [-0.02830462, 0.46713185, 0.29570296].entries())
      expect(Math.abs((all[i] as number) - expected)).toBeLessThan(1e-6);
    for (const expected of [0.6057640314102173, -0.21089035272598267, -0.3948981463909149]) {
      const [next, subkey] = jaxRandom.split(key) as [jaxRandom.JaxKey, jaxRandom.JaxKey];
      expect(Math.abs(jaxRandom.normal(subkey, []).itemSync() - expected)).toBeLessThan(1e-6);
      key = next;
    }
  });

  test("normal has mean 0 and variance 1, and its tails", () => {
    const x = jaxRandom.normal(jaxRandom.key(1), [100_000]);
    expect(Math.abs(x.mean().itemSync())).toBeLessThan(0.015);
    expect(Math.abs(x.pow(2).mean().itemSync() - 1)).toBeLessThan(0.02);
    expect(x.abs().amax().itemSync()).toBeGreaterThan(3.9);
  });

  test("uniform keeps its bounds", () => {
    const x = jaxRandom.uniform(jaxRandom.key(3), [10_000], { minval: -2, maxval: 5 });
    expect(x.amin().itemSync()).toBeGreaterThanOrEqual(-2);
    expect(x.amax().itemSync()).toBeLessThan(5);
    expect(x.mean().itemSync()).toBeCloseTo(1.5, 1);
  });

  test("randint gives all of its integers about as often, of small and of the largest range", () => {
    const counts = [0, 0, 0, 0, 0];
    for (const value of jaxRandom.randint(jaxRandom.key(4), [10_000], -2, 3).dataSync())
      counts[value + 2] = (counts[value + 2] as number) + 1;
    for (const count of counts) expect(Math.abs(count - 2000)).toBeLessThan(250);
    const wide = jaxRandom.randint(jaxRandom.key(4), [1000], -(2 ** 31), 2 ** 31).dataSync();
    // Of the whole range only the lower words count.
    expect([...wide].map((value) => (value + 2 ** 31) >>> 0)).toEqual([...jaxRandom.bits(jaxRandom.foldIn(jaxRandom.key(4), 1), [1000])]);
  });

  test("permutation holds each number once, after one sort or several", () => {
    for (const n of [0, 1, 7, 3000]) {
      const order = [...jaxRandom.permutation(jaxRandom.key(5), n).dataSync()];
      expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i));
      if (n > 100) expect(order.filter((value, i) => value === i).length).toBeLessThan(10);
    }
  });

  test.each([
    ["a seed that is no number", () => jaxRandom.key("0" as never), "TypeError"],
    ["a seed with a fraction", () => jaxRandom.key(0.5), "RangeError"],
    ["a seed of 65 bits", () => jaxRandom.key(2n ** 64n), "RangeError"],
    ["a number for a key", () => jaxRandom.bits(0 as never, [1]), "TypeError"],
    ["a key of three words", () => jaxRandom.bits([0, 0, 0] as never, [1]), "TypeError"],
    ["a key that is no word", () => jaxRandom.foldIn([0, 2 ** 32], 0), "RangeError"],
    ["data below 0", () => jaxRandom.foldIn([0, 0], -1), "RangeError"],
    ["fewer than no keys", () => jaxRandom.split([0, 0], -1), "RangeError"],
    ["a probability above 1", () => jaxRandom.bernoulli([0, 0], 1.5, [1]), "RangeError"],
    ["an unknown option", () => jaxRandom.uniform([0, 0], [1], { low: 1 } as never), "TypeError"],
    ["bounds the wrong way round", () => jaxRandom.randint([0, 0], [1], 3, 3), "RangeError"],
    ["no shape", () => jaxRandom.normal([0, 0], 3 as never), "TypeError"],
  ] as [string, () => unknown, "TypeError" | "RangeError"][])("refuses %s", (_, call, error) => {
    expectRefusal(call, error);
  });
});
