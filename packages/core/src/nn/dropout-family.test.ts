/** The layers of the family: what they remember, and the modules that hold others. */
import { describe, expect, test } from "vitest";
import { checkpoint, functional as F, Generator, nn, ones, randn, type Tensor } from "../index";
import { expectRefusal } from "../testing/refusal";
import { dropoutLayers, setDropout } from "../train/dropout-layers";

const values = (x: Tensor): number[] => [...x.dataSync()];

describe("a layer does what its function does, tells its mask, and is the identity in eval mode", () => {
  test.each<[string, nn.TensorModule & { lastMask(): Tensor | null }, (x: Tensor, generator: Generator) => Tensor, number[], string]>([
    [
      "DropPath",
      new nn.DropPath({ p: 0.4, generator: new Generator(3) }),
      (x, generator) => F.dropPath(x, { p: 0.4, generator }),
      [4, 3],
      "DropPath(p=0.4, inplace=false)",
    ],
    [
      "DropPath, by batch",
      new nn.DropPath({ mode: "batch", generator: new Generator(3) }),
      (x, generator) => F.dropPath(x, { mode: "batch", generator }),
      [4, 3],
      "DropPath(p=0.5, inplace=false)",
    ],
    [
      "LockedDropout",
      new nn.LockedDropout({ generator: new Generator(3) }),
      (x, generator) => F.lockedDropout(x, { generator }),
      [4, 2, 3],
      "LockedDropout(p=0.5, inplace=false)",
    ],
    [
      "LockedDropout, batch first",
      new nn.LockedDropout({ batchFirst: true, generator: new Generator(3) }),
      (x, generator) => F.lockedDropout(x, { batchFirst: true, generator }),
      [4, 2, 3],
      "LockedDropout(p=0.5, inplace=false)",
    ],
    [
      "TokenDropout",
      new nn.TokenDropout({ generator: new Generator(3) }),
      (x, generator) => F.tokenDropout(x, { generator }),
      [4, 2, 3],
      "TokenDropout(p=0.3, inplace=false)",
    ],
    [
      "HeadDropout",
      new nn.HeadDropout({ generator: new Generator(3) }),
      (x, generator) => F.headDropout(x, { generator }),
      [2, 4, 3, 2],
      "HeadDropout(p=0.2, inplace=false)",
    ],
    [
      "HeldDropout",
      new nn.HeldDropout({ generator: new Generator(3) }),
      (x, generator) => F.dropout(x, { generator }),
      [4, 3],
      "HeldDropout(p=0.5, inplace=false)",
    ],
    [
      "DropBlock2d",
      new nn.DropBlock2d({ p: 0.3, blockSize: 2, generator: new Generator(3) }),
      (x, generator) => F.dropBlock2d(x, { p: 0.3, blockSize: 2, generator }),
      [2, 2, 5, 5],
      "DropBlock2d(p=0.3, blockSize=2)",
    ],
  ])("%s", (_, layer, drop, shape, text) => {
    const x = randn(shape).abs().add(1);
    const y = layer.forward(x);
    expect(values(y)).toEqual(values(drop(x, new Generator(3))));
    const mask = (layer.lastMask() as Tensor).expand(shape).contiguous();
    expect(values(mask)).toEqual(values(y.ne(0)));
    expect(String(layer)).toBe(text);
    expect(layer.eval().forward(x)).toBe(x);
    expect(layer.lastMask()).toBeNull();
    expect(Object.keys(layer.stateDict())).toEqual([]);
  });
});

describe("HeldDropout", () => {
  test("keeps one mask over steps, other batches of its noise shape and eval mode, until it is told", () => {
    const layer = new nn.HeldDropout({ noiseShape: [1, null], generator: new Generator(1) });
    const first = values(layer.forward(ones([2, 16])).slice(0, 0, 1));
    expect(values(layer.forward(ones([5, 16])).slice(0, 4, 5))).toEqual(first);
    layer.eval().forward(ones([2, 16]));
    expect(values(layer.train().forward(ones([1, 16])))).toEqual(first);
    expect(values(layer.newMask().forward(ones([1, 16])))).not.toEqual(first);
  });

  test("draws a mask for each forward where it does not hold, and holds the last from when it is told to", () => {
    const layer = new nn.HeldDropout({ p: 0.5, generator: new Generator(1) }).holdMask(false);
    const [a, b] = [values(layer.forward(ones([32]))), values(layer.forward(ones([32])))];
    expect(a).not.toEqual(b);
    layer.holdMask();
    expect(values(layer.forward(ones([32])))).toEqual(b);
  });

  test("refuses an input on which the mask does not fit, and takes no call for one that does", () => {
    const generator = new Generator(1);
    const layer = new nn.HeldDropout({ generator });
    layer.forward(ones([4, 3]));
    const after = generator.getState();
    layer.forward(ones([4, 3]));
    expect(generator.getState()).toEqual(after);
    expectRefusal(
      () => layer.forward(ones([2, 3])),
      "ShapeError",
      "HeldDropout: expected an input for the mask that is held, of shape [4, 3], got [2, 3] - call newMask() before",
    );
    expectRefusal(() => layer.holdMask(1 as never), "TypeError", "holdMask: expected hold to be true or false, got 1");
  });

  test("draws and holds under a checkpoint as it does without", () => {
    const gradients = [true, false].map((isKept) => {
      const layer = new nn.HeldDropout({ generator: new Generator(2) });
      const x = ones([16], { requiresGrad: true });
      const twice = (input: Tensor) => layer.forward(layer.forward(input).mul(3));
      const first = isKept ? twice(x) : checkpoint(twice, x);
      const second = isKept ? layer.forward(first) : checkpoint((input: Tensor) => layer.forward(input), first);
      second.sum().backward();
      return values(x.grad as Tensor);
    });
    expect(gradients[1]).toEqual(gradients[0]);
    expect(gradients[0]).toContain(24);
  });

  test("has the gradient of its mask in every step of a loop", () => {
    const layer = new nn.HeldDropout({ generator: new Generator(2) });
    const x = ones([8], { requiresGrad: true });
    let h = x;
    for (let step = 0; step < 3; step++) h = layer.forward(h);
    h.sum().backward();
    expect(values(x.grad as Tensor)).toEqual(values(layer.lastMask() as Tensor).map((kept) => (kept ? 8 : 0)));
  });
});

