import { type DropoutSpec, layoutOf, type MaskLayout, scaleOf, thresholdOf } from "@dropwise/core/backend";
import { afterAll, beforeAll, describe, test } from "vitest";
import { createWebGPUBackend, type WebGPUBackend } from "../src/index";
import { both, data, expectSame, noise, sizeOf } from "./support/harness";

let gpu: WebGPUBackend;
beforeAll(async () => {
  gpu = await createWebGPUBackend();
});
afterAll(() => gpu.dispose());

type Kind = [kind: MaskLayout["kind"], width: MaskLayout["width"]];

const KINDS: Kind[] = [
  ["packed", 2],
  ["packed", 4],
  ["packed", 8],
  ["spread", 4],
  ["wide", 2],
  ["flat", 1],
  ["flat", 4],
];

/** Wide words are compared in both halves, and the others are turned before they are compared. */
function spec([kind, width]: Kind, threads: number, shape: readonly number[], change: Partial<DropoutSpec> = {}): DropoutSpec {
  const turned = kind === "wide" ? { thresholdHi: 0x12_3456 } : { shift: 1, low: 0x3456_789a };
  return {
    seedLo: 0xdeadbeef,
    seedHi: 0x01234567,
    callLo: 0xffff_fffe,
    callHi: 3,
    elementOffset: 0,
    threshold: thresholdOf(0.4),
    keepScale: scaleOf(0.4),
    keepShift: 0,
    dropValue: 0,
    shape,
    maskStrides: [1],
    layout: layoutOf({ kind, width, threads, ...turned }),
    ...change,
  };
}

/** Draws on the backend and by the definition: out of place, in place, and from one value for all. */
async function expectDefined(of: DropoutSpec, offsets: readonly [x: number, out: number] = [0, 0]): Promise<void> {
  const n = sizeOf(of.shape);
  const [offset, outOffset] = offsets;
  const x = data("float32", [n], noise(1), { offset, length: n + 12 });
  const out = data("float32", [n], () => 5, { offset: outOffset, length: n + 12 });
  const [got, expected] = await both(gpu, [x, out], (b, a, o) => b.dropout(of, a, o));
  expectSame(got, expected);
  const [inPlace, expectedInPlace] = await both(gpu, [x], (b, a) => b.dropout(of, a, a));
  expectSame(inPlace, expectedInPlace);
  const one = data("float32", [n], [2, 3], { strides: [0], offset: 1 });
  const [repeated, expectedRepeated] = await both(gpu, [one, out], (b, a, o) => b.dropout(of, a, o));
  expectSame(repeated, expectedRepeated);
}

describe.each(KINDS)("%s masks of width %i are those of the definition", (...kind) => {
  test.each([1, 3, 8, 100, 2 ** 29])("for %i threads, from one element to many turns", async (threads) => {
    for (const n of [1, 3, 4, 5, 7, 8, 9, 31, 99, 101, 400, 801, 1777]) await expectDefined(spec(kind, threads, [n]));
  });

  test("for every residue of the element offset and of the data's own offsets, neighbours untouched", async () => {
    for (let residue = 0; residue < 8; residue++) {
      for (let offset = 0; offset < 4; offset++) {
        await expectDefined(spec(kind, 20, [137], { elementOffset: 400 + residue }), [offset, (offset * 3) % 4]);
      }
    }
  });

  test("for indices that pass 2^32 and reach 2^53, and as many threads as there may be", async () => {
    for (const elementOffset of [2 ** 31 - 16, 2 ** 32 - 8, 2 ** 32 - 7, 2 ** 34 - 5, 2 ** 36 - 1, 2 ** 40 + 1, 2 ** 53 - 64]) {
      for (const threads of [1, 5, 2 ** 29 - 1, 2 ** 29]) {
        await expectDefined(spec(kind, threads, [60], { elementOffset }));
        await expectDefined(spec(kind, threads, [6, 10], { elementOffset, maskStrides: [1, 0] }));
      }
    }
  });

  test.each([
    ["channels", [6, 10], [1, 0]],
    ["a column repeated", [6, 10], [0, 1]],
    ["one mask element for all", [60], [0]],
    ["every third element", [60], [3]],
    ["other order", [7, 9], [1, 7]],
    ["rows of a larger mask", [7, 9], [1000, 1]],
    ["every other dimension", [2, 3, 2, 5, 3], [15, 0, 5, 0, 1]],
  ] as const)("for a mask that is broadcast: %s", async (_name, shape, maskStrides) => {
    for (const elementOffset of [0, 6, 2 ** 32 - 40]) {
      for (const threads of [4, 50]) await expectDefined(spec(kind, threads, shape, { maskStrides, elementOffset }), [3, 2]);
    }
  });

  test("for elements of a mask that lie further apart than 2^32", async () => {
    for (const [shape, maskStrides] of [
      [
        [3, 5],
        [2 ** 33 + 1, 1],
      ],
      [
        [1, 2, 3, 4],
        [7, 1, 2 ** 31, 2],
      ],
      [[9], [2 ** 31 - 1]],
    ] as const) {
      await expectDefined(spec(kind, 1000, shape, { maskStrides, elementOffset: 9 }), [1, 1]);
    }
  });

  test("at the ends of what words are compared with", async () => {
    for (const [threshold, thresholdHi, shift, low] of [
      [0, 0, 0, 0],
      [1, 0, 1, 1],
      [0x8000_0000, 2 ** 21 - 1, 0, 0xffff_ffff],
      [0xffff_ffff, 1, 1, 0x8000_0000],
      [0, 2 ** 21, 0, 0],
    ] as const) {
      const [name, width] = kind;
      const layout = layoutOf({ kind: name, width, threads: 16, thresholdHi, shift, low });
      await expectDefined(spec(kind, 16, [100], { layout, threshold, keepShift: 0.25, dropValue: -1.5, keepScale: Math.fround(0.87) }));
    }
  });
});
