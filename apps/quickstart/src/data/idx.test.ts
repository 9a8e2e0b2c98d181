import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { parseIdx } from "./idx";

/** The bytes of an IDX file. */
const idx = (shape: number[], data: number[], type = 0x08): Uint8Array => {
  const sizes = shape.flatMap((n) => [n >>> 24, (n >>> 16) & 255, (n >>> 8) & 255, n & 255]);
  return Uint8Array.from([0, 0, type, shape.length, ...sizes, ...data]);
};

describe("parseIdx", () => {
  const images = idx([2, 2, 3], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 255]);

  it("reads shape and bytes", () => {
    const { shape, data } = parseIdx(images, "x");
    expect(shape).toEqual([2, 2, 3]);
    expect([...data]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 255]);
  });

  it("reads gzip, whatever the file is called", () => {
    expect(parseIdx(gzipSync(images), "x")).toEqual(parseIdx(images, "x"));
  });

  it("reads a part of a larger buffer", () => {
    const padded = new Uint8Array([9, 9, 9, ...images]);
    expect(parseIdx(padded.subarray(3), "x").shape).toEqual([2, 2, 3]);
  });

  it.each([
    ["an empty file", new Uint8Array(), /expected an IDX file/],
    ["text", Buffer.from("a,b\n1,2\n"), /expected an IDX file, got something else \(first bytes 61 2c 62 0a\)/],
    ["a header cut short", images.subarray(0, 9), /expected an IDX file/],
    ["floats", idx([1], [0, 0, 0, 0], 0x0d), /unsigned bytes.*0d/],
    ["missing bytes", images.subarray(0, -1), /expected 12 bytes for shape \[2, 2, 3\], got 11/],
    ["bytes to spare", Uint8Array.from([...images, 0]), /expected 12 bytes .* got 13/],
    ["a gzip file cut short", gzipSync(images).subarray(0, 20), /whole gzip file/],
  ])("refuses %s", (_name, bytes, message) => {
    expect(() => parseIdx(bytes, "folder/file")).toThrow(message);
    expect(() => parseIdx(bytes, "folder/file")).toThrow(
      expect.objectContaining({ name: "UserError", message: expect.stringMatching(/^folder\/file: /) }),
    );
  });
});
