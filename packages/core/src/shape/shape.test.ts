import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { broadcastShapes, broadcastStrides, contiguousStrides, isContiguous, mergeDims, normalizeDims, sizeOf } from "./shape";

/** The places that a strided walk visits, in row-major order. */
function places(shape: readonly number[], strides: readonly number[]): number[] {
  return shape.reduce(
    (at, size, dim) => at.flatMap((start) => Array.from({ length: size }, (_, i) => start + i * (strides[dim] as number))),
    [0],
  );
}

const shapes = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 5 });

describe("shapes", () => {
  test("contiguous strides visit every place in order", () => {
    fc.assert(
      fc.property(shapes, (shape) => {
        const strides = contiguousStrides(shape);
        expect(places(shape, strides)).toEqual(Array.from({ length: sizeOf(shape) }, (_, i) => i));
        expect(isContiguous(shape, strides)).toBe(true);
      }),
    );
  });

  test("isContiguous says exactly whether a walk is in order without gaps", () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ size: fc.integer({ min: 0, max: 3 }), stride: fc.integer({ min: 0, max: 6 }) }), { maxLength: 4 }),
        (dims) => {
          const [shape, strides] = [dims.map((d) => d.size), dims.map((d) => d.stride)];
          const inOrder = places(shape, strides).every((place, i) => place === i);
          expect(isContiguous(shape, strides)).toBe(inOrder);
        },
      ),
    );
  });

  test("merging dimensions changes no operand's walk, and leaves one dimension of contiguous ones", () => {
    fc.assert(
      fc.property(shapes, fc.array(fc.integer({ min: 0, max: 1 }), { minLength: 5, maxLength: 5 }), (shape, repeats) => {
        const plain = contiguousStrides(shape);
        const repeated = plain.map((stride, i) => (repeats[i] === 0 ? 0 : stride));
        const merged = mergeDims(shape, [plain, repeated]);
        expect(places(merged.shape, merged.strides[0] as number[])).toEqual(places(shape, plain));
        expect(places(merged.shape, merged.strides[1] as number[])).toEqual(places(shape, repeated));
        expect(mergeDims(shape, [plain]).shape.length).toBe(1);
      }),
    );
  });

  test("broadcasting is symmetric, and its strides repeat what is repeated", () => {
    expect(broadcastShapes("op", [2, 1, 3], [4, 1])).toEqual([2, 4, 3]);
    expect(broadcastShapes("op", [4, 1], [2, 1, 3])).toEqual([2, 4, 3]);
    expect(broadcastShapes("op", [0], [1])).toEqual([0]);
    expect(broadcastStrides([2, 1, 3], [3, 3, 1], [5, 2, 4, 3])).toEqual([0, 3, 0, 1]);
  });

  test("dims are counted from either end and sorted", () => {
    expect(normalizeDims("op", [-1, 0], 3)).toEqual([0, 2]);
    expect(normalizeDims("op", undefined, 2)).toEqual([0, 1]);
    expect(normalizeDims("op", 0, 0)).toEqual([]);
    expect(() => normalizeDims("op", 1, 0)).toThrow("op: expected dim in [-1, 0], got 1");
  });
});
