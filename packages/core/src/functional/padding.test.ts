import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { functional as F, Generator, gradcheck, gradgradcheck, ones, randn, tensor, zeros } from "../index";
import { expectRefusal } from "../testing/refusal";
import type { PadMode } from "./padding";

const MODES: readonly PadMode[] = ["constant", "reflect", "replicate", "circular"];
const row = (mode: PadMode, pad: readonly number[], values = [1, 2, 3]) => [...F.pad(tensor([values]), { pad, mode }).dataSync()];

describe("pad", () => {
  test.each(MODES)("has gradients of all orders: %s", (mode) => {
    const x = randn([2, 3, 4], { dtype: "float64", requiresGrad: true, generator: new Generator(1) });
    const fn = (t: typeof x) => F.pad(t.mul(t), { pad: [2, 1, -1, 2], mode });
    expect(gradcheck(fn, [x])).toBe(true);
    expect(gradgradcheck(fn, [x])).toBe(true);
  });

  test("puts what each mode says", () => {
    expect(row("constant", [2, 1])).toEqual([0, 0, 1, 2, 3, 0]);
    expect(row("reflect", [2, 2])).toEqual([3, 2, 1, 2, 3, 2, 1]);
    expect(row("replicate", [2, 4])).toEqual([1, 1, 1, 2, 3, 3, 3, 3, 3]);
    expect(row("circular", [2, 3])).toEqual([2, 3, 1, 2, 3, 1, 2, 3]);
  });

  test.each(MODES)("cuts off what is negative, and gives a new tensor for nothing at all: %s", (mode) => {
    expect(row(mode, [-1, -1])).toEqual([2]);
    expect(row(mode, [-2, 1]).slice(0, 1)).toEqual([3]);
    const x = ones([2, 3]);
    const same = F.pad(x, { pad: [0, 0], mode });
    same.dispose();
    expect([...x.dataSync()]).toEqual([1, 1, 1, 1, 1, 1]);
  });

  test("keeps dtypes", () => {
    expect([...F.pad(tensor(new Int32Array([1])), { pad: [1, 0], value: 7 }).dataSync()]).toEqual([7, 1]);
    expect([...F.pad(tensor([true]), { pad: [1, 0], value: 7 }).dataSync()]).toEqual([1, 1]);
    expect(F.pad(tensor([false, true]), { pad: [1, 1], mode: "circular" }).dtype).toBe("bool");
  });

  test("surrounds nothing with a constant, and with nothing else", () => {
    expect([...F.pad(zeros([0]), { pad: [1, 1], value: 2 }).dataSync()]).toEqual([2, 2]);
    expect(F.pad(zeros([0, 3]), { pad: [1, 1], mode: "reflect" }).shape).toEqual([0, 5]);
    for (const mode of ["reflect", "replicate", "circular"] as const) {
      expectRefusal(() => F.pad(zeros([0]), { pad: [1, 0], mode }), "ShapeError", "pad: expected at most 0 places", mode, "[0]");
    }
  });

  test("of a constant is the middle of what it gives, whatever the places", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 2, maxLength: 6 }), (places) => {
        const pad = places.slice(0, places.length - (places.length % 2));
        const x = randn([2, 3, 2], { generator: new Generator(3) });
        const y = F.pad(x, { pad, value: 9 });
        const back = F.pad(y, { pad: pad.map((n) => -n) });
        expect(back.shape).toEqual(x.shape);
        expect([...back.dataSync()]).toEqual([...x.dataSync()]);
        expect([...y.dataSync()].filter((value) => value === 9).length).toBe(y.size - x.size);
      }),
    );
  });

  test("refuses what cannot be filled, and says how much can", () => {
    const x = ones([2, 3]);
    expectRefusal(() => F.pad(x, { pad: [3, 0], mode: "reflect" }), "ShapeError", "pad: expected at most 2 places", "[2, 3]", "got 3");
    expectRefusal(() => F.pad(x, { pad: [0, 4], mode: "circular" }), "ShapeError", "pad: expected at most 3 places", "got 4");
    expectRefusal(() => F.pad(x, { pad: [-2, -2] }), "ShapeError", "pad: expected a pair", "[-2, -2]");
    expectRefusal(() => F.pad(x, { pad: [5, -4] }), "ShapeError", "pad: expected a pair");
    expectRefusal(() => F.pad(x, { pad: [1, 1, 1, 1, 1, 1] }), "ShapeError", "[2, 3]");
    expectRefusal(() => F.pad(x, { pad: [1] }), "RangeError", "pad: expected pairs");
    expectRefusal(() => F.pad(x, { pad: [0.5, 0] }), "RangeError", "pad: expected integers");
    expectRefusal(() => F.pad(x, { pad: 1 as never }), "TypeError", "pad: expected pad to be an array");
    expectRefusal(() => F.pad(x, { pad: [1, 1], mode: "mirror" as never }), "RangeError", "pad: expected mode");
    expectRefusal(() => F.pad(x, { pad: [1, 1], mode: "reflect", value: 0 }), "TypeError", "pad: expected no value");
    expectRefusal(() => F.pad(x.type("int32"), { pad: [1, 1], value: 2 ** 31 }), "RangeError", "pad: expected numbers that fit int32");
  });
});
