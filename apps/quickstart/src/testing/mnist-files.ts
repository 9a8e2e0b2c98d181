import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

/** Pictures are so many pixels high and wide. */
const SIZE = 2;

/**
 * Writes the two files of a part of a set in MNIST's format: pictures of 2 x 2 pixels, all ten times the label, which is the picture's
 * number mod 10.
 */
export function writeMnistPart(
  folder: string,
  part: "train" | "t10k",
  count: number,
  { zip = false, dot = false, labels = count, width = SIZE } = {},
): void {
  const pixels = Array.from({ length: count * SIZE * width }, (_, i) => 10 * (Math.floor(i / (SIZE * width)) % 10));
  const images = Buffer.from([0, 0, 8, 3, ...u32(count), ...u32(SIZE), ...u32(width), ...pixels]);
  const classes = Buffer.from([0, 0, 8, 1, ...u32(labels), ...Array.from({ length: labels }, (_, i) => i % 10)]);
  const path = (base: string): string => join(folder, `${dot ? base.replace("-idx", ".idx") : base}${zip ? ".gz" : ""}`);
  writeFileSync(path(`${part}-images-idx3-ubyte`), zip ? gzipSync(images) : images);
  writeFileSync(path(`${part}-labels-idx1-ubyte`), zip ? gzipSync(classes) : classes);
}

// --- internal helpers ---

function u32(n: number): number[] {
  return [n >>> 24, (n >>> 16) & 255, (n >>> 8) & 255, n & 255];
}
