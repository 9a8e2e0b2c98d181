import { describe, expect, test } from "vitest";
import { functional as F, Generator, nn, ones, rand, randn } from "../index";
import { expectClose } from "../testing/close";
import { expectRefusal } from "../testing/refusal";
import { wordAt } from "../testing/stream";
import { drawIntegers, drawPermutation, drawSymmetric, drawWeighted, drawWeightedOnce } from "./draws";
import { WordReader } from "./words";

const HOST = 2n ** 63n;
const hostWord = (seed: bigint, hostCall: bigint, element: number) => wordAt(seed, HOST | hostCall, BigInt(element));
const mean = (values: ArrayLike<number>) => Array.from(values).reduce((sum, x) => sum + x, 0) / values.length;

describe("rand", () => {
  test("is the top 24 bits of each word, in order, of the next host call", () => {
    const generator = new Generator(7);
    rand([3], { generator });
    const values = rand([2, 5], { generator }).dataSync();
    expect([...values]).toEqual(Array.from({ length: 10 }, (_, i) => (hostWord(7n, 1n, i) >>> 8) * 2 ** -24));
  });

  test("lies in [0, 1) with the mean and variance of a uniform", () => {
    const values = rand([100_000], { generator: new Generator(1) }).dataSync();
    expect(values.every((x) => x >= 0 && x < 1)).toBe(true);
    expect(Math.abs(mean(values) - 0.5)).toBeLessThan(4 * Math.sqrt(1 / 12 / values.length));
    expect(Math.abs(mean(values.map((x) => (x - 0.5) ** 2)) - 1 / 12)).toBeLessThan(0.002);
  });

  test("holds the same numbers in float64, and refuses integers", () => {
    const wide = rand([6], { generator: new Generator(2), dtype: "float64" });
    expect([...wide.dataSync()]).toEqual([...rand([6], { generator: new Generator(2) }).dataSync()]);
    expectRefusal(() => rand([2], { dtype: "int32" }), "TypeError", "rand: expected a float dtype");
  });
});

describe("randn", () => {
  test("is Box-Muller on pairs of words: cosine, then sine", () => {
    const values = randn([5], { generator: new Generator(3), dtype: "float64" }).dataSync();
    const expected = [0, 2, 4].flatMap((at) => {
      const radius = Math.sqrt(-2 * Math.log((hostWord(3n, 0n, at) + 1) * 2 ** -32));
      const angle = 2 * Math.PI * hostWord(3n, 0n, at + 1) * 2 ** -32;
      return [radius * Math.cos(angle), radius * Math.sin(angle)];
    });
    expectClose(values, expected.slice(0, 5), { rtol: 1e-15, atol: 0 });
  });

  test("is rounded once to float32", () => {
    const wide = randn([100], { generator: new Generator(4), dtype: "float64" }).dataSync();
    const single = randn([100], { generator: new Generator(4) }).dataSync();
    expect([...single]).toEqual([...wide].map(Math.fround));
  });

  test("has mean 0 and standard deviation 1, in both halves of each pair, which do not correlate", () => {
    const values = randn([200_000], { generator: new Generator(5) }).dataSync();
    const even = values.filter((_, i) => i % 2 === 0);
    const odd = values.filter((_, i) => i % 2 === 1);
    for (const half of [even, odd]) {
      expect(Math.abs(mean(half))).toBeLessThan(4 / Math.sqrt(half.length));
      expect(Math.abs(mean(half.map((x) => x * x)) - 1)).toBeLessThan(4 * Math.sqrt(2 / half.length));
    }
    expect(Math.abs(mean(even.map((x, i) => x * (odd[i] as number))))).toBeLessThan(4 / Math.sqrt(even.length));
  });
});

describe("drawSymmetric", () => {
  test("is f32(bound * (2 u - 1)), within [-bound, bound)", () => {
    const values = drawSymmetric(new Generator(8), 1000, 0.25);
    expect([...values.slice(0, 4)]).toEqual([0, 1, 2, 3].map((i) => Math.fround(0.25 * (2 * (hostWord(8n, 0n, i) >>> 8) * 2 ** -24 - 1))));
    expect(values.every((x) => x >= -0.25 && x < 0.25)).toBe(true);
  });
});