describe("WeightDrop", () => {
  test("runs an LSTM by dropped hidden weights, one mask for all steps, and gives the gradient to those kept", () => {
    const lstm = new nn.LSTM(3, 4);
    const dropped = new nn.WeightDrop(lstm, ["weight_hh_l0"], { p: 0.5, generator: new Generator(6) });
    const x = randn([5, 2, 3]);
    const own = lstm.weight_hh_l0;
    const [output] = dropped.forward(x);
    expect(lstm.weight_hh_l0).toBe(own);
    const [mask] = dropped.lastMask() as [Tensor];
    const plain = new nn.LSTM(3, 4);
    plain.loadStateDict({ ...lstm.stateDict(), weight_hh_l0: F.dropout(own as Tensor, { p: 0.5, generator: new Generator(6) }).detach() });
    expect(values(output)).toEqual(values(plain.forward(x)[0]));
    output.sum().backward();
    const kept = values(mask);
    values((own as nn.Parameter).grad as Tensor).forEach((g, i) => {
      expect(g !== 0).toBe(kept[i] === 1);
    });
  });

  test("is the module itself in eval mode, and its state is the module's", () => {
    const linear = new nn.Linear(3, 2);
    const dropped = new nn.WeightDrop(linear, ["weight"], 0.9);
    const x = randn([4, 3]);
    expect(values(dropped.eval().forward(x))).toEqual(values(linear.forward(x)));
    expect(dropped.lastMask()).toBeNull();
    expect(Object.keys(dropped.stateDict())).toEqual(["module.weight", "module.bias"]);
    expect([...dropped.parameters()]).toEqual([...linear.parameters()]);
  });

  test("reaches weights deep inside, and gives them back after an error", () => {
    const model = new nn.Sequential(new nn.Linear(3, 3), new nn.Sequential(new nn.Linear(3, 2)));
    const generator = new Generator(1);
    const dropped = new nn.WeightDrop(model, ["0.weight", "1.0.weight"], { p: 0.5, generator });
    const before = [...model.parameters()];
    dropped.forward(randn([2, 3]));
    expect(dropped.lastMask()?.map(({ shape }) => shape)).toEqual([
      [3, 3],
      [2, 3],
    ]);
    const state = generator.getState();
    expectRefusal(() => dropped.forward(randn([2, 4])), "ShapeError", "linear: expected");
    expect([...model.parameters()]).toEqual(before);
    expect(generator.getState()).toEqual(state);
  });

  test("refuses what it cannot drop", () => {
    const linear = new nn.Linear(3, 2);
    expectRefusal(() => new nn.WeightDrop(linear, ["wait"]), "RangeError", 'WeightDrop: expected names among weight, bias, got "wait"');
    expectRefusal(() => new nn.WeightDrop({} as never, ["weight"]), "TypeError", "WeightDrop: expected");
    expectRefusal(
      () => new nn.WeightDrop(linear, ["weight"], { p: 2 }),
      "RangeError",
      "WeightDrop: expected a drop probability p in [0, 1], got 2",
    );
    expectRefusal(() => new nn.WeightDrop(linear, ["weight"], { rate: 2 } as never), "TypeError", "WeightDrop: expected");
  });
});

test("every layer of the family is found, and its rate set", () => {
  const layers = new nn.ModuleList<nn.Module>([
    new nn.DropPath(0.1),
    new nn.LockedDropout(0.1),
    new nn.TokenDropout(0.1),
    new nn.HeadDropout(0.1),
    new nn.HeldDropout(0.1),
    new nn.DropBlock2d(0.1),
    new nn.Zoneout(0.1),
    new nn.GaussianDropout(0.1),
    new nn.EmbeddingDropout(new nn.Embedding(3, 2)),
    new nn.MultiSampleDropout(new nn.Linear(2, 2), 0.1),
    new nn.WeightDrop(new nn.Linear(2, 2), ["weight"], 0.1),
    new nn.LayerDrop([new nn.Linear(2, 2)], 0.1),
  ]);
  setDropout(layers, 0.3);
  expect(dropoutLayers(layers).map(({ p }) => p)).toEqual(Array(12).fill(0.3));
});
