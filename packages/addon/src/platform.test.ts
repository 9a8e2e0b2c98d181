import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, test, vi } from "vitest";
import { cLibraryOf, platformNames } from "./platform";

const folder = mkdtempSync(join(tmpdir(), "addon-platform-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(() => vi.unstubAllGlobals());

/** The start of a program that asks for a loader, with a second header before the one that says so, as programs have. */
function program({ loader = "", bits = 64, headers = 2, at = 4000 }): string {
  const bytes = Buffer.alloc(5000);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, bits / 32, 1]);
  bytes.writeBigUInt64LE(64n, 32);
  bytes.writeUInt16LE(56, 54);
  bytes.writeUInt16LE(headers, 56);
  bytes.writeUInt32LE(6, 64);
  bytes.writeUInt32LE(3, 64 + 56);
  bytes.writeBigUInt64LE(BigInt(at), 64 + 56 + 8);
  bytes.writeBigUInt64LE(BigInt(loader.length + 1), 64 + 56 + 32);
  bytes.write(`${loader}\0`, 4000, "latin1");
  const file = join(folder, "program");
  writeFileSync(file, bytes);
  return file;
}

describe("the C library of a program", () => {
  test.each([
    ["/lib64/ld-linux-x86-64.so.2", "gnu"],
    ["/lib/ld-linux-aarch64.so.1", "gnu"],
    ["/nix/store/0c7c96gikmzv87i7lv3vq5s1cmfjd6zf-glibc-2.31-74/lib/ld-linux-x86-64.so.2", "gnu"],
    ["/lib/ld-musl-x86_64.so.1", "musl"],
    ["/lib/ld-musl-aarch64.so.1", "musl"],
    ["/system/bin/linker64", undefined],
  ])("whose loader is %s: %s", (loader, library) => {
    expect(cLibraryOf(program({ loader }))).toBe(library);
  });

  test("is not guessed where nothing says so", () => {
    const loader = "/lib64/ld-linux-x86-64.so.2";
    expect(cLibraryOf(program({ loader, bits: 32 }))).toBeUndefined();
    expect(cLibraryOf(program({ loader, headers: 1 }))).toBeUndefined(); // linked statically
    expect(cLibraryOf(program({ loader, headers: 1000 }))).toBe("gnu"); // more than the file has
    expect(cLibraryOf(program({ loader, at: 2 ** 40 }))).toBeUndefined();
    for (const text of ["", "#!/bin/sh\n", "\x7fELF"]) {
      writeFileSync(join(folder, "text"), text, "latin1");
      expect(cLibraryOf(join(folder, "text"))).toBeUndefined();
    }
    expect(cLibraryOf(folder)).toBeUndefined();
    expect(cLibraryOf(join(folder, "absent"))).toBeUndefined();
  });
});

describe("the platform", () => {
  test("has system, processor and, on Linux, C library", () => {
    const [name, ...others] = platformNames();
    expect(name).toMatch(/^(linux-(x64|arm64)-(gnu|musl)|(darwin|win32)-(x64|arm64))$/);
    expect(others).toEqual([]);
  });

  test("is that of another machine there; and either of two where a program does not tell", () => {
    const on = (platform: string, execPath = "") => {
      vi.stubGlobal("process", { platform, arch: "arm64", execPath });
      return platformNames();
    };
    expect(on("darwin")).toEqual(["darwin-arm64"]);
    expect(on("win32")).toEqual(["win32-arm64"]);
    expect(on("linux", program({ loader: "/lib/ld-musl-aarch64.so.1" }))).toEqual(["linux-arm64-musl"]);
    expect(on("linux", join(folder, "absent"))).toEqual(["linux-arm64-gnu", "linux-arm64-musl"]);
  });
});
