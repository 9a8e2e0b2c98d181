import { describe, expect, test } from "vitest";
import { functional as F, Generator, memory, nn, ones, optim, type Tensor, tensor } from "../index";
import { expectClose } from "../testing/close";
import { expectRefusal } from "../testing/refusal";

const leaf = (...values: number[]) => tensor(values, { requiresGrad: true });
const list = (x: Tensor) => [...x.dataSync()];
const setGrad = (x: Tensor, ...values: number[]) => {
  x.grad = tensor(values);
};
const OPTIMIZERS = [optim.SGD, optim.Adam, optim.AdamW];

describe("the formulas", () => {
  test("of SGD: momentum starts at the first gradient, whatever the dampening", () => {
    const x = leaf(1);
    const optimizer = new optim.SGD([x], { lr: 0.1, momentum: 0.5, dampening: 0.2 });
    setGrad(x, 2);
    optimizer.step();
    expectClose(list(x), [1 - 0.1 * 2]);
    optimizer.step();
    expectClose(list(x), [0.8 - 0.1 * (0.5 * 2 + 0.8 * 2)]);
  });

  test("of SGD with Nesterov's momentum and weight decay", () => {
    const x = leaf(1);
    const optimizer = new optim.SGD(x, { lr: 0.1, momentum: 0.9, nesterov: true, weightDecay: 0.5 });
    setGrad(x, 2);
    optimizer.step();
    expectClose(list(x), [1 - 0.1 * (2.5 + 0.9 * 2.5)]);
  });

  test("of Adam: the first step has the size of lr, whatever the gradient's", () => {
    for (const g of [1e-3, 1, 1e3]) {
      const x = leaf(1);
      setGrad(x, g);
      new optim.Adam([x], { lr: 0.1 }).step();
      expectClose(list(x), [0.9], { rtol: 2e-5 });
    }
  });

  test("of AdamW shrink the weight apart from the gradient, by 0.01 as default", () => {
    const x = leaf(10);
    setGrad(x, 0);
    new optim.AdamW([x], { lr: 0.1 }).step();
    expectClose(list(x), [10 * (1 - 0.1 * 0.01)]);
    const plain = leaf(10);
    setGrad(plain, 0);
    new optim.Adam([plain], { lr: 0.1 }).step();
    expect(list(plain)).toEqual([10]);
  });
});

