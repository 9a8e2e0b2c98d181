import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { writeMnistPart } from "../testing/mnist-files";
import { mnistSource } from "./mnist";

/** Pixels of one image: 2 x 2. */
const PIXELS = 4;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "dropwise-mnist-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const writePart = (part: "train" | "t10k", count: number, options = {}) => writeMnistPart(folder, part, count, options);

describe("mnistSource", () => {
  it("scales pixels to [0, 1], makes a class of each label and asks whether it is odd", () => {
    writePart("train", 40);
    writePart("t10k", 20);
    const source = mnistSource(folder);
    const { train, test } = source.split(1n, { train: 30, test: 100 });
    expect([source.height, source.width, train.features, train.count, test.count]).toEqual([2, 2, PIXELS, 30, 20]);
    expect(source.classes).toEqual(["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]);
    expect(source.question.yes).toEqual([1, 3, 5, 7, 9]);
    train.targets.forEach((target, row) => {
      expect((train.inputs[row * PIXELS] as number) * 255).toBeCloseTo(10 * target, 4);
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
    writePart("t10k", 20, { width: 3 });
    expect(() => mnistSource(folder)).toThrow(/images of one size, got 2 x 2 pixels in train and 2 x 3 pixels in t10k/);
  });
});
