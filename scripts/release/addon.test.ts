import { describe, expect, test } from "vitest";
import { glibcOf, platformOf } from "./addon.mjs";

/** The first bytes of a program, with numbers at offsets. */
function header(start: string, numbers: [offset: number, size: 2 | 4, value: number][], text = ""): Buffer {
  const bytes = Buffer.alloc(256);
  bytes.write(start, 0, "latin1");
  for (const [offset, size, value] of numbers) bytes.writeUIntLE(value, offset, size);
  bytes.write(text, 200, "latin1");
  return bytes;
}

const elf = (machine: number, text: string) => header("\x7fELF", [[18, 2, machine]], text);
const macho = (cpu: number) => header("\xcf\xfa\xed\xfe", [[4, 4, cpu]]);
const pe = (machine: number) =>
  header("MZ", [
    [0x3c, 4, 128],
    [132, 2, machine],
  ]);

describe("an addon's platform", () => {
  test.each([
    ["linux-x64-gnu", elf(0x3e, "libc.so.6")],
    ["linux-arm64-gnu", elf(0xb7, "libc.so.6")],
    ["linux-x64-musl", elf(0x3e, "libc.musl-x86_64.so.1")],
    ["linux-arm64-musl", elf(0xb7, "libc.musl-aarch64.so.1")],
    ["darwin-x64", macho(0x01000007)],
    ["darwin-arm64", macho(0x0100000c)],
    ["win32-x64", pe(0x8664)],
  ])("%s is seen in its first bytes", (platform, bytes) => {
    expect(platformOf(bytes)).toBe(platform);
  });

  test.each([
    ["text", Buffer.from("not a program, however long it may go on, which is for more than sixty-four bytes")],
    ["an empty file", Buffer.alloc(0)],
    ["a cut file", elf(0x3e, "").subarray(0, 20)],
    ["another processor", elf(0x28, "libc.so.6")],
    ["a Windows program whose header is outside of it", header("MZ", [[0x3c, 4, 4000]])],
  ])("is unknown for %s", (_, bytes) => {
    expect(platformOf(bytes)).toBeUndefined();
  });
});

describe("the glibc that an addon needs", () => {
  test("is the newest that it names, by number and not by letters", () => {
    expect(glibcOf(elf(0x3e, "GLIBC_2.4\0GLIBC_2.34\0GLIBC_2.2.5\0"))).toBe(34);
  });

  test("is none where none is named", () => {
    expect(glibcOf(elf(0x3e, "libc.musl-x86_64.so.1"))).toBe(0);
  });
});
