import { describe, expect, test } from "vitest";
import { DataLoader, type DataLoaderOptions, Generator, manualSeed, randn, type Tensor, TensorDataset, tensor } from "../index";
import { expectRefusal } from "../testing/refusal";

const dataset = () => new TensorDataset(tensor(Int32Array.from({ length: 23 }, (_, i) => i)));
const make = (options: object = {}) => new DataLoader(dataset(), { batchSize: 4, shuffle: true, generator: new Generator(8), ...options });
type Loader = ReturnType<typeof make>;
const read = ([x]: readonly Tensor[]) => [...(x as Tensor).dataSync()].join();

/** Two passes, or what is left of them. */
function all(loader: Loader, passes = 2): string[] {
  const seen: string[] = [];
  for (let pass = 0; pass < passes; pass++) for (const batch of loader) seen.push(read(batch));
  return seen;
}

describe("a loader's state", () => {
  test.each([0, 1, 3, 5, 6])(
    "lets another loader go on behind batch %i of a pass, in the same order, and then with the same next pass",
    (stop) => {
      const expected = all(make());
      const [first, generator] = [[] as string[], new Generator(8)];
      const loader = make({ generator });
      let state = loader.stateDict();
      let words = generator.getState();
      for (const batch of loader) {
        if (first.length === stop) break;
        first.push(read(batch));
        state = loader.stateDict();
        words = generator.getState();
      }
      const other = make({ generator: new Generator(1).setState(words) });
      other.loadStateDict(state);
      expect([...first, ...all(other)]).toEqual(expected);
    },
  );

  test("is that of the pass that was left early, and of a new one after the last batch", () => {
    const loader = make();
    for (const _ of loader) if (loader.stateDict().batch === 2) break;
    expect(loader.stateDict()).toMatchObject({ batch: 2, batchSize: 4, samples: 23 });
    all(loader, 1);
    expect(loader.stateDict()).toEqual({ batch: 0, batchSize: 4, samples: 23, order: null });
  });

  test("counts what was given out, not what was asked for ahead", async () => {
    const expected: string[] = [];
    for await (const batch of make()) expected.push(read(batch));
    const generator = new Generator(8);
    const loader = make({ generator, prefetch: 3 });
    const first: string[] = [];
    for await (const batch of loader) {
      first.push(read(batch));
      if (first.length === 2) break;
    }
    const other = make({ generator: new Generator(1).setState(generator.getState()), prefetch: 2 });
    other.loadStateDict(loader.stateDict());
    for await (const batch of other) first.push(read(batch));
    expect(first).toEqual(expected);
  });

  test("works with the default generator that masks come from, and leaves it where it stood", () => {
    manualSeed(3);
    const loader = make({ generator: undefined });
    let state = loader.stateDict();
    for (const _ of loader) {
      state = loader.stateDict();
      if (state.batch === 2) break;
    }
    randn([1]);
    const after = [...randn([2]).dataSync()];
    manualSeed(3);
    const other = make({ generator: undefined });
    for (const _ of other) break;
    randn([1]);
    other.loadStateDict(state);
    for (const _ of other) break;
    expect([...randn([2]).dataSync()]).toEqual(after);
  });

  test("needs no generator where there is an order, given or drawn by nobody", () => {
    const sampler = [5, 4, 3, 2, 1, 0];
    for (const options of [{ shuffle: false }, { shuffle: false, sampler }] as DataLoaderOptions<never>[]) {
      const loader = make({ generator: undefined, ...options });
      const expected = all(loader, 1);
      for (const _ of loader) break;
      const other = make({ generator: undefined, ...options });
      other.loadStateDict(loader.stateDict());
      expect(all(other, 1)).toEqual(expected.slice(1));
    }
  });

  test("of another loader, or of another form, is refused, and changes nothing", () => {
    const loader = make();
    const state = loader.stateDict();
    const refused = (other: object, name: string, message: string) =>
      expectRefusal(() => loader.loadStateDict({ ...state, ...other }), name, `loadStateDict: ${message}`);
    refused({ batchSize: 5 }, "RangeError", "expected the state of a loader with batches of 4, got 5");
    refused({ samples: 22 }, "RangeError", "expected the state of a pass over 23 samples, got 22");
    refused({ batch: 7 }, "RangeError", "expected at most 6 batches, got 7");
    refused({ batch: -1 }, "RangeError", "expected batch to be an integer of 0 or more, got -1");
    refused({ order: [1] }, "TypeError", "expected order to be bytes or null, got an array of 1");
    expectRefusal(() => loader.loadStateDict(3 as never), "TypeError", "loadStateDict: expected { batch, batchSize, samples, order }");
    expect(loader.stateDict()).toEqual(state);
  });
});
