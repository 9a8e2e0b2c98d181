import fc from "fast-check";
import { describe, expect, expectTypeOf, test } from "vitest";
import { DataLoader, Generator, randomSplit, Subset, type Tensor, TensorDataset, tensor } from "../index";
import { expectRefusal } from "../testing/refusal";

const tens = (n = 5) => new TensorDataset(tensor(Int32Array.from({ length: n }, (_, i) => i * 10)));
const numbers = (x: Tensor) => [...x.dataSync()];
const all = (dataset: Subset<TensorDataset<[Tensor]>>) =>
  [...new DataLoader(dataset, { transform: ([x]) => ({ value: numbers(x) }) })].flatMap((x) => x.value);

describe("Subset", () => {
  test("is the samples at its places, in their order, of a dataset of any kind, also of a subset", () => {
    const subset = new Subset(tens(), [3, 0, 3]);
    expect([subset.length, [...subset.indices], all(subset)]).toEqual([3, [3, 0, 3], [30, 0, 30]]);
    expect(numbers(subset.batch([1, 2])[0])).toEqual([0, 30]);
    for (const [x] of new DataLoader(new Subset(subset, [1, 0]), { batchSize: 2 })) expect(numbers(x)).toEqual([0, 30]);
    for (const x of new DataLoader(new Subset([5, 6, 7], [2, 1]), { batchSize: 2 })) expect(numbers(x)).toEqual([7, 6]);
  });

  test("types its batches as its dataset does, and passes the loader's collate on", () => {
    for (const batch of new DataLoader(new Subset(tens(), [1]))) expectTypeOf(batch).toEqualTypeOf<[Tensor]>();
    const words = new Subset(["a", "b", "c"], [2, 0]);
    const loader = new DataLoader(words, { batchSize: 2, collate: (samples) => ({ text: samples.join() }) });
    for (const { text } of loader) expect(text).toBe("c,a");
    const later = new Subset({ length: 2, at: async (i: number) => i }, [1]);
    expectTypeOf(new DataLoader(later)).toExtend<AsyncIterable<Tensor>>();
  });

  test("keeps its places, whatever becomes of the caller's", () => {
    const places = [1, 2];
    const subset = new Subset(tens(), places);
    places[0] = 99;
    subset.indices.fill(99);
    expect(all(subset)).toEqual([10, 20]);
  });

  test("refuses what is no dataset, and places that are not there", () => {
    expectRefusal(() => new Subset(3 as never, [0]), "TypeError", "Subset: expected a dataset, got 3");
    expectRefusal(() => new Subset(tens(), [5]), "RangeError", "Subset: expected places from 0 to 4, got 5");
    expectRefusal(() => new Subset(tens(), [0.5]), "TypeError", "Subset: expected places that are integers, got 0.5");
    expectRefusal(() => new Subset(tens(), [1]).batch([1]), "RangeError", "batch: expected places from 0 to 0, got 1");
  });
});

describe("randomSplit", () => {
  test("gives parts of the lengths asked for that together have each sample once, the same for one seed", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(9), { minLength: 1, maxLength: 6 }), fc.nat(1000), (lengths, seed) => {
        const count = lengths.reduce((sum, length) => sum + length, 0);
        const split = () => randomSplit(tens(count), lengths, { generator: new Generator(seed) });
        const parts = split();
        expect(parts.map((part) => part.length)).toEqual(lengths);
        const places = parts.flatMap((part) => [...part.indices]);
        expect([...places].sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, i) => i));
        expect(split().flatMap((part) => [...part.indices])).toEqual(places);
      }),
      { numRuns: 60 },
    );
  });

  test.each([
    [10, [0.8, 0.2], [8, 2]],
    [10, [0.7, 0.2, 0.1], [7, 2, 1]],
    [10, [0.33, 0.33, 0.34], [4, 3, 3]],
    [7, [0.5, 0.5], [4, 3]],
    [0, [0.5, 0.5], [0, 0]],
    [1, [1], [1]],
    [5, [0.25, 0.25, 0.25, 0.25], [2, 1, 1, 1]],
  ])("of %i samples by fractions %j has parts of %j, as PyTorch says", (count, fractions, lengths) => {
    expect(randomSplit(tens(count), fractions).map((part) => part.length)).toEqual(lengths);
  });

  test("takes one host call of the generator, and none where it refuses", () => {
    const generator = new Generator(2);
    randomSplit(tens(), [2, 3], { generator });
    const expected = new Generator(2);
    randomSplit(tens(9), [9], { generator: expected });
    expect(generator.getState()).toEqual(expected.getState());
    for (const lengths of [[2, 2], [0.5, 0.6], [-1, 6], [Number.NaN], []])
      expectRefusal(() => randomSplit(tens(), lengths, { generator }), "RangeError", "randomSplit: expected ");
    for (const lengths of ["23", [2, "3"], 5])
      expectRefusal(() => randomSplit(tens(), lengths as never, { generator }), "TypeError", "randomSplit: expected ");
    expect(generator.getState()).toEqual(expected.getState());
  });
});
