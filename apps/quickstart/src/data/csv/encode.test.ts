import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeRows, encodingOf } from "./encode";

type Usable = Parameters<typeof encodingOf>[0];

const numbers = (...values: number[]): Usable => ({ kind: "number", name: "x", values: Float64Array.from(values) });
const texts = (...values: (string | null)[]): Usable => ({ kind: "text", name: "x", values });
const all = ({ values }: Usable): number[] => Array.from({ length: values.length }, (_, row) => row);

/** The rows of a column as its encoding writes them, learned from all rows or from some. */
function encoded(column: Usable, train = all(column)): { rows: number[][]; note: string } {
  const encoding = encodingOf(column, train);
  const { inputs } = encodeRows([encoding], new Int32Array(column.values.length), all(column));
  const rows = all(column).map((row) => [...inputs.subarray(row * encoding.width, (row + 1) * encoding.width)]);
  return { rows, note: encoding.note };
}

describe("encodingOf", () => {
  it("brings numbers to mean 0 and deviation 1", () => {
    const { rows, note } = encoded(numbers(1, 3, 5, 7));
    const deviation = Math.sqrt(5);
    expect(rows.flat()).toEqual([-3, -1, 1, 3].map((off) => expect.closeTo(off / deviation, 6)));
    expect(note).toBe("numbers, 1 to 7");
  });

  it("takes the median for a missing number", () => {
    const { rows, note } = encoded(numbers(1, Number.NaN, 2, 9));
    expect(rows[1]).toEqual(rows[2]);
    expect(note).toBe("numbers, 1 to 9; 1 missing: they count as the median, 2");
    expect(encoded(numbers(1, Number.NaN, 2, 4, 9)).note).toContain("the median, 3");
  });

  it("learns from the training rows alone", () => {
    const { rows, note } = encoded(numbers(0, 2, Number.NaN, 1000), [0, 1]);
    expect(rows.flat()).toEqual([-1, 1, 0, 999]);
    expect(note).toContain("the median, 1");
    expect(encoded(texts("b", "a", "c", null), [0, 1]).rows).toEqual([
      [0, 1],
      [1, 0],
      [0, 0],
      [0, 0],
    ]);
  });

  it("makes numbers 0 that the training rows all have, or all lack", () => {
    expect(encoded(numbers(0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 7), [0, 1, 2, 3, 4, 5]).rows.flat()).toEqual([0, 0, 0, 0, 0, 0, 0]);
    const lacking = encoded(numbers(Number.NaN, Number.NaN, 3, 4), [0, 1]);
    expect(lacking.rows.flat()).toEqual([0, 0, 0, 0]);
    expect(lacking.note).toContain("the same in all rows that are learned from");
    expect(encoded(numbers(1e-200, 2e-200, 3e-200)).rows.flat()).toEqual([0, 0, 0]); // too small to be told apart
  });

  it("keeps a test number that is far out finite", () => {
    expect(
      encoded(numbers(1e-30, 2e-30, 3e38, -3e38), [0, 1])
        .rows.flat()
        .slice(2),
    ).toEqual([1e6, -1e6]);
  });

  it("tells large numbers apart that differ little", () => {
    const start = 1_700_000_000;
    expect(encoded(numbers(start, start + 10)).rows.flat()).toEqual([-1, 1]);
  });

  it("makes 0 and 1 of a yes and a no", () => {
    expect(encoded({ kind: "boolean", name: "x", words: ["no", "yes"], values: Float64Array.of(0, 1, 1) })).toEqual({
      rows: [[0], [1], [1]],
      note: "yes or no: 1 or 0",
    });
  });

  it("makes a column of each text, in alphabetical order, and one of those that are missing", () => {
    expect(encoded(texts("red", null, "blue", "red"))).toEqual({
      rows: [
        [0, 1, 0],
        [0, 0, 1],
        [1, 0, 0],
        [0, 1, 0],
      ],
      note: 'text, 3 columns of 0 and 1: "blue", "red", missing; 1 missing: a value of its own',
    });
  });

  it("makes codes of many texts, in alphabetical order, and 0 of one that no training row has", () => {
    const many = Array.from({ length: 26 }, (_, i) => String.fromCharCode(97 + i)); // a to z
    const column = texts(...many, ...many, "!");
    const { rows, note } = encoded(column, all(column).slice(0, 52));
    expect(note).toBe("text, 26 values: codes from 1, in alphabetical order");
    const step = (rows[1]?.[0] as number) - (rows[0]?.[0] as number);
    rows.slice(0, 26).forEach(([code], i) => {
      expect(code).toBeCloseTo((rows[0]?.[0] as number) + i * step, 5);
    });
    expect(rows.at(-1)?.[0]).toBeCloseTo((rows[0]?.[0] as number) - step, 5);
  });

  it("gives finite numbers, mean 0 and deviation 1 or all 0, for any numbers and gaps", () => {
    const value = fc.oneof(fc.float({ noNaN: true, noDefaultInfinity: true }), fc.constant(Number.NaN), fc.integer({ min: -3, max: 3 }));
    fc.assert(
      fc.property(
        fc.array(value, { minLength: 2, maxLength: 30 }).filter((values) => !values.every(Number.isNaN)),
        fc.integer({ min: 1, max: 30 }),
        (values, count) => {
          const train = all(numbers(...values)).slice(0, count);
          const rows = encoded(numbers(...values), train).rows.flat();
          expect(rows.every(Number.isFinite)).toBe(true);
          const learned = rows.slice(0, train.length);
          const mean = learned.reduce((sum, x) => sum + x / learned.length, 0);
          const square = learned.reduce((sum, x) => sum + x ** 2 / learned.length, 0);
          expect(mean).toBeCloseTo(0, 5);
          if (learned.some((x) => x !== 0)) expect(square).toBeCloseTo(1, 4);
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe("encodeRows", () => {
  it("puts columns side by side and takes the chosen rows with their labels", () => {
    const encodings = [encodingOf(texts("a", "b", "a"), [0, 1, 2]), encodingOf(numbers(1, 2, 3), [0, 2])];
    expect(encodeRows(encodings, Int32Array.of(5, 6, 7), [2, 0])).toEqual({
      count: 2,
      features: 3,
      inputs: Float32Array.of(1, 0, 1, 1, 0, -1),
      targets: Int32Array.of(7, 5),
    });
  });
});
