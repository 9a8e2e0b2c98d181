import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";
import { readText } from "./text";

const folder = mkdtempSync(join(tmpdir(), "dropwise-text-"));
afterAll(() => rmSync(folder, { recursive: true }));

const file = (bytes: Uint8Array): string => {
  const path = join(folder, "table.csv");
  writeFileSync(path, bytes);
  return path;
};

const TEXT = "größe;y\n1,5;ä\n";
const utf16 = Buffer.from(TEXT, "utf16le");

describe("readText", () => {
  it.each([
    ["UTF-8", Buffer.from(TEXT)],
    ["UTF-8 with a byte order mark", Buffer.from(`\uFEFF${TEXT}`)],
    ["UTF-16, low byte first", Buffer.concat([Buffer.of(0xff, 0xfe), utf16])],
    ["UTF-16, high byte first", Buffer.concat([Buffer.of(0xfe, 0xff), Buffer.from(utf16).swap16()])],
    ["Windows-1252", Buffer.from(TEXT, "latin1")],
    ["gzip", gzipSync(TEXT)],
  ])("reads %s", (_name, bytes) => {
    expect(readText(file(bytes))).toBe(TEXT);
  });

  it.each([
    [
      "a spreadsheet",
      Buffer.from("PK\u0003\u0004rest"),
      /table\.csv: expected a table as text, got a zip file - if it is a spreadsheet, save it as CSV/,
    ],
    ["other bytes", Buffer.of(0x89, 0x50, 0x4e, 0x47, 0, 0, 0), /expected a table as text, got bytes that are none/],
    ["half a gzip file", gzipSync(TEXT).subarray(0, 15), /expected a whole gzip file/],
  ])("refuses %s", (_name, bytes, message) => {
    expect(() => readText(file(bytes))).toThrow(message);
  });

  it("says that there is no file", () => {
    expect(() => readText(join(folder, "none.csv"))).toThrow(/none\.csv: no such file - check the path/);
  });
});
