import { describe, expect, test } from "vitest";
import { functional as F, Generator, memory, nn, ones, optim, type Tensor } from "../index";
import { leaf, list, OPTIMIZERS, setGrad } from "../testing/optimizers";
import { expectRefusal } from "../testing/refusal";

describe("state dicts", () => {
  const build = (Optimizer: (typeof OPTIMIZERS)[number]) => {
    const model = new nn.Sequential(
      new nn.Linear(4, 6, { generator: new Generator(1) }),
      new nn.ReLU(),
      new nn.Linear(6, 1, { generator: new Generator(2) }),
    );
    const [first, ...rest] = [...model.parameters()] as [Tensor, ...Tensor[]];
    const options = Optimizer === optim.SGD ? { lr: 0.05, momentum: 0.9 } : { lr: 0.01 };
    const optimizer = new (Optimizer as typeof optim.SGD)([{ params: first, lr: 0.02 }, { params: rest }], options);
    const input = ones([3, 4]).mul(0.5);
    const step = () => {
      optimizer.zeroGrad();
      F.mseLoss(model.forward(input), ones([3, 1])).backward();
      optimizer.step();
    };
    return { model, optimizer, step };
  };

  test.each(OPTIMIZERS)("of %o restore a run that goes on identically", (Optimizer) => {
    const original = build(Optimizer);
    for (let i = 0; i < 5; i++) original.step();
    const copy = build(Optimizer);
    (original.optimizer.paramGroups[1] as { lr: number }).lr = 0.03;
    copy.model.loadStateDict(original.model.stateDict());
    copy.optimizer.loadStateDict(original.optimizer.stateDict());
    for (let i = 0; i < 5; i++) {
      original.step();
      copy.step();
    }
    const weights = (run: typeof copy) => [...run.model.parameters()].map(list);
    expect(weights(copy)).toEqual(weights(original));
  });

  test("are plain enough to pass through JSON by hand: groups by place, tensors readable as arrays", () => {
    const { optimizer, step } = build(optim.Adam);
    expect(optimizer.stateDict().state).toEqual({});
    step();
    const dict = optimizer.stateDict();
    expect(dict.paramGroups.map((group) => [group.lr, group.params])).toEqual([
      [0.02, [0]],
      [0.01, [1, 2, 3]],
    ]);
    expect(Object.values(dict.state).map(({ step, tensors }) => [step, tensors.length])).toEqual(Array(4).fill([1, 2]));
    const arrays = Object.fromEntries(
      Object.entries(dict.state).map(([i, { step, tensors }]) => [i, { step, tensors: tensors.map((x) => (x as Tensor).dataSync()) }]),
    );
    const other = build(optim.Adam);
    other.optimizer.loadStateDict({ ...dict, state: arrays });
    expect(list(other.optimizer.stateDict().state["1"]?.tensors[0] as Tensor)).toEqual(Array.from(arrays["1"]?.tensors[0] ?? []));
  });

  test("are copied when loaded: the two runs do not share memory", () => {
    const [a, b] = [build(optim.Adam), build(optim.Adam)];
    a.step();
    b.optimizer.loadStateDict(a.optimizer.stateDict());
    const before = list(b.optimizer.stateDict().state["0"]?.tensors[0] as Tensor);
    a.step();
    expect(list(b.optimizer.stateDict().state["0"]?.tensors[0] as Tensor)).toEqual(before);
  });

  test("that do not fit are refused, and nothing changes", () => {
    const { optimizer, step } = build(optim.Adam);
    step();
    const dict = optimizer.stateDict();
    const before = JSON.stringify(dict.paramGroups);
    const saved = dict.state["0"] as optim.SavedState;
    const tensors = memory().tensors;
    const [group0, group1] = dict.paramGroups as [(typeof dict.paramGroups)[0], (typeof dict.paramGroups)[0]];
    const load = (changes: object) => () => optimizer.loadStateDict({ ...dict, ...changes } as never);
    expectRefusal(load({ paramGroups: [group0] }), "RangeError", "loadStateDict: expected groups of 1, 3 parameters, got an array of 1");
    expectRefusal(
      () => optimizer.loadStateDict(undefined as never),
      "TypeError",
      "loadStateDict: expected { paramGroups, state } as stateDict() gives it, got undefined",
    );
    expectRefusal(load({ state: { 9: saved } }), "RangeError", 'loadStateDict: expected a parameter number below 4, got "9"');
    expectRefusal(
      load({ state: { 0: saved, 1: saved } }),
      "ShapeError",
      "loadStateDict: expected shape [6] for the state of a Parameter [6], got [6, 4]",
    );
    expectRefusal(
      load({ state: { 0: { step: 1, tensors: [saved.tensors[0]] } } }),
      "RangeError",
      "loadStateDict: expected 2 tensors of state",
    );
    expectRefusal(
      load({ state: { 0: { step: 1, tensors: [new Float64Array(24), new Float64Array(24)] } } }),
      "TypeError",
      "loadStateDict: expected float32 for the state of a Parameter [6, 4], got float64",
    );
    expectRefusal(load({ state: { 0: 5 } }), "TypeError", "loadStateDict: expected state { step, tensors }, got 5");
    expectRefusal(load({ paramGroups: [{ ...group0, lr: -1 }, group1] }), "RangeError", "Adam: expected lr of 0 or more, got -1");
    expectRefusal(load({ paramGroups: [group0, { ...group1, lr: "fast" }] }), "TypeError", "Adam: expected lr to be a number");
    expectRefusal(
      load({ paramGroups: [group0, { ...group1, params: [1, 2] }] }),
      "RangeError",
      "loadStateDict: expected a group of 3 parameters, got 2",
    );
    for (const params of [[1, 3, 2], ["1", 2, 3], new Array(3)])
      expectRefusal(
        load({ paramGroups: [group0, { ...group1, params }] }),
        "RangeError",
        "loadStateDict: expected parameter",
        "at its place in its group",
      );
    const holes = new Array(2 ** 32 - 1);
    expectRefusal(load({ paramGroups: holes }), "RangeError", "loadStateDict: expected groups of 1, 3 parameters");
    expectRefusal(load({ state: { 0: { step: 1, tensors: holes } } }), "RangeError", "loadStateDict: expected 2 tensors of state");
    expect(JSON.stringify(optimizer.stateDict().paramGroups)).toBe(before);
    expect(optimizer.stateDict().state["0"]?.tensors[0]).toBe(saved.tensors[0]);
    expect(memory().tensors).toBe(tensors);
  });
});

