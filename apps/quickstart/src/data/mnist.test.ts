import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { mnistSource } from "./mnist";

/** Pixels of one image: 2 x 2. */
const PIXELS = 4;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "dropwise-mnist-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const u32 = (n: number): number[] => [n >>> 24, (n >>> 16) & 255, (n >>> 8) & 255, n & 255];

/** Writes images whose pixels all equal ten times their label, which is the image's number mod 10. */
function writePart(part: string, count: number, { zip = false, dot = false, labels = count } = {}): void {
  const images = Buffer.from([
    0,
    0,
    8,
    3,
    ...u32(count),
    ...u32(2),
    ...u32(2),
    ...Array.from({ length: count * PIXELS }, (_, i) => 10 * (Math.floor(i / PIXELS) % 10)),
  ]);
  const classes = Buffer.from([0, 0, 8, 1, ...u32(labels), ...Array.from({ length: labels }, (_, i) => i % 10)]);
  const name = (base: string): string => join(folder, `${dot ? base.replace("-idx", ".idx") : base}${zip ? ".gz" : ""}`);
  writeFileSync(name(`${part}-images-idx3-ubyte`), zip ? gzipSync(images) : images);
  writeFileSync(name(`${part}-labels-idx1-ubyte`), zip ? gzipSync(classes) : classes);
}

describe("mnistSource", () => {
  it("scales pixels to [0, 1] and asks whether the label is odd", () => {
    writePart("train", 40);
    writePart("t10k", 20);
    const source = mnistSource(folder);
    const { train, test } = source.split(1n, { train: 30, test: 100 });
    expect([source.features, train.count, test.count]).toEqual([PIXELS, 30, 20]);
    train.targets.forEach((target, row) => {
      const label = Math.round(((train.inputs[row * PIXELS] as number) * 255) / 10);
      expect(target).toBe(label % 2);
    });
  });

  it("reads gzip and the names with a dot alike", () => {
    writePart("train", 40, { zip: true });
    writePart("t10k", 20, { dot: true });
    const packed = mnistSource(folder).split(1n, { train: 30, test: 10 });
    rmSync(folder, { recursive: true });
    folder = mkdtempSync(join(tmpdir(), "dropwise-mnist-"));
    writePart("train", 40);
    writePart("t10k", 20);
    expect(mnistSource(folder).split(1n, { train: 30, test: 10 })).toEqual(packed);
  });

  it("says which file or folder is missing or does not fit", () => {
    expect(() => mnistSource(join(folder, "none"))).toThrow(/none: no such folder/);
    writePart("train", 40);
    expect(() => mnistSource(folder)).toThrow(/expected a file t10k-images-idx3-ubyte or t10k-images-idx3-ubyte\.gz/);
    expect(() => mnistSource(join(folder, "train-images-idx3-ubyte"))).toThrow(/expected a folder/);
    writePart("t10k", 20, { labels: 19 });
    expect(() => mnistSource(folder)).toThrow(/a label for each of 20 t10k images, got 19/);
  });
});
