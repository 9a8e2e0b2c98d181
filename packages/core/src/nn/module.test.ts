import { describe, expect, test } from "vitest";
import { functional as F, Generator, memory, nn, ones, type Tensor, tensor, tidy } from "../index";
import { expectRefusal } from "../testing/refusal";

const list = (x: Tensor) => [...x.dataSync()];
const net = () =>
  new nn.Sequential(
    new nn.Linear(10, 20, { generator: new Generator(1) }),
    new nn.ReLU(),
    new nn.Dropout({ p: 0.5 }),
    new nn.Sequential({ out: new nn.Linear(20, 1, { bias: false }), act: new nn.LeakyReLU() }),
  );

test("namedGenerators names those that layers were made with, and not the default one", () => {
  const [a, b] = [new Generator(1), new Generator(2)];
  const model = new nn.ModuleDict({
    drop: new nn.Dropout({ generator: a }),
    plain: new nn.Dropout(),
    attention: new nn.MultiheadAttention(4, 2, { generator: b }),
    layer: new nn.TransformerEncoderLayer(4, 2, { dimFeedforward: 4, generator: a }),
  });
  const found = [...model.namedGenerators()];
  const inLayer = ["self_attn", "dropout", "dropout1", "dropout2"].map((name) => [`layer.${name}.generator`, a]);
  expect(found).toEqual([["drop.generator", a], ["attention.generator", b], ...inLayer]);
  expect([...new nn.LSTM(2, 2, { generator: a }).namedGenerators()]).toEqual([["generator", a]]);
});

describe("train and eval", () => {
  test("reach every module inside and return the module", () => {
    const model = net();
    expect([...model.modules()].every((m) => m.training)).toBe(true);
    expect(model.eval()).toBe(model);
    expect([...model.modules()].some((m) => m.training)).toBe(false);
    expect(model.train()).toBe(model);
    expect([...model.modules()].every((m) => m.training)).toBe(true);
    model.train(false);
    expect(model.training).toBe(false);
    expectRefusal(() => model.train(1 as never), "TypeError", "train: expected true or false, got 1");
  });

  test("make inference deterministic and training random", () => {
    const model = net();
    const x = ones([4, 10]);
    expect(list(model.forward(x))).not.toEqual(list(model.forward(x)));
    model.eval();
    expect(list(model.forward(x))).toEqual(list(model.forward(x)));
  });
});

describe("toString", () => {
  test("is PyTorch's indented form", () => {
    expect(String(net())).toBe(
      [
        "Sequential(",
        "  (0): Linear(inFeatures=10, outFeatures=20, bias=true)",
        "  (1): ReLU()",
        "  (2): Dropout(p=0.5, inplace=false)",
        "  (3): Sequential(",
        "    (out): Linear(inFeatures=20, outFeatures=1, bias=false)",
        "    (act): LeakyReLU(negativeSlope=0.01)",
        "  )",
        ")",
      ].join("\n"),
    );
  });

  test("tells what layers are made with", () => {
    const layers = [
      new nn.ELU({ alpha: 2 }),
      new nn.Softplus(),
      new nn.Softmax({ dim: 1 }),
      new nn.LogSoftmax({ dim: -1 }),
      new nn.Flatten(),
      new nn.Identity(),
    ];
    expect(layers.map(String)).toEqual([
      "ELU(alpha=2)",
      "Softplus(beta=1)",
      "Softmax(dim=1)",
      "LogSoftmax(dim=-1)",
      "Flatten(startDim=1, endDim=-1)",
      "Identity()",
    ]);
  });
});

describe("apply", () => {
  test("calls the function on what is inside before what is around it, each once", () => {
    const seen: string[] = [];
    const model = net();
    expect(model.apply((m) => void seen.push(m.constructor.name))).toBe(model);
    expect(seen).toEqual(["Linear", "ReLU", "Dropout", "Linear", "LeakyReLU", "Sequential", "Sequential"]);
  });
});

describe("zeroGrad", () => {
  test("drops and frees the gradients of all parameters", () => {
    const model = net();
    const before = memory().tensors;
    tidy(() =>
      model
        .forward(ones([2, 10]))
        .sum()
        .backward(),
    );
    expect(memory().tensors).toBe(before + 3);
    model.zeroGrad();
    expect([...model.parameters()].every((p) => p.grad === null)).toBe(true);
    expect(memory().tensors).toBe(before);
  });
});

