import { describe, expect, test } from "vitest";
import { expectRefusal } from "../testing/refusal";
import { Mt19937 } from "./mt19937";

const taken = (words: Mt19937, count: number) => Array.from({ length: count }, () => words.random());

describe("MT19937", () => {
  test("gives the numbers that its authors and the C++ standard name", () => {
    // mt19937ar.out is seeded by an array; std::mt19937's 10,000th number of seed 5489 is in the standard.
    expect(taken(new Mt19937(5489n), 10000).at(-1)).toBe(4123659995);
    expect(taken(new Mt19937(0n), 3)).toEqual([2357136044, 2546248239, 3071714933]);
  });

  test("uses the low 32 bits of a seed, and keeps all 64", () => {
    const words = new Mt19937(2n ** 63n + 77n);
    expect(words.seed).toBe(2n ** 63n + 77n);
    expect(taken(words, 5)).toEqual(taken(new Mt19937(77n), 5));
  });

  test.each([1, 623, 624, 625, 1300])("fills an array with the words that calls give, after %i of them", (before) => {
    const [one, other] = [new Mt19937(3n), new Mt19937(3n)];
    taken(one, before);
    taken(other, before);
    const filled = new Uint32Array(1500);
    one.fill(filled);
    expect([...filled]).toEqual(taken(other, 1500));
    expect(one.random()).toBe(other.random());
  });

  test("goes its own way after clone()", () => {
    const words = new Mt19937(3n);
    taken(words, 700);
    words.spare = 0.5;
    const copy = words.clone();
    expect(copy.getState()).toEqual(words.getState());
    const ahead = taken(copy, 700);
    expect(taken(words, 700)).toEqual(ahead);
  });
});

describe("the state", () => {
  test.each([0, 1, 100, 623, 624, 625, 1248])("comes back after %i words, and goes on alike", (count) => {
    const words = new Mt19937(9n);
    taken(words, count);
    const other = new Mt19937(1n);
    other.setState(words.getState());
    expect(other.getState()).toEqual(words.getState());
    expect(taken(other, 700)).toEqual(taken(words, 700));
  });

  test("is read from a part of a larger array", () => {
    const words = new Mt19937(9n);
    taken(words, 5);
    const bytes = new Uint8Array(6000);
    bytes.set(words.getState(), 7);
    const other = new Mt19937(1n);
    other.setState(bytes.subarray(7, 7 + 5056));
    expect(other.random()).toBe(words.random());
  });

  const edits: [string, (view: DataView) => void][] = [
    ["not seeded", (view) => view.setInt32(12, 0, true)],
    ["nothing left", (view) => view.setInt32(8, 0, true)],
    ["more left than there is", (view) => view.setInt32(8, 625, true)],
    ["a place that is not what is left", (view) => view.setInt32(16, 8, true)],
    ["a place beyond all", (view) => view.setBigUint64(16, 2n ** 40n, true)],
    ["a word of more than 32 bits", (view) => view.setInt32(28, 1, true)],
    ["a spare number that is neither there nor not", (view) => view.setInt32(5040, 2, true)],
    ["a spare number that is none", (view) => view.setFloat64(5024, Number.NaN, true)],
    ["a spare float32", (view) => view.setInt8(5052, 1)],
    ["words that are all 0", (view) => new Uint8Array(view.buffer, 24, 624 * 8).fill(0)],
  ];
  test.each(edits)("is refused with %s, and nothing changes", (_, edit) => {
    const words = new Mt19937(9n);
    taken(words, 5);
    const [before, state] = [words.getState(), words.getState()];
    edit(new DataView(state.buffer));
    expectRefusal(() => words.setState(state), "RangeError", "setState: expected the state of a PyTorch CPU generator");
    expect(words.getState()).toEqual(before);
  });

  test.each([0, 16, 24, 5048, 5057])("is refused where it has %i bytes", (length) => {
    const words = new Mt19937(9n);
    expectRefusal(() => words.setState(new Uint8Array(length)), "RangeError", "5056 bytes", String(length));
    expect(words.getState()).toEqual(new Mt19937(9n).getState());
  });
});