describe("drawPermutation", () => {
  test.each([0, 1, 2, 3, 10, 1000])("of %i contains each place once", (length) => {
    expect([...drawPermutation(new Generator(1), length)].sort((a, b) => a - b)).toEqual(Array.from({ length }, (_, i) => i));
  });

  test("is Fisher-Yates from the last place down, on words modulo the remaining count", () => {
    const order = [0, 1, 2, 3, 4, 5, 6];
    for (let i = 6, at = 0; i > 0; i--, at++) {
      const j = hostWord(10n, 0n, at) % (i + 1);
      [order[i], order[j]] = [order[j] as number, order[i] as number];
    }
    expect([...drawPermutation(new Generator(10), 7)]).toEqual(order);
  });

  test("gives each of the 24 orders of 4 equally often", () => {
    const generator = new Generator(11);
    const counts = new Map<string, number>();
    const draws = 24_000;
    for (let i = 0; i < draws; i++) {
      const key = drawPermutation(generator, 4).join("");
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    expect(counts.size).toBe(24);
    const chiSquare = [...counts.values()].reduce((sum, n) => sum + (n - draws / 24) ** 2 / (draws / 24), 0);
    expect(chiSquare).toBeLessThan(49.7); // 23 degrees of freedom, 0.1 %
  });
});

describe("WordReader", () => {
  const key = { seedLo: 0x89abcdef, seedHi: 0x01234567, callLo: 3, callHi: 4 };
  const seed = 0x0123456789abcdefn;
  const call = (4n << 32n) | 3n;

  test.each([0, 1, 2, 3, 4, 2 ** 32 - 1, 2 ** 32 + 2, 2 ** 34 - 3, 2 ** 34 + 1, 2 ** 52 + 3])(
    "reads on from element %i without cutting the block number",
    (start) => {
      const reader = new WordReader(key, start);
      for (let i = 0; i < 9; i++) expect(reader.next()).toBe(wordAt(seed, call, BigInt(start) + BigInt(i)));
    },
  );
});

describe("host draws and masks", () => {
  const maskOf = (generator: Generator) => F.dropout(ones([64]), { p: 0.5, generator }).dataSync();

  test("do not move each other", () => {
    const plain = new Generator(21);
    const expected = [maskOf(plain), maskOf(plain)];
    const mixed = new Generator(21);
    const first = rand([3], { generator: mixed }).dataSync();
    new nn.Linear(5, 4, { generator: mixed });
    expect(maskOf(mixed)).toEqual(expected[0]);
    randn([7], { generator: mixed });
    expect(maskOf(mixed)).toEqual(expected[1]);
    const after = new Generator(21);
    for (let i = 0; i < 5; i++) maskOf(after);
    expect(rand([3], { generator: after }).dataSync()).toEqual(first);
  });

  test("take one call each, whatever the size", () => {
    const generator = new Generator(0);
    const hostCalls = () => new DataView(generator.getState().buffer).getBigUint64(16, true);
    rand([1000], { generator });
    randn([0], { generator });
    drawPermutation(generator, 5);
    expect(hostCalls()).toBe(3n);
    new nn.Linear(2, 3, { generator });
    expect(hostCalls()).toBe(5n);
    new nn.Linear(2, 3, { generator, bias: false });
    expect(hostCalls()).toBe(6n);
    expect(generator.call).toBe(0n);
  });
});

describe("drawIntegers", () => {
  test("is each word modulo the range, of one host call", () => {
    expect([...drawIntegers(new Generator(3), 1000, 6)]).toEqual([0, 1, 2, 3, 4, 5].map((i) => hostWord(3n, 0n, i) % 1000));
  });

  test("passes words over that would make small numbers likelier", () => {
    const range = 3 * 2 ** 29; // a third of the words are too many
    const words = Array.from({ length: 40 }, (_, i) => hostWord(4n, 0n, i)).filter((word) => word < 2 * range);
    expect([...drawIntegers(new Generator(4), range, 20)]).toEqual(words.slice(0, 20).map((word) => word % range));
  });
});

describe("drawWeighted", () => {
  test("is the first place whose running sum is above the word's part of the whole", () => {
    const weights = Float64Array.of(0, 2, 0, 1, 5, 0);
    const expected = [0, 1, 2, 3, 4, 5, 6, 7].map((i) => {
      const wanted = hostWord(5n, 0n, i) * 2 ** -32 * 8;
      return wanted < 2 ? 1 : wanted < 3 ? 3 : 4;
    });
    expect([...drawWeighted(new Generator(5), weights, 8)]).toEqual(expected);
  });

  test("without a place twice is the order of the words' logarithms over the weights", () => {
    const weights = Float64Array.of(1, 4, 0, 2);
    const times = [...weights].map((weight, i) => -Math.log((hostWord(6n, 0n, i) + 0.5) * 2 ** -32) / weight);
    const expected = [0, 1, 3].sort((a, b) => (times[a] as number) - (times[b] as number));
    expect([...drawWeightedOnce(new Generator(6), weights, 3)]).toEqual(expected);
    expect([...drawWeightedOnce(new Generator(6), weights, 2)]).toEqual(expected.slice(0, 2));
  });
});
