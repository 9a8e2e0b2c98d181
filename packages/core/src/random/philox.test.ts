import { describe, expect, test } from "vitest";
import { readGolden } from "../testing/goldens";
import { philox4x32 } from "./philox";
import { scaleOf, thresholdOf } from "./threshold";

interface PhiloxGolden {
  readonly vectors: readonly { counter: string; key: string; out: string }[];
  readonly thresholds: readonly { p: number; threshold: number; scale: number }[];
}

const golden = readGolden<PhiloxGolden>("philox");
const words = (text: string) => text.split(" ").map((word) => Number.parseInt(word, 16)) as [number, number, number, number];

describe("philox4x32", () => {
  test.each(golden.vectors)("gives Random123's known answer for counter $counter and key $key", ({ counter, key, out }) => {
    const block = new Uint32Array(4);
    const [k0, k1] = words(key);
    philox4x32(k0, k1, ...words(counter), block);
    expect([...block]).toEqual(words(out));
  });

  test("takes signed and unsigned words alike", () => {
    const unsigned = new Uint32Array(4);
    const signed = new Uint32Array(4);
    philox4x32(0xffffffff, 0x80000000, 0xfffffffe, 0x80000001, 0xdeadbeef, 0xffffffff, unsigned);
    philox4x32(-1, 0x80000000 | 0, -2, 0x80000001 | 0, 0xdeadbeef | 0, -1, signed);
    expect(signed).toEqual(unsigned);
  });
});

describe("threshold and scale", () => {
  test.each(golden.thresholds)("are PyTorch's for p = $p", ({ p, threshold, scale }) => {
    expect(thresholdOf(p)).toBe(threshold);
    expect(scaleOf(p)).toBe(scale);
  });

  test("are the smallest word whose uniform is not kept", () => {
    for (let k = 1; k < 500; k++) {
      const p = k / 500;
      const threshold = thresholdOf(p);
      const uniform = (word: number) => Math.fround(Math.fround(word) * 2 ** -32 + 2 ** -33);
      expect(uniform(threshold)).toBeGreaterThanOrEqual(Math.fround(1 - p));
      expect(uniform(threshold - 1)).toBeLessThan(Math.fround(1 - p));
    }
  });
});
