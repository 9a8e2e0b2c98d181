import { describe, expect, test } from "vitest";
import { Mt19937 } from "./mt19937";
import { drawBits, drawModulo, drawOrder, drawPlaces, drawUniform, uniform53 } from "./torch-draws";

const bitOf = (bits: Uint8Array, i: number) => ((bits[i >> 3] as number) >> (i & 7)) & 1;

describe("draws from the words of MT19937", () => {
  test.each([0, 2 ** -60, 0.25, 0.5, 0.7, 1 - 2 ** -53, 1])("bits are 1 where 53 bits are below %d, in chunks of any length", (q) => {
    const [one, other] = [new Mt19937(5n), new Mt19937(5n)];
    const bits = drawBits(one, 2500, q);
    for (let i = 0; i < 2500; i++) expect(bitOf(bits, i)).toBe(Number(uniform53(other) < q));
    expect(one.getState()).toEqual(other.getState());
  });

  test("the bit of a number that equals the probability is 0", () => {
    for (const seed of [1n, 2n, 3n]) {
      const q = uniform53(new Mt19937(seed));
      expect(drawBits(new Mt19937(seed), 1, q)[0]).toBe(0);
      expect(drawBits(new Mt19937(seed), 1, q + 2 ** -53)[0]).toBe(1);
    }
  });

  test("uniform numbers are rounded once, as by a fused multiplication and addition", () => {
    const [from, to] = [Math.fround(-0.3), Math.fround(0.9)];
    const width = Math.fround(to - from);
    const u = drawUniform(new Mt19937(4n), 3000, 0, 1, "float32");
    const drawn = drawUniform(new Mt19937(4n), 3000, from, to, "float32");
    // In integers, of 2^-80 each.
    const big = (x: number) => BigInt(x * 2 ** 40);
    let onlyOnce = 0;
    for (const [i, value] of drawn.entries()) {
      const [here, exact] = [u[i] as number, big(u[i] as number) * big(width) + big(from) * 2n ** 40n];
      const distance = (x: number) => {
        const off = big(x) * 2n ** 40n - exact;
        return off < 0n ? -off : off;
      };
      const ulp = 2 ** (Math.floor(Math.log2(Math.abs(value))) - 23);
      expect(distance(value) * 2n <= big(ulp) * 2n ** 40n).toBe(true);
      onlyOnce += Number(value !== Math.fround(Math.fround(here * width) + from));
    }
    // Rounding twice would differ that often.
    expect(onlyOnce).toBeGreaterThan(100);
  });

  test("integers of wide ranges are 64 bits modulo the range", () => {
    const [one, other] = [new Mt19937(6n), new Mt19937(6n)];
    for (const range of [2 ** 28, 2 ** 28 + 3, 2 ** 31 - 1, 2 ** 32 - 5, 2 ** 32]) {
      for (const got of drawModulo(one, 50, range)) {
        const wide = (BigInt(other.random()) << 32n) | BigInt(other.random());
        expect(got >>> 0).toBe(Number(wide % BigInt(range)));
      }
    }
  });

  test("orders have every place once", () => {
    const order = drawOrder(new Mt19937(6n), 1000);
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, i) => i));
  });

  test("places of weight 0 are not drawn", () => {
    const weights = Float64Array.of(0, 1, 0, 3, 0);
    const drawn = drawPlaces(new Mt19937(6n), weights, 200, true);
    expect(new Set(drawn)).toEqual(new Set([1, 3]));
    expect([...drawPlaces(new Mt19937(6n), weights, 2, false)].sort()).toEqual([1, 3]);
  });
});
