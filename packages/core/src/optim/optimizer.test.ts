import { describe, expect, test } from "vitest";
import { memory, nn, ones, optim, type Tensor } from "../index";
import { expectClose } from "../testing/close";
import { leaf, list, OPTIMIZERS, setGrad } from "../testing/optimizers";
import { expectRefusal } from "../testing/refusal";

/** What PyTorch says without any options. */
const DEFAULTS: Readonly<Record<string, object>> = {
  SGD: { lr: 1e-3, momentum: 0, dampening: 0, weightDecay: 0, nesterov: false },
  Adam: { lr: 1e-3, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0, amsgrad: false },
  AdamW: { lr: 1e-3, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0.01, amsgrad: false },
  RMSprop: { lr: 0.01, alpha: 0.99, eps: 1e-8, weightDecay: 0, momentum: 0, centered: false },
  Adagrad: { lr: 0.01, lrDecay: 0, weightDecay: 0, initialAccumulatorValue: 0, eps: 1e-10 },
  Adadelta: { lr: 1, rho: 0.9, eps: 1e-6, weightDecay: 0 },
  Adamax: { lr: 2e-3, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0 },
  NAdam: { lr: 2e-3, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0, momentumDecay: 4e-3, decoupledWeightDecay: false },
  RAdam: { lr: 1e-3, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0, decoupledWeightDecay: false },
};

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
    expect(options).toEqual({ ...DEFAULTS[Optimizer.name], maximize: false });
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

  test("climbs with maximize as it descends without, on what has its sign changed", () => {
    const [up, down] = [leaf(1, -2), leaf(1, -2)];
    setGrad(up, 1, -3);
    setGrad(down, -1, 3);
    new Optimizer([up], { lr: 0.1, maximize: true }).step();
    new Optimizer([down], { lr: 0.1 }).step();
    expect(list(up)).toEqual(list(down));
    expect(list(up.grad as Tensor)).toEqual([1, -3]);
  });

  test("refuses flags that are none, also one that became undefined", () => {
    const name = Optimizer.name;
    expectRefusal(
      () => new Optimizer([leaf(1)], { maximize: 1 as never }),
      "TypeError",
      `${name}: expected maximize to be true or false, got 1`,
    );
    const x = leaf(1);
    const optimizer = new Optimizer([x]);
    setGrad(x, 1);
    (optimizer.paramGroups[0] as { maximize: unknown }).maximize = undefined;
    expectRefusal(() => optimizer.step(), "TypeError", `${name}: expected maximize to be true or false, got undefined`);
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
    const state = [optim.SGD, optim.RMSprop, optim.Adagrad].includes(Optimizer as never) ? 1 : 2;
    expect(memory().tensors).toBe(before + state);
    optimizer.dispose();
    expect(memory().tensors).toBe(before);
    optimizer.step();
    expect(memory().tensors).toBe(before + state);
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

  test.each([optim.Adamax, optim.NAdam, optim.RAdam])("of %o are checked", (Optimizer) => {
    const make = (options: object) => () => new Optimizer([leaf(1)], options);
    expectRefusal(make({ eps: -1 }), "RangeError", `${Optimizer.name}: expected eps of 0 or more, got -1`);
    expectRefusal(make({ betas: [1, 0.9] }), "RangeError", `${Optimizer.name}: expected betas in [0, 1), got 1`);
    expectRefusal(make({ amsgrad: true }), "TypeError", `${Optimizer.name}: expected the options lr, betas`);
  });

  test.each<[new (params: Tensor, options: object) => unknown, string[]]>([
    [optim.RMSprop, ["alpha", "eps", "momentum"]],
    [optim.Adagrad, ["lrDecay", "initialAccumulatorValue", "eps"]],
    [optim.Adadelta, ["rho", "eps"]],
    [optim.NAdam, ["momentumDecay"]],
  ])("of %o are of 0 or more", (Optimizer, names) => {
    for (const name of names)
      for (const value of [-0.1, Number.NaN])
        expectRefusal(() => new Optimizer(leaf(1), { [name]: value }), "RangeError", `${Optimizer.name}: expected ${name} of 0 or more`);
  });

  test("Adadelta's rho is at most 1", () => {
    expectRefusal(() => new optim.Adadelta(leaf(1), { rho: 1.1 }), "RangeError", "Adadelta: expected rho of at most 1, got 1.1");
  });

  test("Adam's amsgrad switched on or off after some steps starts the state anew", () => {
    const x = leaf(1);
    const optimizer = new optim.Adam(x, { lr: 0.1 });
    const counts = [false, true, true, false].map((amsgrad) => {
      (optimizer.paramGroups[0] as { amsgrad: boolean }).amsgrad = amsgrad;
      setGrad(x, 1);
      optimizer.step();
      const { step, tensors } = optimizer.stateDict().state[0] as optim.SavedState;
      return [step, tensors.length];
    });
    expect(counts).toEqual([
      [1, 2],
      [1, 3],
      [2, 3],
      [1, 2],
    ]);
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

describe("an optimizer of one's own", () => {
  /** Steps by the sign of the gradient. */
  class SignSGD extends optim.Optimizer<{ lr: number }> {
    constructor(
      params: optim.Params<{ lr: number }>,
      readonly formula: (lr: number) => optim.StepFormula,
    ) {
      super({ name: "SignSGD", kinds: { lr: "number" }, defaults: { lr: 0.1 } }, params, undefined);
    }

    protected checkOptions(): void {}

    protected stateCount(): number {
      return 1;
    }

    protected rule({ lr }: { lr: number }): optim.StepRule {
      return { formula: this.formula(lr) };
    }
  }

  test("steps by a formula in tensor operations, and leaves nothing of it behind", () => {
    const x = leaf(1, 2);
    const optimizer = new SignSGD([x], (lr) => (param, grad, [sum]) => [
      param.sub(grad.div(grad.abs()).mul(lr)),
      (sum as Tensor).add(grad),
    ]);
    setGrad(x, 5, -3);
    optimizer.step();
    const before = memory().tensors;
    optimizer.step();
    expect(memory().tensors).toBe(before);
    expectClose(list(x), [0.8, 2.2]);
    expect(list(optimizer.stateDict().state[0]?.tensors[0] as Tensor)).toEqual([10, -6]);
  });

  test("is refused where its formula gives too few values, another shape or no tensors; nothing changes", () => {
    const wrong: [optim.StepFormula, string, string][] = [
      [(param) => [param], "TypeError", "step: expected a new value to be a Tensor, got undefined"],
      [(param, grad) => [param.sum(), grad], "ShapeError", "step: expected shape [2] for a new value, got []"],
      [(param) => [param, [1, 2] as never], "TypeError", "step: expected a new value to be a Tensor"],
      [(param, grad) => [param, grad.type("float64")], "TypeError", "step: expected float32 for a new value, got float64"],
    ];
    for (const [formula, name, message] of wrong) {
      const x = leaf(1, 2);
      setGrad(x, 5, -3);
      const before = memory().tensors;
      const optimizer = new SignSGD([x], () => formula);
      expectRefusal(() => optimizer.step(), name, message);
      expect(memory().tensors).toBe(before);
      expect(list(x)).toEqual([1, 2]);
      expect(optimizer.stateDict().state).toEqual({});
    }
  });
});
