import { crc32 as reference } from "node:zlib";
import { expect, test } from "vitest";
import { crc32 } from "./crc32";

test("crc32 is that of zlib, for every length and from every place", () => {
  const bytes = Uint8Array.from({ length: 300 }, (_, i) => (i * 73 + (i >> 3)) & 255);
  for (let start = 0; start < 9; start++)
    for (let end = start; end <= bytes.length; end += 7) {
      const part = bytes.subarray(start, end);
      expect(crc32(part)).toBe(reference(part));
    }
  // "123456789" by the catalogue of CRCs.
  expect(crc32(new TextEncoder().encode("123456789"))).toBe(0xcbf43926);
});
