/** Tensors larger than one binding: every kernel again, on bindings so small that its operands take several. */
import { type DropoutSpec, scaleOf, thresholdOf } from "@dropwise/core/backend";
import { afterAll, beforeAll, expect, test } from "vitest";
import { open, type WebGPUBackend } from "../src/create";
import { both, data, expectClose, expectSame, noise, place } from "./support/harness";

/** 128 floats. */
const WINDOW_BYTES = 512;

let gpu: WebGPUBackend;
beforeAll(async () => {
  gpu = (await open({}, WINDOW_BYTES)).backend;
});
afterAll(() => gpu.dispose());

const x = data("float32", [18, 20], noise(1));
const y = data("float32", [18, 20], noise(2));
const zeros = data("float32", [18, 20], () => 0);

test("elementwise kernels, in place and not", async () => {
  const cases = [
    await both(gpu, [x, zeros], (b, a, o) => b.unary("abs", a, o)),
    await both(gpu, [x], (b, a) => b.unary("neg", a, a)),
    await both(gpu, [x, y], (b, a, o) => b.binary("sub", a, o, o)),
    await both(gpu, [data("float32", [18, 20], noise(3), { strides: [1, 18] }), zeros], (b, a, o) => b.binary("mul", a, 3, o)),
    await both(gpu, [data("bool", [18, 20], (i) => i % 2), x, zeros], (b, c, a, o) => b.where(c, a, 2, o)),
    await both(gpu, [zeros], (b, o) => b.fill(o, 3)),
    await both(gpu, [x, data("int32", [18, 20], () => 5)], (b, a, o) =>
      b.copy({ ...a, shape: [20, 18], strides: [1, 20] }, { ...o, shape: [20, 18], strides: [18, 1] }),
    ),
  ];
  for (const [got, expected] of cases) expectSame(got, expected);
});

test("reductions, softmax and products of matrices", async () => {
  const cases = [
    await both(gpu, [x, data("float32", [18], () => 0)], (b, a, o) => b.reduce("sum", a, o, 18, 20, 1)),
    await both(gpu, [x, data("float32", [1], () => 0)], (b, a, o) => b.reduce("sum", a, o, 1, 360, 1)),
    await both(gpu, [x, data("int32", [20], () => 0)], (b, a, o) => b.reduce("argmax", a, o, 1, 18, 20)),
    await both(gpu, [x], (b, a) => b.softmax(true, a, a, 18, 20, 1)),
    await both(gpu, [x, y, zeros], (b, a, g, o) => b.softmaxGrad(false, a, g, o, 18, 20, 1)),
    await both(gpu, [x, data("float32", [20, 17], noise(4)), data("float32", [18, 17], () => 0)], (b, p, q, o) => b.matmul(p, q, o)),
  ];
  for (const [got, expected] of cases) expectClose(got, expected, { rtol: 1e-5, atol: 2e-6 });
});

test("gather, scatterAdd and optimizers", async () => {
  const index = data("int32", [2, 60, 3], (i) => (i * 7) % 60);
  const table = data("float32", [2, 60, 3], noise(5));
  const sgd = { kind: "sgd", lr: 0.1, momentum: 0.9, dampening: 0, weightDecay: 0.01, nesterov: true, first: false } as const;
  const cases = [
    await both(gpu, [table, index, data("float32", [2, 60, 3], () => 0)], (b, a, i, o) => b.gather(a, i, o)),
    await both(gpu, [index, table, data("float32", [2, 60, 3], () => 1)], (b, i, a, o) => b.scatterAdd(i, a, o)),
    await both(gpu, [x, y, data("float32", [18, 20], noise(6))], (b, momentum, grad, param) =>
      b.optimizerStep([{ spec: sgd, param, grad, state: [momentum] }]),
    ),
  ];
  for (const [got, expected] of cases) expectClose(got, expected, { rtol: 1e-5, atol: 1e-6 });
});

test("windows of images, and their sums", async () => {
  const spec = { kernel: [3, 2], stride: [2, 1], dilation: [1, 2], padding: [1, 0], outSizes: [5, 8], padValue: Number.NEGATIVE_INFINITY };
  const images = data("float32", [2, 1, 9, 10], noise(7));
  const columns = data("float32", [2, 6, 40], noise(8));
  const [got, expected] = await both(gpu, [images, columns], (b, from, to) => b.unfold(spec, from, to));
  expectSame(got, expected);
  const [sums, expectedSums] = await both(gpu, [columns, images], (b, from, to) => b.fold(spec, from, to));
  expectClose(sums, expectedSums, { rtol: 1e-6, atol: 1e-6 });
});

test("dropout in all its forms, bit for bit", async () => {
  const plain: DropoutSpec = {
    ...{
      seedLo: 1,
      seedHi: 2,
      callLo: 3,
      callHi: 4,
      elementOffset: 0,
      threshold: thresholdOf(0.4),
      keepScale: scaleOf(0.4),
      keepShift: 0,
      dropValue: 0,
    },
    shape: [360],
    maskStrides: [1],
  };
  for (const change of [{}, { elementOffset: 3 }, { shape: [18, 20], maskStrides: [1, 0] }]) {
    const spec = { ...plain, ...change };
    const [got, expected] = await both(gpu, [x, zeros], (b, a, o) => b.dropout(spec, a, o));
    expectSame(got, expected);
    const [inPlace] = await both(gpu, [x], (b, a) => b.dropout(spec, a, a));
    expectSame(inPlace, expected);
  }
});

test("more pieces than a kernel may have are refused by name, before anything is recorded", () => {
  const huge = place(
    gpu,
    data("float32", [3000], () => 1),
  );
  const { dispatches } = gpu.stats();
  expect(() => gpu.unary("exp", huge, huge)).toThrow(expect.objectContaining({ name: "OutOfMemoryError", bytes: 12_000 }));
  expect(gpu.stats().dispatches).toBe(dispatches);
});

test("a kernel that is refused on its way gives its scratch memory back", () => {
  const huge = place(
    gpu,
    data("float32", [3000], () => 1),
  );
  const attempt = () =>
    expect(() => gpu.softmax?.(true, huge, huge, 1, 3000, 1)).toThrow(expect.objectContaining({ name: "OutOfMemoryError" }));
  attempt();
  const { buffers } = gpu.stats();
  for (let i = 0; i < 5; i++) attempt();
  expect(gpu.stats().buffers).toBe(buffers);
});