describe("layers", () => {
  const x = tensor([
    [-1, 0.5],
    [2, -3],
  ]);

  test.each<[nn.Module, (x: Tensor) => Tensor]>([
    [new nn.ReLU(), F.relu],
    [new nn.Sigmoid(), F.sigmoid],
    [new nn.Tanh(), F.tanh],
    [new nn.GELU(), F.gelu],
    [new nn.SiLU(), F.silu],
    [new nn.SELU(), F.selu],
    [new nn.LeakyReLU({ negativeSlope: 0.3 }), (t) => F.leakyRelu(t, { negativeSlope: 0.3 })],
    [new nn.ELU({ alpha: 0.5 }), (t) => F.elu(t, { alpha: 0.5 })],
    [new nn.Softplus({ beta: 3 }), (t) => F.softplus(t, { beta: 3 })],
    [new nn.Softmax({ dim: 0 }), (t) => F.softmax(t, { dim: 0 })],
    [new nn.LogSoftmax({ dim: -1 }), (t) => F.logSoftmax(t, { dim: -1 })],
  ])("%s are the functions of their names", (layer, fn) => {
    expect(list(layer.forward(x) as Tensor)).toEqual(list(fn(x)));
  });

  test("the losses are, too, with the options they were made with", () => {
    const [y, classes] = [ones([2, 2]).mul(0.25), tensor(new Int32Array([1, 0]))];
    const p = F.sigmoid(x);
    const pairs: [nn.Module, Tensor, Tensor, Tensor][] = [
      [new nn.MSELoss(), x, y, F.mseLoss(x, y)],
      [new nn.L1Loss({ reduction: "sum" }), x, y, F.l1Loss(x, y, { reduction: "sum" })],
      [new nn.SmoothL1Loss({ beta: 0.5 }), x, y, F.smoothL1Loss(x, y, { beta: 0.5 })],
      [new nn.BCELoss(), p, y, F.binaryCrossEntropy(p, y)],
      [new nn.BCEWithLogitsLoss({ reduction: "none" }), x, y, F.binaryCrossEntropyWithLogits(x, y, { reduction: "none" })],
      [new nn.CrossEntropyLoss({ labelSmoothing: 0.1 }), x, classes, F.crossEntropy(x, classes, { labelSmoothing: 0.1 })],
      [new nn.NLLLoss(), x, classes, F.nllLoss(x, classes)],
    ];
    for (const [loss, input, target, expected] of pairs) expect(list(loss.forward(input, target) as Tensor)).toEqual(list(expected));
  });

  test("softmax layers refuse to be made without a dim", () => {
    expectRefusal(() => new nn.Softmax({} as never), "TypeError", "Softmax: expected { dim }");
    expectRefusal(
      () => new (nn.LogSoftmax as unknown as new () => nn.Module)(),
      "TypeError",
      "LogSoftmax: expected { dim }, got undefined",
    );
  });

  test("Identity returns its input, Flatten merges dimensions", () => {
    expect(new nn.Identity().forward(x)).toBe(x);
    const y = ones([2, 3, 4, 5]);
    expect(new nn.Flatten().forward(y).shape).toEqual([2, 60]);
    expect(new nn.Flatten({ startDim: 0 }).forward(y).shape).toEqual([120]);
    expect(new nn.Flatten({ startDim: 1, endDim: 2 }).forward(y).shape).toEqual([2, 12, 5]);
    expect(new nn.Flatten({ startDim: -2 }).forward(y).shape).toEqual([2, 3, 20]);
    expect(new nn.Flatten().forward(ones([0, 3, 2])).shape).toEqual([0, 6]);
    expect(new nn.Flatten({ startDim: 0 }).forward(tensor(1)).shape).toEqual([1]);
    expectRefusal(
      () => new nn.Flatten({ startDim: 2, endDim: 1 }).forward(y),
      "RangeError",
      "Flatten: expected startDim at or before endDim, got 2 and 1",
    );
    for (const name of ["startDim", "endDim"])
      expectRefusal(() => new nn.Flatten({ [name]: 0.5 }), "RangeError", `Flatten: expected ${name} to be an integer, got 0.5`);
    expectRefusal(() => new nn.Flatten({ startDim: 4 }).forward(y), "RangeError", "Flatten: expected dim in [-4, 3], got 4");
  });
});

describe("losses", () => {
  test("refuse options out of range when they are made", () => {
    expectRefusal(() => new nn.SmoothL1Loss({ beta: -1 }), "RangeError", "SmoothL1Loss: expected beta of 0 or more, got -1");
    expectRefusal(
      () => new nn.CrossEntropyLoss({ labelSmoothing: 2 }),
      "RangeError",
      "CrossEntropyLoss: expected labelSmoothing in [0, 1], got 2",
    );
    expectRefusal(
      () => new nn.CrossEntropyLoss({ labelSmoothing: "a" as never }),
      "TypeError",
      "CrossEntropyLoss: expected labelSmoothing",
    );
    expect([new nn.SmoothL1Loss({ beta: 0 }), new nn.CrossEntropyLoss({ labelSmoothing: 1 })].map(String)).toHaveLength(2);
  });
});

