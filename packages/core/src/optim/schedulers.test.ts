import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { optim, tensor } from "../index";
import { expectClose } from "../testing/close";
import { expectRefusal } from "../testing/refusal";

const leaf = () => tensor([1], { requiresGrad: true });
const sgd = (options: Partial<optim.SGDOptions> = {}) => new optim.SGD([leaf()], { lr: 0.1, ...options });
const adam = () => new optim.Adam([leaf()], { lr: 0.1 });

/** The learning rate and the momentum of `steps` steps. */
function run(optimizer: optim.SGD | optim.Adam, schedulers: readonly optim.LRScheduler[], steps: number): number[][] {
  return Array.from({ length: steps }, () => {
    const group = optimizer.paramGroups[0] as { lr: number; momentum?: number; betas?: readonly number[] };
    const before = [group.lr, group.momentum ?? (group.betas?.[0] as number)];
    optimizer.step();
    for (const scheduler of schedulers) scheduler.step();
    return before;
  });
}

function expectRun(got: readonly number[][], lrs: readonly number[], momenta?: readonly number[]): void {
  expectClose(
    got.map(([lr]) => lr as number),
    lrs,
    { rtol: 1e-8, atol: 1e-9 },
    "lr",
  );
  if (momenta === undefined) return;
  expectClose(
    got.map(([, momentum]) => momentum as number),
    momenta,
    { rtol: 1e-8, atol: 1e-9 },
    "momentum",
  );
}

describe("the numbers of torch.optim.lr_scheduler, 2.13,", () => {
  test("of OneCycleLR with a momentum", () => {
    const optimizer = sgd({ momentum: 0.5 });
    expectRun(
      run(optimizer, [new optim.OneCycleLR(optimizer, { maxLr: 0.5, totalSteps: 8 })], 8),
      [0.02, 0.4096375524, 0.4859708887, 0.405872827, 0.2779920071, 0.1415304991, 0.0383207969, 2e-6],
      [0.95, 0.8688255099, 0.8528058335, 0.8688255099, 0.8944017762, 0.921694187, 0.94233621, 0.95],
    );
  });

  test("of OneCycleLR in three phases, on Adam's first beta", () => {
    const optimizer = adam();
    const options = { maxLr: 0.5, epochs: 2, stepsPerEpoch: 5, threePhase: true, annealStrategy: "linear" } as const;
    expectRun(
      run(optimizer, [new optim.OneCycleLR(optimizer, options)], 10),
      [0.02, 0.26, 0.5, 0.26, 0.02, 0.0160004, 0.0120008, 0.0080012, 0.0040016, 2e-6],
      [0.95, 0.9, 0.85, 0.9, 0.95, 0.95, 0.95, 0.95, 0.95, 0.95],
    );
    expect(optimizer.paramGroups[0]?.betas[1]).toBe(0.999);
  });

  test("of CyclicLR: triangular2, exp_range, and a function", () => {
    const [a, b, c] = [sgd({ momentum: 0.5 }), adam(), sgd()];
    const options = { baseLr: 0.1, maxLr: 0.5, stepSizeUp: 2 };
    expectRun(
      run(a, [new optim.CyclicLR(a, { ...options, stepSizeDown: 3, mode: "triangular2" })], 8),
      [0.1, 0.3, 0.5, 0.3666666667, 0.2333333333, 0.1, 0.2, 0.3],
      [0.9, 0.85, 0.8, 0.8333333333, 0.8666666667, 0.9, 0.875, 0.85],
    );
    expectRun(
      run(b, [new optim.CyclicLR(b, { ...options, mode: "exp_range", gamma: 0.9 })], 8),
      [0.1, 0.28, 0.424, 0.2458, 0.1, 0.218098, 0.3125764, 0.19565938],
      [0.9, 0.855, 0.819, 0.86355, 0.9, 0.8704755, 0.8468559, 0.876085155],
    );
    expectRun(
      run(c, [new optim.CyclicLR(c, { ...options, scaleFn: (cycle) => 1 / cycle })], 8),
      [0.1, 0.3, 0.5, 0.3, 0.1, 0.2, 0.3, 0.2],
      [0.9, 0.85, 0.8, 0.85, 0.9, 0.875, 0.85, 0.875],
    );
  });

  test("of two schedulers on one optimizer", () => {
    const optimizer = sgd();
    const schedulers = [
      new optim.LinearLR(optimizer, { startFactor: 0.5, totalIters: 2 }),
      new optim.ExponentialLR(optimizer, { gamma: 0.9 }),
    ];
    expectRun(run(optimizer, schedulers, 5), [0.05, 0.0675, 0.081, 0.0729, 0.06561]);
  });

  test("of a cycle after a warm-up, which starts from the cycle's own rate, and of milestones at one step", () => {
    const [a, b] = [sgd(), sgd()];
    const warm = new optim.LinearLR(a, { startFactor: 0.5, totalIters: 2 });
    const cycle = new optim.OneCycleLR(a, { maxLr: 1, totalSteps: 6 });
    expectRun(
      run(a, [new optim.SequentialLR(a, { schedulers: [warm, cycle], milestones: [2] })], 7),
      [0.02, 0.03, 0.04, 0.9944154355, 0.8117456539, 0.4626371027, 0.1334775302],
      [0.95, 0.95, 0.95, 0.8505584587, 0.8688255099, 0.9037365047, 0.9366525936],
    );
    const schedulers = [
      new optim.StepLR(b, { stepSize: 2 }),
      new optim.StepLR(b, { stepSize: 3, gamma: 0.5 }),
      new optim.ConstantLR(b, { factor: 0.5, totalIters: 2 }),
    ];
    const sequence = new optim.SequentialLR(b, { schedulers, milestones: [3, 3] });
    expectRun(run(b, [sequence], 7), [0.1, 0.1, 0.01, 0.05, 0.05, 0.1, 0.1]);
  });

  test("of LambdaLR, with a function for each group, and of a learning rate set by hand", () => {
    const optimizer = new optim.SGD([{ params: leaf() }, { params: leaf(), lr: 1 }], { lr: 0.1 });
    const scheduler = new optim.LambdaLR(optimizer, { lrLambda: [(t) => 1 / (1 + t), () => 0.5] });
    expectRun(run(optimizer, [scheduler], 4), [0.1, 0.05, 0.0333333333, 0.025]);
    expectClose(scheduler.getLastLr(), [0.02, 0.5]);
    const other = sgd();
    const cosine = new optim.CosineAnnealingLR(other, { tMax: 4, etaMin: 0.01 });
    (other.paramGroups[0] as { lr: number }).lr = 0.2;
    expectRun(run(other, [cosine], 7), [0.2, 0.1721751442, 0.105, 0.0378248558, 0.01, 0.0231801948, 0.055]);
  });
});

