import { describe, expect, test } from "vitest";
import { cpu } from "../cpu/cpu";
import { nn } from "../index";
import { rehearse } from "../tensor/rehearse";
import { expectRefusal } from "../testing/refusal";
import { dropoutLayers } from "./dropout-layers";
import { DropoutSchedule } from "./dropout-schedule";
import {
  constantDropoutRate,
  cosineDropoutRate,
  type DropoutScheduleFunction,
  earlyDropout,
  lateDropout,
  linearDropoutRate,
} from "./dropout-schedules";

const model = () =>
  new nn.ModuleList([new nn.Dropout(0.2), new nn.LSTM(4, 4, { numLayers: 2, dropout: 0.4 }), new nn.Dropout2d(0.6)] as nn.Module[]);
const rates = (of: nn.Module) => dropoutLayers(of).map(({ p }) => p);
const values = (schedule: DropoutScheduleFunction, steps: number) => Array.from({ length: steps }, (_, step) => schedule(step));

describe("schedules", () => {
  test("are functions of the step, which stay where they end", () => {
    expect(values(constantDropoutRate(0.3), 3)).toEqual([0.3, 0.3, 0.3]);
    expect(values(linearDropoutRate({ from: 0.5, to: 0.1, steps: 4 }), 6)).toEqual(
      [0.5, 0.4, 0.3, 0.2, 0.1, 0.1].map((p) => expect.closeTo(p)),
    );
    expect(values(cosineDropoutRate({ from: 0, to: 1, steps: 4 }), 6)).toEqual(
      [0, (1 - Math.SQRT1_2) / 2, 0.5, (1 + Math.SQRT1_2) / 2, 1, 1].map((p) => expect.closeTo(p)),
    );
    expect(values(earlyDropout({ p: 0.4, steps: 4 }), 6)).toEqual([0.4, 0.3, 0.2, 0.1, 0, 0].map((p) => expect.closeTo(p)));
    expect(values(earlyDropout({ p: 0.4, steps: 2, decay: "constant" }), 4)).toEqual([0.4, 0.4, 0, 0]);
    expect(values(lateDropout({ p: 0.4, start: 2 }), 4)).toEqual([0, 0, 0.4, 0.4]);
    expect(values(lateDropout({ p: 0.4, start: 0 }), 1)).toEqual([0.4]);
  });

  test("never leave [0, 1], whatever the ends and the number of steps", () => {
    for (const make of [linearDropoutRate, cosineDropoutRate]) {
      for (const [from, to] of [
        [0, 1],
        [1, 0],
        [1, 1],
        [0.1, 0.3],
      ] as const) {
        for (const steps of [1, 3, 7, 49, 1000]) {
          const all = values(make({ from, to, steps }), steps + 2);
          expect([Math.min(...all) >= 0, Math.max(...all) <= 1, all[0], all.at(-1)]).toEqual([true, true, from, to]);
        }
      }
    }
  });

  test("refuse what they cannot use when they are made", () => {
    expectRefusal(() => constantDropoutRate(1.5), "RangeError", "constantDropoutRate: expected a drop probability p in [0, 1], got 1.5");
    expectRefusal(() => linearDropoutRate({ from: 0, to: -1, steps: 3 }), "RangeError", "linearDropoutRate: expected a drop probability");
    expectRefusal(() => linearDropoutRate({ from: 0, to: 1, steps: 0 }), "RangeError", "expected steps to be a positive integer, got 0");
    expectRefusal(() => linearDropoutRate({ from: 0, to: 1 } as never), "TypeError", "expected steps to be a number, got undefined");
    expectRefusal(() => cosineDropoutRate({ from: 0, to: 1, step: 3 } as never), "TypeError", "did you mean steps?");
    expectRefusal(
      () => earlyDropout({ p: 0.5, steps: 3, decay: "cosine" as never }),
      "RangeError",
      'expected decay "linear" or "constant"',
    );
    expectRefusal(() => lateDropout({ p: 0.5, start: -1 }), "RangeError", "expected start to be an integer of 0 or more, got -1");
  });
});

