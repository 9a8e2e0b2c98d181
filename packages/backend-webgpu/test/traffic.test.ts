/** What each op may move between memory and the device: how often each element is read and written. On a driver in software time says nothing; this is what is held. */
import { functional as F, nn, optim, rand, type Tensor, tidy } from "@dropwise/core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createWebGPUBackend, type WebGPUBackend } from "../src/index";
import { countTraffic, type Traffic } from "./support/traffic";

let gpu: WebGPUBackend;
let traffic: (fn: () => unknown) => Promise<Traffic>;
beforeAll(async () => {
  gpu = await createWebGPUBackend();
  const count = countTraffic(gpu);
  traffic = (fn) =>
    count(() =>
      tidy(() => {
        fn();
      }),
    );
});
afterAll(() => gpu.dispose());

const random = (...shape: number[]): Tensor => rand(shape, { backend: gpu, requiresGrad: true });

/** Rows and columns of the operands. */
const [R, C] = [64, 96];
const N = R * C;

describe("elements read and written by", () => {
  interface Operands {
    readonly x: Tensor;
    readonly y: Tensor;
    readonly row: Tensor;
    readonly tall: Tensor;
  }
  let o: Operands;
  beforeAll(() => {
    o = { x: random(R, C), y: random(R, C), row: random(C), tall: random(2048, 4) };
  });

  test.each<[string, number, number, () => unknown]>([
    ["relu", N, N, () => F.relu(o.x)],
    ["gelu", N, N, () => F.gelu(o.x)],
    ["a sum of two", 2 * N, N, () => o.x.add(o.y)],
    ["a sum with a row", 2 * N, N, () => o.x.add(o.row)],
    ["a sum with a number", N, N, () => o.x.add(1)],
    ["dropout", N, N, () => F.dropout(o.x)],
    ["a transposed copy", N, N, () => o.x.transpose(0, 1).contiguous()],
    ["a sum of rows", N, R, () => o.x.sum({ dim: 1 })],
    ["a sum of columns", N, C, () => o.x.sum({ dim: 0 })],
    ["a mean of all", N, 1, () => o.x.sum()],
    ["the largest of rows", N, R, () => o.x.amax({ dim: 1 })],
    ["softmax of rows", N, N, () => F.softmax(o.x, { dim: 1 })],
    ["softmax of columns", N, N, () => F.softmax(o.x, { dim: 0 })],
    ["softmax of rows of 2,048", 8192, 8192, () => F.softmax(o.tall.reshape([4, 2048]), { dim: 1 })],
    ["logSoftmax of rows", N, N, () => F.logSoftmax(o.x, { dim: 1 })],
    [
      "layerNorm, whose two numbers of a row are read with each vector",
      2 * N + N / 2,
      N + 2 * R,
      () => F.layerNorm(o.x, { normalizedShape: [C] }),
    ],
  ])("%s: %i, %i", async (_, read, written, fn) => {
    expect(await traffic(fn)).toEqual({ read, written });
  });
});

describe("elements read and written for the gradients by", () => {
  /** Of the second pass alone. */
  async function gradients(forward: () => Tensor): Promise<Traffic> {
    const seed = tidy(() => {
      const y = forward();
      return rand([...y.shape], { backend: gpu });
    });
    const [one, both] = [await traffic(forward), await traffic(() => forward().backward(seed))];
    seed.dispose();
    return { read: both.read - one.read, written: both.written - one.written };
  }

  test.each<[string, number, number, (x: Tensor) => Tensor]>([
    ["relu", 2 * N, N, (x) => F.relu(x)],
    ["dropout, whose mask is drawn anew", N, N, (x) => F.dropout(x)],
    ["softmax of rows", 2 * N, N, (x) => F.softmax(x, { dim: 1 })],
    ["softmax of columns", 2 * N, N, (x) => F.softmax(x, { dim: 0 })],
    ["gelu", 2 * N, N, (x) => F.gelu(x)],
  ])("%s: %i, %i", async (_, read, written, fn) => {
    const x = random(R, C);
    expect(await gradients(() => fn(x))).toEqual({ read, written });
    x.dispose();
  });
});

describe("elements read and written by larger pieces", () => {
  test("a step of Adam reads and writes each number once", async () => {
    const params = [new nn.Parameter(rand([N], { backend: gpu })), new nn.Parameter(rand([C], { backend: gpu }))];
    for (const param of params) param.grad = rand([...param.shape], { backend: gpu });
    const optimizer = new optim.Adam(params);
    optimizer.step();
    expect(await traffic(() => optimizer.step())).toEqual({ read: 4 * (N + C), written: 3 * (N + C) });
  });

  test("a product reads its operands once for each tile of 64, and the two parts of a long one once", async () => {
    const [a, b] = [random(256, 256), random(256, 256)] as const;
    const [size, inTiles] = [256 ** 2, (2 * 256 ** 3) / 64];
    expect(await traffic(() => a.matmul(b))).toEqual({ read: inTiles + 2 * size, written: 3 * size });
    for (const x of [a, b]) x.dispose();
  });

  test("attention reads keys and values once for each tile of 32 queries, and writes its results and two numbers a row alone", async () => {
    const [heads, length, d] = [2, 128, 32];
    const [q, k, v] = [random(1, heads, length, d), random(1, heads, length, d), random(1, heads, length, d)] as const;
    const { read, written } = await traffic(() => F.scaledDotProductAttention(q, k, v, { dropoutP: 0.2 }));
    const tiles = length / 32;
    // The queries once more for each tile of keys.
    expect(read).toBe(3 * tiles * q.size);
    expect(written).toBe(q.size + 2 * heads * length);
    for (const x of [q, k, v]) x.dispose();
  });

  test("a convolution reads each pixel once for each place of its window, and writes nothing but its result", async () => {
    const [x, weight] = [random(4, 8, 16, 16), random(16, 8, 3, 3)] as const;
    const { read, written } = await traffic(() => F.conv2d(x, weight, { padding: 1 }));
    const tiles = (4 * 16 * 16) / 64;
    expect(read).toBeLessThanOrEqual(9 * x.size + tiles * weight.size);
    expect(written).toBe(4 * 16 * 16 * 16);
    for (const each of [x, weight]) each.dispose();
  });

  test("pooling reads each pixel once, and batchNorm twice", async () => {
    const x = random(4, 8, 16, 16);
    expect(await traffic(() => F.maxPool2d(x, { kernelSize: 2 }))).toMatchObject({ read: x.size, written: x.size / 4 });
    const layer = await new nn.BatchNorm2d(8).to(gpu);
    const { read, written } = await traffic(() => layer.forward(x));
    // The four numbers of a channel with each vector, and running statistics.
    expect(read - 2 * x.size - (4 * x.size) / 4).toBeLessThan(20 * 8);
    expect(written - x.size).toBeLessThan(20 * 8);
    x.dispose();
  });
});
