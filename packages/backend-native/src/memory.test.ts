import { afterAll, describe, expect, test } from "vitest";
import { createNativeBackend } from "./index";
import type { NativeHandle } from "./memory";

const backend = createNativeBackend({ threads: 1 });
afterAll(() => backend.dispose());

const viewOf = (handle: NativeHandle) => handle.view;

describe("memory", () => {
  test("never overlaps, whatever the sizes", () => {
    const handles = Array.from({ length: 300 }, (_, i) => backend.allocate(i % 2 === 0 ? "float32" : "bool", (i * 977) % 5000));
    for (const [i, handle] of handles.entries()) viewOf(handle).fill(i % 2 === 0 ? i : i % 100);
    for (const handle of handles) expect(new Set(viewOf(handle)).size).toBeLessThanOrEqual(1);
    for (const [i, handle] of handles.entries()) if (viewOf(handle).length > 0) expect(viewOf(handle)[0]).toBe(i % 2 === 0 ? i : i % 100);
    for (const handle of handles) backend.release(handle);
  });

  test("is given out again, small pieces and large ones", () => {
    const first = backend.allocate("float32", 1000);
    const { buffer } = viewOf(first);
    backend.release(first);
    const again = backend.allocate("float64", 500);
    expect(viewOf(again).buffer).toBe(buffer);
    backend.release(again);
    const large = backend.allocate("float32", 2 ** 20);
    expect(viewOf(large).buffer.byteLength).toBeLessThan(2 ** 22 + 256);
    backend.release(large);
  });

  test("joins free neighbours in any order of release", () => {
    const pieces = Array.from({ length: 8 }, () => backend.allocate("float32", 16 * 1024)); // 64 KiB each
    const { buffer } = viewOf(pieces[0] as NativeHandle);
    for (const i of [1, 3, 2, 7, 5, 0, 6, 4]) backend.release(pieces[i] as NativeHandle);
    const whole = backend.allocate("float32", 48 * 1024);
    expect(viewOf(whole).buffer).toBe(buffer);
    backend.release(whole);
  });

  test("has no elements for a length of 0, and says when there is none left", () => {
    expect(viewOf(backend.allocate("float32", 0))).toHaveLength(0);
    expect(() => backend.allocate("float64", 2 ** 50)).toThrow(expect.objectContaining({ name: "OutOfMemoryError", bytes: 2 ** 53 }));
  });
});