describe("Sequential", () => {
  test("runs its modules one after the other; empty, it is the identity", () => {
    const x = ones([2, 3]);
    expect(new nn.Sequential().forward(x)).toBe(x);
    const [a, b] = [new nn.Linear(3, 2), new nn.Tanh()];
    expect(list(new nn.Sequential(a, b).forward(x))).toEqual(list(b.forward(a.forward(x))));
  });

  test("runs a module used twice in both places, and lists it once", () => {
    const layer = new nn.Linear(2, 2);
    const model = new nn.Sequential(layer, new nn.Tanh(), layer);
    const x = ones([1, 2]);
    expect(list(model.forward(x))).toEqual(list(layer.forward(F.tanh(layer.forward(x)))));
    expect([...model.parameters()].length).toBe(2);
    expect([...model.children()].length).toBe(2);
    expect(Object.keys(model.stateDict())).toEqual(["0.weight", "0.bias"]);
  });

  test("takes names, in their order, through which modules are reached", () => {
    const hidden = new nn.Linear(2, 2);
    const model = new nn.Sequential({ hidden, act: new nn.ReLU() });
    expect((model as unknown as { hidden: nn.Module }).hidden).toBe(hidden);
    expect([...model.namedParameters()].map(([name]) => name)).toEqual(["hidden.weight", "hidden.bias"]);
  });

  test("refuses what is no module, and names that modules have", () => {
    expectRefusal(() => new nn.Sequential(new nn.ReLU(), 5 as never), "TypeError", 'Sequential: expected a module, got 5 for "1"');
    for (const only of [F.relu, null, 5, "relu"])
      expectRefusal(() => new nn.Sequential(only as never), "TypeError", "Sequential: expected a module, got", 'for "0"');
    expectRefusal(
      () => new nn.Sequential({ act: F.relu as never }),
      "TypeError",
      'Sequential: expected a module, got a function for "act"',
    );
    for (const name of ["forward", "training", "parameters", "constructor"]) {
      expectRefusal(
        () => new nn.Sequential({ [name]: new nn.ReLU() }),
        "RangeError",
        `Sequential: expected a name that no module member has, got "${name}"`,
      );
    }
  });
});

describe("Sequential whose parts were changed", () => {
  const model = () => new nn.Sequential(new nn.ReLU(), new nn.Tanh()) as nn.Sequential & Record<string, unknown>;
  const x = ones([2]);

  test("refuses to pass over one that is no module any more", () => {
    for (const part of [undefined, null, F.relu, 3])
      expectRefusal(() => Object.assign(model(), { 1: part }).forward(x), "TypeError", "Sequential: expected a module, got", 'for "1"');
  });

  test("runs another module in its place, and goes on without one that was deleted", () => {
    expect(list(Object.assign(model(), { 1: new nn.Identity() }).forward(x))).toEqual([1, 1]);
    const shorter = model();
    delete shorter["1"];
    expect(list(shorter.forward(x))).toEqual([1, 1]);
    expect(list(Object.assign(model(), { note: "mine" }).forward(x))).toEqual(list(F.tanh(x)));
  });
});

describe("ModuleList", () => {
  test("holds modules whose parameters are found", () => {
    const items = [new nn.Linear(1, 1), new nn.Linear(1, 1, { bias: false })];
    const modules = new nn.ModuleList(items);
    expect([modules.length, [...modules], modules.at(-1), modules.at(5)]).toEqual([2, items, items[1], undefined]);
    const third = new nn.Linear(1, 1);
    expect(modules.append(third)).toBe(modules);
    expect(Object.keys(modules.stateDict())).toEqual(["0.weight", "0.bias", "1.weight", "2.weight", "2.bias"]);
    modules.eval();
    expect(third.training).toBe(false);
    items.pop();
    expect(modules.length).toBe(3);
  });

  test("refuses a place that is no integer", () => {
    const modules = new nn.ModuleList([new nn.ReLU()]);
    for (const place of [undefined, "0", 0n, Symbol("s"), new Array(2 ** 32 - 1)])
      expectRefusal(() => modules.at(place as never), "TypeError", "at: expected index to be a number");
    for (const place of [0.5, Number.NaN]) expectRefusal(() => modules.at(place), "RangeError", "at: expected index to be an integer");
  });

  test("refuses what is no module and to be called", () => {
    expectRefusal(() => new nn.ModuleList([3 as never]), "TypeError", "ModuleList: expected a module, got 3");
    expectRefusal(() => new nn.ModuleList().forward(), "TypeError", "ModuleList: expected forward of a module inside it");
  });
});
