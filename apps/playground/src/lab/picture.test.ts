import { describe, expect, test } from "vitest";
import { broadcast, pictureOf, tilesOf } from "./picture";

describe("pictures", () => {
  test("show the last two dimensions as tiles and the others side by side", () => {
    expect(tilesOf([48, 64])).toMatchObject({ width: 64, height: 48, columns: 1, count: 1, complete: true });
    expect(tilesOf([4, 16, 16, 16])).toMatchObject({ width: 16, height: 16, columns: 8, count: 64, complete: true });
    expect(tilesOf([100])).toMatchObject({ width: 16, height: 7, complete: true });
  });

  test("are cut off where a canvas would be too large, and say so", () => {
    for (const shape of [
      [4194304, 1],
      [1, 4194304],
      [4194304, 1, 1],
    ]) {
      const { width, height, columns, count, complete } = tilesOf(shape);
      expect(complete).toBe(false);
      expect(columns * (width + 1)).toBeLessThanOrEqual(2049);
      expect(Math.ceil(count / columns) * (height + 1)).toBeLessThanOrEqual(2049);
    }
  });

  test("repeat a mask along its sizes of 1", () => {
    expect([...broadcast(Uint8Array.of(1, 0), [2, 1], [2, 3])]).toEqual([1, 1, 1, 0, 0, 0]);
    expect([...broadcast(Uint8Array.of(1, 0, 1), [3], [2, 3])]).toEqual([1, 0, 1, 1, 0, 1]);
    expect([...broadcast(Uint8Array.of(0, 1, 1, 0), [2, 1, 2], [2, 2, 2])]).toEqual([0, 1, 0, 1, 1, 0, 1, 0]);
  });

  test("leave gaps between tiles, and end with the values", () => {
    const { width, height, levels } = pictureOf([1, 2, 3, 4, 5, 6], [3, 1, 2], (value) => 10 * value);
    expect([width, height]).toEqual([5, 3]);
    expect([...levels]).toEqual([10, 20, 0, 30, 40, 0, 0, 0, 0, 0, 50, 60, 0, 0, 0]);
    // Folded into rows, of which the last is not full.
    expect([...pictureOf(new Float32Array(10).fill(7), [10], (value) => value).levels]).toEqual([
      ...new Array(10).fill(7),
      ...new Array(6).fill(0),
    ]);
  });
});