describe("a DropoutSchedule", () => {
  test("sets all layers, whatever their rate is called, at once and after each step", () => {
    const layers = model();
    const schedule = new DropoutSchedule(layers, earlyDropout({ p: 0.5, steps: 2 }));
    const seen = [rates(layers)];
    for (let i = 0; i < 2; i++) {
      schedule.step();
      seen.push(rates(layers));
      expect(schedule.getLastRates()).toEqual(rates(layers));
    }
    expect(seen).toEqual([
      [0.5, 0.5, 0.5],
      [0.25, 0.25, 0.25],
      [0, 0, 0],
    ]);
  });

  test("keeps unlike rates in proportion, and lets the layers be that are not its own", () => {
    const layers = model();
    const half = { relative: true, layers: ({ name }: { name: string }) => name !== "1" };
    const schedule = new DropoutSchedule(layers, linearDropoutRate({ from: 0, to: 1, steps: 2 }), half);
    expect(rates(layers)).toEqual([0, 0.4, 0]);
    schedule.step();
    expect(rates(layers)).toEqual([0.1, 0.4, 0.3]);
    new DropoutSchedule(layers, constantDropoutRate(0.7), { layers: ({ name }) => name === "1" });
    schedule.step(0.123);
    expect(rates(layers)).toEqual([0.2, 0.7, 0.6]);
  });

  test("goes on from its state, which JSON keeps, also in a model that was made anew", () => {
    const schedule = () => new DropoutSchedule(layers, cosineDropoutRate({ from: 1, to: 0, steps: 5 }), { relative: true });
    let layers = model();
    const first = schedule();
    for (let i = 0; i < 2; i++) first.step();
    const state = JSON.parse(JSON.stringify(first.stateDict()));
    const at2 = rates(layers);
    first.step();
    const at3 = rates(layers);
    // Its own rates are not those that it was made with before: the state has these.
    layers = new nn.ModuleList([new nn.Dropout(0.9), new nn.Dropout(0.9), new nn.Dropout(0.9)]);
    const second = schedule();
    second.loadStateDict(state);
    expect(rates(layers)).toEqual(at2);
    expect(second.stateDict()).toEqual(state);
    second.step();
    expect(rates(layers)).toEqual(at3);
  });

  test("stands still in a rehearsal", () => {
    const layers = model();
    const schedule = new DropoutSchedule(layers, (step) => step / 10);
    rehearse("warmUp", cpu, () => schedule.step());
    expect([rates(layers), schedule.stateDict().lastEpoch]).toEqual([[0, 0, 0], 0]);
  });

  test("works through a proxy around it", () => {
    const layers = model();
    const schedule = new DropoutSchedule(layers, (step) => step / 10);
    new Proxy(schedule, {}).step();
    expect(rates(layers)).toEqual([0.1, 0.1, 0.1]);
  });

  test("refuses what is no schedule, and sets no layer then", () => {
    const layers = model();
    const before = rates(layers);
    const make = (...args: unknown[]) => new (DropoutSchedule as unknown as new (...all: unknown[]) => DropoutSchedule)(...args);
    expectRefusal(() => make({}, constantDropoutRate(0)), "TypeError", "DropoutSchedule: expected a model that is a Module");
    expectRefusal(() => make(layers, 0.5), "TypeError", "DropoutSchedule: expected a function, got 0.5 - pass linearDropoutRate(");
    expectRefusal(() => make(layers, () => 1.5), "RangeError", "DropoutSchedule: expected a drop probability p in [0, 1], got 1.5");
    expectRefusal(() => make(layers, () => "0.5"), "TypeError", "expected p to be a number");
    expectRefusal(() => make(layers, () => "1", { relative: true }), "TypeError", "expected p to be a number");
    expectRefusal(() => make(layers, () => 2, { relative: true }), "RangeError", "got 1.2");
    expectRefusal(() => make(layers, () => 0, { relativ: true }), "TypeError", "did you mean relative?");
    expectRefusal(() => make(layers, () => 0, { layers: "head" }), "TypeError", "expected a function");
    expectRefusal(() => make(layers, () => 0, { layers: async () => true }), "TypeError", "what layers gives to be true or false");
    expectRefusal(() => make(layers, () => 0, { layers: () => false }), "RangeError", "expected a model with layers that drop");
    expectRefusal(() => make(new nn.Linear(2, 2), () => 0), "RangeError", "expected a model with layers that drop");
    expect(rates(layers)).toEqual(before);
  });

  test("changes nothing where a step or a state is refused", () => {
    const layers = model();
    const schedule = new DropoutSchedule(layers, (step) => (step === 2 ? Number.NaN : 0.1));
    schedule.step();
    const before = [rates(layers), schedule.stateDict()];
    expectRefusal(() => schedule.step(), "RangeError", "got NaN");
    const state = schedule.stateDict();
    const refused = (change: object, name: string, message: string) =>
      expectRefusal(() => schedule.loadStateDict({ ...state, ...change }), name, `loadStateDict: expected ${message}`);
    refused({ lastEpoch: -1 }, "RangeError", "lastEpoch to be an integer of 0 or more");
    refused({ baseRates: [0.1] }, "RangeError", "rates for 3 layers that drop, got 1");
    refused({ lastRates: [0.1, 0.2, 3] }, "RangeError", "a drop probability p in [0, 1], got 3");
    refused({ lastRates: 0.1 }, "TypeError", "arrays of rates, got 0.1");
    refused({ more: 1 }, "TypeError", 'the options lastEpoch, baseRates, lastRates, got "more"');
    expectRefusal(
      () => schedule.loadStateDict({ lastEpoch: 1 } as never),
      "TypeError",
      "expected baseRates in the state of DropoutSchedule",
    );
    expectRefusal(() => schedule.loadStateDict(null as never), "TypeError", "loadStateDict: expected what stateDict() gives, got null");
    expect([rates(layers), schedule.stateDict()]).toEqual(before);
  });
});