describe.each(OPTIMIZERS)("%o", (Optimizer) => {
  test("has PyTorch's defaults", () => {
    const { params, ...options } = new Optimizer([leaf(1)]).paramGroups[0] as { params: unknown };
    expect(params).toHaveLength(1);
    if (Optimizer === optim.SGD) expect(options).toEqual({ lr: 1e-3, momentum: 0, dampening: 0, weightDecay: 0, nesterov: false });
    else expect(options).toEqual({ lr: 1e-3, betas: [0.9, 0.999], eps: 1e-8, weightDecay: Optimizer === optim.AdamW ? 0.01 : 0 });
  });

  test("takes an iterator, a tensor or groups, and steps in place only what has a gradient", () => {
    const model = new nn.Linear(2, 2);
    const frozen = leaf(5);
    const { weight } = model;
    const storage = weight.storage;
    const optimizer = new Optimizer([{ params: model.parameters() }, { params: frozen, lr: 1 }], { lr: 0.5 });
    expect(optimizer.paramGroups.map(({ lr, params }) => [lr, params.length])).toEqual([
      [0.5, 2],
      [1, 1],
    ]);
    const before = list(weight);
    model
      .forward(ones([1, 2]))
      .sum()
      .backward();
    optimizer.step();
    expect(list(weight)).not.toEqual(before);
    expect(weight.storage).toBe(storage);
    expect(list(frozen)).toEqual([5]);
  });

  test("reads options that change between steps", () => {
    const x = leaf(1);
    const optimizer = new Optimizer([x], { lr: 0.1, weightDecay: 0 });
    setGrad(x, 1);
    (optimizer.paramGroups[0] as { lr: number }).lr = 0;
    optimizer.step();
    expect(list(x)).toEqual([1]);
  });

  test("zeroGrad drops and frees the gradients", () => {
    const x = leaf(1);
    const optimizer = new Optimizer([x]);
    x.mul(2).sum().backward();
    const gradient = x.grad;
    optimizer.zeroGrad();
    expect([x.grad, gradient?.isDisposed]).toEqual([null, true]);
    optimizer.step(); // nothing to do
    expect(list(x)).toEqual([1]);
  });

  test("records nothing for a backward pass and keeps the leaf a leaf", () => {
    const x = leaf(1);
    const optimizer = new Optimizer([x], { lr: 0.1 });
    x.mul(2).sum().backward();
    optimizer.step();
    expect(x).toMatchObject({ isLeaf: true, requiresGrad: true });
  });

  test("frees its state when disposed, and may go on with a fresh one", () => {
    const x = leaf(1, 2);
    const optimizer = Optimizer === optim.SGD ? new optim.SGD([x], { momentum: 0.9 }) : new Optimizer([x]);
    setGrad(x, 1, 1);
    const before = memory().tensors;
    optimizer.step();
    expect(memory().tensors).toBe(before + (Optimizer === optim.SGD ? 1 : 2));
    optimizer.dispose();
    expect(memory().tensors).toBe(before);
    optimizer.step();
    expect(memory().tensors).toBe(before + (Optimizer === optim.SGD ? 1 : 2));
  });

  test("refuses no parameters, repeated ones, and what is no leaf that requires a gradient", () => {
    const name = Optimizer.name;
    const x = leaf(1);
    expectRefusal(() => new Optimizer([]), "RangeError", `${name}: expected at least one parameter, got none - pass model.parameters()`);
    expectRefusal(() => new Optimizer([x, x]), "RangeError", `${name}: expected each parameter once`);
    expectRefusal(() => new Optimizer([{ params: [x] }, { params: x }]), "RangeError", `${name}: expected each parameter once`);
    expectRefusal(() => new Optimizer([ones([1])]), "TypeError", `${name}: expected leaves that require a gradient`);
    expectRefusal(() => new Optimizer([x.mul(2)]), "TypeError", `${name}: expected leaves that require a gradient`);
    expectRefusal(
      () => new Optimizer(new nn.Linear(1, 1) as never),
      "TypeError",
      `${name}: expected parameters or groups of them, such as model.parameters(), got a value of type Linear`,
    );
    expectRefusal(
      () => new Optimizer(null as never),
      "TypeError",
      `${name}: expected parameters or groups of them, such as model.parameters(), got null`,
    );
    expectRefusal(() => new Optimizer([3 as never]), "TypeError", `${name}: expected parameters or groups { params }, got 3`);
    expectRefusal(() => new Optimizer([{ params: [3 as never] }]), "TypeError", `${name}: expected each parameter to be a Tensor, got 3`);
  });

  test.each(["lr", "weightDecay"])("refuses a %s that is negative, infinite, NaN or no number", (option) => {
    const name = Optimizer.name;
    for (const value of [-0.1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expectRefusal(
        () => new Optimizer([leaf(1)], { [option]: value }),
        "RangeError",
        `${name}: expected ${option} of 0 or more, got ${value}`,
      );
      expectRefusal(
        () => new Optimizer([{ params: leaf(1), [option]: value } as never]),
        "RangeError",
        `${name}: expected ${option} of 0 or more`,
      );
    }
    expectRefusal(() => new Optimizer([leaf(1)], { [option]: "1" }), "TypeError", `${name}: expected ${option} to be a number, got "1"`);
  });
});

describe("options of their own", () => {
  test("of SGD are checked", () => {
    const make = (options: Partial<optim.SGDOptions>) => () => new optim.SGD([leaf(1)], options);
    expectRefusal(make({ momentum: -1 }), "RangeError", "SGD: expected momentum of 0 or more, got -1");
    expectRefusal(make({ dampening: Number.NaN }), "RangeError", "SGD: expected dampening of 0 or more, got NaN");
    expectRefusal(
      make({ nesterov: true }),
      "RangeError",
      "SGD: expected a momentum and no dampening with nesterov, got momentum 0 and dampening 0",
    );
    expectRefusal(make({ nesterov: true, momentum: 0.9, dampening: 0.1 }), "RangeError", "dampening 0.1");
  });

  test.each([optim.Adam, optim.AdamW])("of %o are checked", (Optimizer) => {
    const make = (options: object) => () => new Optimizer([leaf(1)], options);
    expectRefusal(make({ eps: -1 }), "RangeError", `${Optimizer.name}: expected eps of 0 or more, got -1`);
    for (const beta of [1, -0.1, Number.NaN])
      expectRefusal(make({ betas: [0.9, beta] }), "RangeError", `expected betas in [0, 1), got ${beta}`);
    expectRefusal(make({ betas: 0.9 }), "TypeError", `${Optimizer.name}: expected betas as two numbers, got 0.9`);
    expectRefusal(make({ betas: [0.9] }), "TypeError", "expected betas as two numbers");
  });

  test("a momentum switched on after some steps is used from there on", () => {
    const run = (switchAt: number) => {
      const x = leaf(1);
      const optimizer = new optim.SGD([x], { lr: 0.1, momentum: switchAt === 0 ? 0.9 : 0 });
      const values: number[] = [];
      for (let step = 0; step < 4; step++) {
        if (step === switchAt) (optimizer.paramGroups[0] as { momentum: number }).momentum = 0.9;
        setGrad(x, 1);
        optimizer.step();
        values.push(x.dataSync()[0] as number);
      }
      return values;
    };
    const late = run(2);
    expectClose(late, [0.9, 0.8, 0.7, 0.7 - 0.1 * 1.9]);
    expectClose(run(0), [0.9, 0.71, 0.439, 0.0951], { rtol: 1e-5 });
  });
});

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