test("rates that end at 0 end there and not below, and a factor of 0 ends", () => {
  for (let totalIters = 1; totalIters < 40; totalIters++) {
    const optimizer = sgd();
    const schedulers = [new optim.LinearLR(optimizer, { endFactor: 0, totalIters })];
    const lrs = run(optimizer, schedulers, totalIters + 2).map(([lr]) => lr as number);
    expect(Math.min(...lrs)).toBeGreaterThanOrEqual(0);
    expectClose([lrs.at(-1) as number], [0], { atol: 1e-12 });
  }
  const optimizer = sgd();
  expectRun(run(optimizer, [new optim.ConstantLR(optimizer, { factor: 0, totalIters: 2 })], 4), [0, 0, 0.1, 0.1]);
  const line = sgd();
  const cycle = new optim.OneCycleLR(line, { maxLr: 1, totalSteps: 4, annealStrategy: "linear" });
  run(line, [cycle], 4);
  expect(line.paramGroups[0]?.lr).toBe(0);
  expectRefusal(() => cycle.step(), "RangeError", "OneCycleLR: expected at most 4 steps, got 5");
});

test("a scheduler of groups keeps the rates of each, and refuses an optimizer that got more", () => {
  const optimizer = new optim.SGD([{ params: leaf() }, { params: leaf(), lr: 1 }], { lr: 0.1 });
  const scheduler = new optim.ExponentialLR(optimizer, { gamma: 0.5 });
  optimizer.step();
  scheduler.step();
  expect(scheduler.getLastLr()).toEqual([0.05, 0.5]);
  optimizer.addParamGroup({ params: leaf() });
  const before = scheduler.stateDict();
  expectRefusal(() => scheduler.step(), "RangeError", "ExponentialLR: expected 2 parameter groups, as at first, got 3");
  expect(scheduler.stateDict()).toEqual(before);
});

