import { describe, expect, test } from "vitest";
import { functional as F, Generator, ones } from "../index";
import { sha256Of, streamCases, unpacked } from "../testing/cuda-streams";
import { type AttentionMask, cudnnBits, cudnnTakes, flashBits, flashLargest, flashTakes } from "./attention-bits";

function maskOf({ shape, p, seed }: { shape: number[]; p: number; seed: number }): AttentionMask {
  const [batches, heads, queries, keys] = shape as [number, number, number, number];
  return { heads: batches * heads, queries, keys, p, seed: BigInt(seed), offset: 0n };
}

describe("masks of attention kernels", () => {
  test.each(streamCases("sdpa:flash"))("are flash attention's: $shape, p $p, seed $seed, $dtype", (golden) => {
    const mask = maskOf(golden);
    expect(sha256Of(unpacked(flashBits(mask), golden.n))).toBe(golden.sha256);
    expect(flashTakes(mask)).toBe(BigInt(golden.offset));
  });

  test.each(streamCases("sdpa:cudnn"))("are cuDNN's: $shape, p $p, seed $seed, $dtype", (golden) => {
    const mask = maskOf(golden);
    expect(sha256Of(unpacked(cudnnBits(mask), golden.n))).toBe(golden.sha256);
    expect(cudnnTakes(mask)).toBe(BigInt(golden.offset));
  });

  test("cover edges that fill no tile, each element once: a smaller mask is the corner of a larger one", () => {
    const at = { heads: 1, p: 0.4, seed: 2n ** 63n + 5n, offset: 2n ** 40n };
    const whole = unpacked(flashBits({ ...at, queries: 64, keys: 64 }), 64 * 64);
    const corner = unpacked(flashBits({ ...at, queries: 37, keys: 45 }), 37 * 45);
    expect(corner).toEqual(Uint8Array.from({ length: 37 * 45 }, (_, e) => whole[Math.floor(e / 45) * 64 + (e % 45)] as number));
    // cuDNN counts tiles by columns, so only as many rows of tiles give the same.
    const wholeCudnn = unpacked(cudnnBits({ ...at, queries: 48, keys: 64 }), 48 * 64);
    const cornerCudnn = unpacked(cudnnBits({ ...at, queries: 37, keys: 45 }), 37 * 45);
    expect(cornerCudnn).toEqual(Uint8Array.from({ length: 37 * 45 }, (_, e) => wholeCudnn[Math.floor(e / 45) * 64 + (e % 45)] as number));
  });

  test("take offsets in fours", () => {
    expect(cudnnTakes({ heads: 1, queries: 3, keys: 3 })).toBe(12n);
  });

  test.each([
    [0.0005, 254],
    [0.003, 254],
    [0.004, 253],
    [0.05, 242],
    [0.8, 50],
    [0.999, 0],
  ])("of flash attention round p = %d to bytes of at most %d", (p, largest) => {
    expect(flashLargest(p)).toBe(largest);
  });
});

/** How alike rows i and i + 2 of every eight are: 0 when independent, 1 when equal. */
function likenessOfRows(mask: ArrayLike<number>, rows: number, columns: number, p: number): number {
  let [same, pairs] = [0, 0];
  for (let row = 0; row + 2 < rows; row++) {
    if (row % 8 > 5) continue;
    for (let column = 0; column < columns; column++) {
      same += Number(mask[row * columns + column] === mask[(row + 2) * columns + column]);
      pairs++;
    }
  }
  const byChance = p * p + (1 - p) * (1 - p);
  return (same / pairs - byChance) / (1 - byChance);
}

describe("rows of attention weights", () => {
  const [rows, columns, p] = [256, 256, 0.3];

  test("lose keys independently of each other by Dropwise's own masks", () => {
    const weights = F.dropout(ones([1, rows, columns]), { p, generator: new Generator(1) });
    const mask = Array.from(weights.dataSync(), (weight) => Number(weight !== 0));
    expect(Math.abs(likenessOfRows(mask, rows, columns, p))).toBeLessThan(0.03); // 49,152 pairs: the standard deviation is below 0.006
  });

  test("lose them four at a time in cuDNN's", () => {
    const bits = cudnnBits({ heads: 1, queries: rows, keys: columns, p, seed: 1n, offset: 0n });
    expect(likenessOfRows(unpacked(bits, rows * columns), rows, columns, p)).toBe(1);
  });

  test("lose them independently in flash attention's", () => {
    const bits = flashBits({ heads: 1, queries: rows, keys: columns, p, seed: 1n, offset: 0n });
    const dropped = 1 - (flashLargest(p) + 1) / 256;
    expect(Math.abs(likenessOfRows(unpacked(bits, rows * columns), rows, columns, dropped))).toBeLessThan(0.03);
  });
});
