import { describe, expect, test } from "vitest";
import { bernoulli, functional as F, Generator, nn, normal, ones, rand, randint, randperm, shard, type Tensor, tensor } from "../index";
import { drawWeighted } from "../random/draws";
import { sha256Of, streamCases } from "../testing/cuda-streams";
import { expectRefusal } from "../testing/refusal";
import { jax, jaxFork } from "./jax";
import * as jaxRandom from "./jax-random";

const under = (seed: number | bigint) => new Generator(seed, { stream: jax });
const kept = (x: Tensor) => Array.from(x.dataSync(), (value) => Number(value > 0));

describe("masks under jax", () => {
  test.each(streamCases("flax nnx dropout"))("are those of $name: seed $seed, call $call", ({ seed, call, p, n, sha256 }) => {
    const generator = under(seed);
    for (let k = 0; k < call; k++) F.dropout(ones([5]), { generator });
    expect(sha256Of(kept(F.dropout(ones([n]), { p, generator })))).toBe(sha256);
    expect(generator.call).toBe(BigInt(call + 1));
  });

  test("are jax.random.bernoulli's of the call's key, also of shared channels, in place and float64", () => {
    const key = (call: number) => jaxRandom.foldIn(jaxRandom.foldIn(jaxRandom.key(7), 0), call);
    const expected = (call: number, shape: number[]) => Array.from(jaxRandom.bernoulli(key(call), 0.75, shape).dataSync());
    const generator = under(7);
    expect(kept(F.dropout(ones([6, 5]), { p: 0.25, generator, inplace: true }))).toEqual(expected(0, [6, 5]));
    expect(kept(F.dropout2d(ones([6, 5, 1, 1]), { p: 0.25, generator }))).toEqual(expected(1, [6, 5, 1, 1]));
    expect(kept(F.dropout(ones([6, 5], { dtype: "float64" }), { p: 0.25, generator }))).toEqual(expected(2, [6, 5]));
    expect(kept(F.dropout(ones([5, 6]).transpose(0, 1), { p: 0.25, generator }))).toEqual(expected(3, [6, 5]));
  });

  test("are the whole batch's in every part of it, and from every element on", () => {
    const whole = kept(F.dropout(ones([10, 3]), { p: 0.5, generator: under(1) }));
    const part = shard({ index: 1, count: 2, start: 4, total: 10, rows: 6 }, () =>
      kept(F.dropout(ones([6, 3]), { p: 0.5, generator: under(1) })),
    );
    expect(part).toEqual(whole.slice(12));
    expect(kept(F.dropout(ones([7]), { p: 0.5, generator: under(1), elementOffset: 11 }))).toEqual(whole.slice(11, 18));
    // With the batch behind another dimension a part has gaps.
    const columns = shard({ index: 0, count: 2, start: 0, total: 3, rows: 1 }, () =>
      kept(F.dropout(ones([1, 10]), { p: 0.5, generator: under(1) })),
    );
    expect(columns.length).toBe(10);
  });

  test("are the same in the gradient and in lastMask", () => {
    const layer = new nn.Dropout({ p: 0.5, generator: under(2) });
    const x = ones([64], { requiresGrad: true });
    const y = layer.forward(x);
    y.sum().backward();
    expect(kept(x.grad as Tensor)).toEqual(kept(y));
    expect(Array.from((layer.lastMask() as Tensor).dataSync())).toEqual(kept(y));
  });

  test("of a layer that took a later key are of that fork", () => {
    const generator = new Generator(7, { stream: jaxFork(3) });
    const key = jaxRandom.foldIn(jaxRandom.foldIn(jaxRandom.key(7), 3), 0);
    expect(kept(F.dropout(ones([40]), { p: 0.5, generator }))).toEqual(Array.from(jaxRandom.bernoulli(key, 0.5, [40]).dataSync()));
  });
});

describe("numbers under jax", () => {
  test("that are drawn on the host use a key for each draw, and move no mask", () => {
    const key = (call: number) => jaxRandom.foldIn(jaxRandom.foldIn(jaxRandom.key(5), 2 ** 32 - 1), call);
    const generator = under(5);
    const mask = kept(F.dropout(ones([32]), { generator: generator.clone() }));
    expect(rand([6], { generator }).dataSync()).toEqual(jaxRandom.uniform(key(0), [6]).dataSync());
    expect(normal(0, 1, [6], { generator }).dataSync()).toEqual(jaxRandom.normal(key(1), [6]).dataSync());
    expect(randint(-3, 9, [6], { generator }).dataSync()).toEqual(jaxRandom.randint(key(2), [6], -3, 9).dataSync());
    expect(randperm(6, { generator }).dataSync()).toEqual(jaxRandom.permutation(key(3), 6).dataSync());
    expect([...bernoulli(tensor([0.5, 0.5, 0.5, 0.5]), { generator }).dataSync()]).toEqual(
      [...jaxRandom.bernoulli(key(4), 0.5, [4]).dataSync()].map(Number),
    );
    expect(kept(F.dropout(ones([32]), { generator }))).toEqual(mask);
  });

  test("initial weights are its uniform ones in PyTorch's bounds", () => {
    const layer = new nn.Linear(100, 30, { generator: under(5) } as never);
    expect(layer.weight.abs().amax().itemSync()).toBeLessThanOrEqual(0.1);
  });
});

describe("a generator under jax", () => {
  test("has a state of 24 bytes that restores masks and numbers", () => {
    const generator = under(2n ** 40n + 3n);
    F.dropout(ones([4]), { generator });
    rand([4], { generator });
    const state = generator.getState();
    expect([...new BigUint64Array(state.slice().buffer)]).toEqual([2n ** 40n + 3n, 1n, 1n]);
    const next = () => [kept(F.dropout(ones([64]), { generator })), [...rand([4], { generator }).dataSync()]];
    const expected = next();
    generator.setState(state);
    expect(next()).toEqual(expected);
  });

  test("has the masks of the seed's low 32 bits, as JAX without 64-bit types", () => {
    const mask = (seed: number | bigint) => kept(F.dropout(ones([64]), { generator: under(seed) }));
    expect(mask(2n ** 32n + 9n)).toEqual(mask(9));
  });

  test.each([
    ["weighted draws", () => drawWeighted(under(0), new Float64Array([1, 2]), 1), "UnsupportedOpError"],
    ["a state of another length", () => under(0).setState(new Uint8Array(16)), "RangeError"],
    ["more calls than keys", () => under(0).setState(new Uint8Array(24).fill(255)), "RangeError"],
    ["a fork below 0", () => jaxFork(-1), "RangeError"],
    ["the host's fork", () => jaxFork(2 ** 32 - 1), "RangeError"],
    ["a fork that is no number", () => jaxFork("1" as never), "TypeError"],
  ] as [string, () => unknown, string][])("refuses %s", (_, call, error) => {
    expectRefusal(call, error);
  });

  test("refuses a mask when its calls are used up", () => {
    const generator = under(0).setState(new Uint8Array(new BigUint64Array([0n, 2n ** 32n, 0n]).buffer));
    expectRefusal(() => F.dropout(ones([4]), { generator }), "RangeError", "none left");
    expect(rand([1], { generator }).size).toBe(1);
  });
});
