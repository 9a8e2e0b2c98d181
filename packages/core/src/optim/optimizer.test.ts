import { describe, expect, test } from "vitest";
import { memory, nn, ones, optim, type Tensor, tensor } from "../index";
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