describe("a state dict that was changed on its way", () => {
  const make = () => {
    const w = leaf(1);
    const optimizer = new optim.Adam([w], { lr: 0.1 });
    setGrad(w, 1);
    optimizer.step();
    return { w, optimizer, dict: optimizer.stateDict() };
  };

  test.each([
    [
      "a Map of states",
      (dict: optim.OptimizerStateDict) => ({ ...dict, state: new Map(Object.entries(dict.state)) }),
      "TypeError",
      "expected { paramGroups, state }",
    ],
    ["no states", ({ paramGroups }: optim.OptimizerStateDict) => ({ paramGroups }), "TypeError", "expected { paramGroups, state }"],
    [
      "groups that are none",
      (dict: optim.OptimizerStateDict) => ({ ...dict, paramGroups: 3 }),
      "TypeError",
      "expected { paramGroups, state }",
    ],
    [
      "a group that is null",
      (dict: optim.OptimizerStateDict) => ({ ...dict, paramGroups: [null] }),
      "TypeError",
      "expected groups { params",
    ],
    [
      "a group without parameters",
      (dict: optim.OptimizerStateDict) => ({ ...dict, paramGroups: [{}] }),
      "TypeError",
      "expected groups { params",
    ],
    [
      "a number that is no place",
      (dict: optim.OptimizerStateDict) => ({ ...dict, state: { "0x0": dict.state[0] } }),
      "RangeError",
      'below 1, got "0x0"',
    ],
    ["an empty place", (dict: optim.OptimizerStateDict) => ({ ...dict, state: { "": dict.state[0] } }), "RangeError", 'below 1, got ""'],
    [
      "a step before the first",
      (dict: optim.OptimizerStateDict) => ({ ...dict, state: { 0: { ...dict.state[0], step: -1 } } }),
      "RangeError",
      "expected step to be an integer of 0 or more, got -1",
    ],
    [
      "an option of another optimizer",
      (dict: optim.OptimizerStateDict) => ({ ...dict, paramGroups: [{ params: [0], momentum: 0.9 }] }),
      "TypeError",
      "expected the options lr, betas",
    ],
    [
      "an option by another name",
      (dict: optim.OptimizerStateDict) => ({ ...dict, paramGroups: [{ params: [0], learningRate: 3 }] }),
      "TypeError",
      "did you mean lr?",
    ],
    [
      "a prototype for an option",
      (dict: optim.OptimizerStateDict) => ({ ...dict, paramGroups: JSON.parse('[{"params":[0],"__proto__":{"x":1}}]') }),
      "TypeError",
      'got "__proto__"',
    ],
  ])("with %s is refused, and nothing changes", (_, change, name, message) => {
    const { w, optimizer, dict } = make();
    const before = memory();
    expectRefusal(() => optimizer.loadStateDict(change(dict) as never), name, `loadStateDict: `, message);
    expect(memory()).toEqual(before);
    const other = make();
    for (const run of [{ w, optimizer }, other]) run.optimizer.step();
    expect(list(w)).toEqual(list(other.w));
  });

  test("betas that a caller gave are not kept", () => {
    const betas: [number, number] = [0.9, 0.999];
    const optimizer = new optim.Adam([leaf(1)], { betas });
    betas[0] = 0;
    expect(optimizer.paramGroups[0]?.betas).toEqual([0.9, 0.999]);
    (optimizer.stateDict().paramGroups[0] as unknown as { betas: number[] }).betas[0] = 0;
    expect(optimizer.paramGroups[0]?.betas).toEqual([0.9, 0.999]);
  });
});
