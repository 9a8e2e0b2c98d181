import type { WindowSpec } from "@dropwise/core/backend";
import { afterAll, beforeAll, describe, test } from "vitest";
import { createWebGPUBackend, type WebGPUBackend } from "../src/index";
import { both, data, expectClose, expectSame, noise, sizeOf } from "./support/harness";

let gpu: WebGPUBackend;
beforeAll(async () => {
  gpu = await createWebGPUBackend();
});
afterAll(() => gpu.dispose());

const spec = (kernel: number[], stride: number[], dilation: number[], padding: number[], outSizes: number[], padValue = 0): WindowSpec => ({
  kernel,
  stride,
  dilation,
  padding,
  outSizes,
  padValue,
});

const CASES: readonly (readonly [sizes: number[], WindowSpec])[] = [
  [[7], spec([3], [2], [1], [1], [4])],
  [[5], spec([2], [1], [3], [2], [6], Number.NEGATIVE_INFINITY)],
  [[1], spec([1], [1], [1], [0], [1], Number.NEGATIVE_INFINITY)],
  [[2], spec([3], [3], [1], [0], [1], 7)], // runs over the end
  [[6, 5], spec([3, 2], [1, 2], [1, 1], [1, 0], [6, 2])],
  [[4, 9], spec([1, 3], [2, 3], [1, 2], [0, 3], [2, 4], -1)],
  [[3, 4, 5], spec([2, 2, 3], [1, 2, 1], [2, 1, 1], [1, 0, 2], [3, 2, 7])],
  [[8, 8], spec([2, 2], [2, 2], [1, 1], [0, 0], [4, 4])], // windows that do not overlap
];

describe.each(CASES)("windows of %j by %j", (sizes, windows) => {
  const [n, c] = [2, 3];
  const rows = c * sizeOf(windows.kernel);

  test("are written out to the last bit, and nothing else", async () => {
    const x = data("float32", [n, c, ...sizes], noise(1), { offset: 2, length: n * c * sizeOf(sizes) + 5 });
    const columns = sizeOf(windows.outSizes);
    const out = data("float32", [n, rows, columns], () => 9, { offset: 3, length: n * rows * columns + 8 });
    const [got, expected] = await both(gpu, [x, out], (b, from, to) => b.unfold(windows, from, to));
    expectSame(got, expected);
  });

  test("are summed back, and nothing else", async () => {
    const columns = sizeOf(windows.outSizes);
    const x = data("float32", [n, rows, columns], noise(2), { offset: 1, length: n * rows * columns + 3 });
    const out = data("float32", [n, c, ...sizes], () => 9, { offset: 4, length: n * c * sizeOf(sizes) + 9 });
    const [got, expected] = await both(gpu, [x, out], (b, from, to) => b.fold(windows, from, to));
    expectClose(got, expected, { rtol: 1e-6, atol: 1e-6 });
  });
});

test("a batch of none is left alone", async () => {
  const windows = spec([2], [1], [1], [0], [3]);
  const [got, expected] = await both(gpu, [data("float32", [0, 1, 4], []), data("float32", [0, 2, 3], [])], (b, x, out) =>
    b.unfold(windows, x, out),
  );
  expectSame(got, expected);
});