describe("a warning about the order", () => {
  const warn = vi.spyOn(console, "warn");
  beforeEach(() => void warn.mockReset().mockReturnValue(undefined));
  afterEach(() => void warn.mockReset());

  test("is printed once where the scheduler is stepped first, and not where it is second", () => {
    const right = sgd();
    run(right, [new optim.StepLR(right, { stepSize: 1 })], 2);
    const watched = sgd();
    new optim.ReduceLROnPlateau(watched).step(1);
    expect(warn).not.toHaveBeenCalled();
    for (let i = 0; i < 2; i++) {
      const scheduler = new optim.StepLR(sgd(), { stepSize: 1 });
      scheduler.step();
      scheduler.step();
    }
    expect(warn.mock.calls).toEqual([[expect.stringContaining("step: expected optimizer.step() before scheduler.step()")]]);
  });
});

describe("what is refused", () => {
  const optimizer = sgd();
  const before = optimizer.stateDict().paramGroups;
  afterEach(() => expect(optimizer.stateDict().paramGroups).toEqual(before));

  test.each<[string, () => unknown, string, string]>([
    ["no optimizer", () => new optim.StepLR({ paramGroups: [{ lr: 1 }] }, { stepSize: 1 }), "TypeError", "StepLR: expected an optimizer"],
    [
      "no options",
      () => new optim.StepLR(optimizer, undefined as never),
      "TypeError",
      "StepLR: expected stepSize to be a number, got undefined",
    ],
    [
      "null",
      () => new optim.StepLR(optimizer, { stepSize: 1, gamma: null as never }),
      "TypeError",
      "expected gamma to be a number, got null",
    ],
    ["another name", () => new optim.StepLR(optimizer, { step_size: 1 } as never), "TypeError", "did you mean stepSize?"],
    ["no steps", () => new optim.StepLR(optimizer, { stepSize: 0 }), "RangeError", "stepSize to be a positive integer, got 0"],
    [
      "NaN",
      () => new optim.ExponentialLR(optimizer, { gamma: Number.NaN }),
      "RangeError",
      "ExponentialLR: expected gamma of 0 or more, got NaN",
    ],
    [
      "milestones that are none",
      () => new optim.MultiStepLR(optimizer, { milestones: 3 as never }),
      "TypeError",
      "milestones as an array of steps",
    ],
    ["half a milestone", () => new optim.MultiStepLR(optimizer, { milestones: [1.5] }), "RangeError", "milestones to be an integer"],
    ["a large factor", () => new optim.ConstantLR(optimizer, { factor: 2 }), "RangeError", "ConstantLR: expected factor in [0, 1], got 2"],
    [
      "a start at 0",
      () => new optim.LinearLR(optimizer, { startFactor: 0 }),
      "RangeError",
      "LinearLR: expected startFactor above 0, got 0",
    ],
    ["a negative power", () => new optim.PolynomialLR(optimizer, { power: -1 }), "RangeError", "power of 0 or more"],
    ["part of a step", () => new optim.CosineAnnealingLR(optimizer, { tMax: 1.5 }), "RangeError", "tMax to be a positive integer"],
    [
      "no growth",
      () => new optim.CosineAnnealingWarmRestarts(optimizer, { t0: 1, tMult: 0 }),
      "RangeError",
      "tMult to be a positive integer",
    ],
    ["no function", () => new optim.LambdaLR(optimizer, { lrLambda: 3 as never }), "TypeError", "LambdaLR: expected a function, got 3"],
    [
      "too many functions",
      () => new optim.LambdaLR(optimizer, { lrLambda: [() => 1, () => 1] }),
      "RangeError",
      "lrLambda for 1 parameter groups, got 2",
    ],
    [
      "a negative rate",
      () => new optim.LambdaLR(optimizer, { lrLambda: () => -1 }),
      "RangeError",
      "LambdaLR: expected a learning rate of 0 or more",
    ],
    ["no bound", () => new optim.CyclicLR(optimizer, { baseLr: 0.1 } as never), "TypeError", "CyclicLR: expected maxLr to be a number"],
    [
      "another mode",
      () => new optim.CyclicLR(optimizer, { baseLr: 0, maxLr: 1, mode: "round" as never }),
      "TypeError",
      'mode to be "triangular" or',
    ],
    ["no length", () => new optim.OneCycleLR(optimizer, { maxLr: 1, epochs: 3 }), "TypeError", "totalSteps, or epochs and stepsPerEpoch"],
    [
      "a division by 0",
      () => new optim.OneCycleLR(optimizer, { maxLr: 1, totalSteps: 2, divFactor: 0 }),
      "RangeError",
      "divFactor above 0",
    ],
    [
      "no momentum",
      () => new optim.OneCycleLR(new optim.Adagrad(leaf()), { maxLr: 1, totalSteps: 2 }),
      "TypeError",
      "OneCycleLR: expected an optimizer with a momentum or betas, got one without - pass cycleMomentum: false",
    ],
    ["a factor of 1", () => new optim.ReduceLROnPlateau(optimizer, { factor: 1 }), "RangeError", "factor below 1"],
    [
      "another group's rate",
      () => new optim.ReduceLROnPlateau(optimizer, { minLr: [0, 0] }),
      "RangeError",
      "minLr for 1 parameter groups, got 2",
    ],
    [
      "no metric",
      () => new optim.ReduceLROnPlateau(optimizer).step(undefined as never),
      "TypeError",
      "step: expected the metric as a number",
    ],
    ["no schedulers", () => new optim.SequentialLR(optimizer, { schedulers: [], milestones: [] }), "TypeError", "schedulers as an array"],
    [
      "a scheduler of another optimizer",
      () => new optim.SequentialLR(optimizer, { schedulers: [new optim.StepLR(sgd(), { stepSize: 1 })], milestones: [] }),
      "TypeError",
      "schedulers of the same optimizer",
    ],
    [
      "one that watches",
      () => new optim.SequentialLR(optimizer, { schedulers: [new optim.ReduceLROnPlateau(optimizer)], milestones: [] }),
      "TypeError",
      "schedulers that watch no metric",
    ],
    [
      "a milestone too many",
      () => new optim.SequentialLR(optimizer, { schedulers: [new optim.StepLR(optimizer, { stepSize: 1 })], milestones: [1] }),
      "RangeError",
      "0 milestones",
    ],
    [
      "milestones that go down",
      () => {
        const one = new optim.StepLR(optimizer, { stepSize: 1 });
        new optim.SequentialLR(optimizer, { schedulers: [one, one, one], milestones: [3, 2] });
      },
      "RangeError",
      "milestones that go up, got 2",
    ],
  ])("%s", (_, act, name, message) => {
    expectRefusal(act, name, message);
  });

  test("state of another form; nothing changes", () => {
    const other = sgd();
    const one = new optim.StepLR(other, { stepSize: 1 });
    const sequence = new optim.SequentialLR(other, { schedulers: [one], milestones: [] });
    const plateau = new optim.ReduceLROnPlateau(other);
    const [state, whole, watched] = [one.stateDict(), sequence.stateDict(), plateau.stateDict()];
    const wrong: [optim.LRScheduler, unknown, string, string][] = [
      [one, null, "TypeError", "loadStateDict: expected what stateDict() gives, got null"],
      [one, {}, "TypeError", "loadStateDict: expected lastEpoch in the state of StepLR, got undefined"],
      [one, { ...state, best: 1 }, "TypeError", "loadStateDict: expected the options lastEpoch, baseLrs, lastLr"],
      [one, { ...state, lastEpoch: -1 }, "RangeError", "lastEpoch to be an integer of 0 or more"],
      [one, { ...state, baseLrs: 0.1 }, "TypeError", "arrays of learning rates, got 0.1"],
      [one, { ...state, lastLr: [1, 2] }, "RangeError", "learning rates for 1 parameter groups, got 2"],
      [one, { ...state, lastLr: [Number.NaN] }, "RangeError", "learning rates of 0 or more, got NaN"],
      [sequence, { ...whole, schedulers: [] }, "TypeError", "the states of 1 schedulers"],
      [sequence, { ...whole, lastLr: [7], schedulers: [{ ...state, lastEpoch: 0.5 }] }, "RangeError", "lastEpoch to be an integer"],
      [sequence, { ...whole, schedulers: [null] }, "TypeError", "loadStateDict: expected"],
      [plateau, { ...watched, best: "low" }, "TypeError", "best to be a number"],
      [plateau, { ...watched, numBadEpochs: -1 }, "RangeError", "numBadEpochs to be an integer of 0 or more"],
    ];
    for (const [scheduler, dict, name, message] of wrong) expectRefusal(() => scheduler.loadStateDict(dict as never), name, message);
    expect([one.stateDict(), sequence.stateDict(), plateau.stateDict()]).toEqual([state, whole, watched]);
  });
});

test("a cycle's momentum is restored with its state, whatever was loaded before", () => {
  const [a, b] = [sgd({ momentum: 0.5 }), sgd({ momentum: 0.5 })];
  const options = { maxLr: 0.5, totalSteps: 8 };
  const first = new optim.OneCycleLR(a, options);
  run(a, [first], 2);
  b.loadStateDict(a.stateDict());
  const second = new optim.OneCycleLR(b, options);
  second.loadStateDict(first.stateDict());
  expect(b.stateDict().paramGroups).toEqual(a.stateDict().paramGroups);
});
