import { describe, expect, test } from "vitest";
import { optim, tensor } from "../index";
import { expectRefusal } from "../testing/refusal";
import { EarlyStopping } from "./index";

const run = (early: EarlyStopping, values: readonly number[]) => values.map((value) => early.step(value));

describe("EarlyStopping", () => {
  test("stops after `patience` values in a row that are no better than the best", () => {
    const early = new EarlyStopping({ patience: 2 });
    expect(run(early, [3, 2, 2, 1, 1.5, 1])).toEqual([false, false, false, false, false, true]);
    expect([early.best, early.bestEpoch, early.numBadEpochs]).toEqual([1, 4, 2]);
    expect(run(early, [4, 0])).toEqual([true, false]);
    expect(run(new EarlyStopping(), [1, 1, 1, 1])).toEqual([false, false, false, true]);
    expect(run(new EarlyStopping({ patience: 1 }), [1, 1])).toEqual([false, true]);
  });

  test("takes higher values for better ones where it is told to", () => {
    const early = new EarlyStopping({ patience: 1, mode: "max" });
    expect(run(early, [-1, 0.5, 0.6, 0.4])).toEqual([false, false, false, true]);
    expect([early.best, early.bestEpoch]).toEqual([0.6, 3]);
  });

  test("counts an improvement of minDelta or less as none", () => {
    expect(run(new EarlyStopping({ patience: 2, minDelta: 0.5 }), [4, 3.5, 3.6, 3.4])).toEqual([false, false, true, false]);
    expect(run(new EarlyStopping({ patience: 1, minDelta: 0.5, mode: "max" }), [4, 4.5])).toEqual([false, true]);
  });

  test("counts NaN, and an infinity of the wrong side, as no improvement, also at first", () => {
    const early = new EarlyStopping({ patience: 3 });
    expect(run(early, [Number.NaN, Number.POSITIVE_INFINITY])).toEqual([false, false]);
    expect([early.best, early.bestEpoch]).toEqual([null, 0]);
    expect(run(early, [2, Number.NaN, Number.NaN, Number.NaN])).toEqual([false, false, false, true]);
    expect(early.best).toBe(2);
    expect(run(early, [Number.NEGATIVE_INFINITY])).toEqual([false]);
  });

  test("agrees with ReduceLROnPlateau on what is better, which acts one value later", () => {
    const values = Array.from({ length: 60 }, (_, i) => ((i * 37) % 23) / 8 - i / 40);
    for (const mode of ["min", "max"] as const) {
      for (const minDelta of [0, 0.25]) {
        const early = new EarlyStopping({ mode, minDelta, patience: 1000 });
        const optimizer = new optim.SGD([tensor([1], { requiresGrad: true })], { lr: 0.1 });
        const plateau = new optim.ReduceLROnPlateau(optimizer, { mode, threshold: minDelta, thresholdMode: "abs", patience: 1000 });
        for (const value of values) {
          early.step(value);
          plateau.step(value);
          const { best, numBadEpochs } = plateau.stateDict();
          expect([early.best, early.numBadEpochs]).toEqual([best, numBadEpochs]);
        }
      }
    }
  });

  test("goes on from its state, through JSON", () => {
    const values = [3, 2, 2.5, 1, 1, 1, 1];
    const whole = new EarlyStopping();
    const expected = run(whole, values);
    for (let cut = 0; cut <= values.length; cut++) {
      const [first, second] = [new EarlyStopping(), new EarlyStopping()];
      const before = run(first, values.slice(0, cut));
      second.loadStateDict(JSON.parse(JSON.stringify(first.stateDict())));
      expect([...before, ...run(second, values.slice(cut))]).toEqual(expected);
      expect(second.stateDict()).toEqual(whole.stateDict());
    }
  });

  test("refuses options, values and state that cannot be, and is as it was", () => {
    expectRefusal(
      () => new EarlyStopping({ patience: 0 }),
      "RangeError",
      "EarlyStopping: expected patience to be a positive integer, got 0",
    );
    expectRefusal(() => new EarlyStopping({ minDelta: -1 }), "RangeError", "EarlyStopping: expected minDelta of 0 or more, got -1");
    expectRefusal(() => new EarlyStopping({ mode: "auto" as never }), "TypeError", 'mode to be "min" or "max", got "auto"');
    expectRefusal(() => new EarlyStopping({ min_delta: 1 } as never), "TypeError", "did you mean minDelta?");
    const early = new EarlyStopping();
    early.step(1);
    const before = early.stateDict();
    expectRefusal(
      () => early.step(tensor([1]) as never),
      "TypeError",
      "step: expected the value as a number, got a Tensor [1] - pass await loss.item()",
    );
    for (const wrong of [null, [], { ...before, best: "1" }, { ...before, numBadEpochs: -1 }, { ...before, other: 1 }, { best: 1 }]) {
      expect(() => early.loadStateDict(wrong as never)).toThrow(/^loadStateDict: expected/);
    }
    expect(early.stateDict()).toEqual(before);
  });
});
