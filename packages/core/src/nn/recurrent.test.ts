import { describe, expect, test, vi } from "vitest";
import {
  cat,
  checkpoint,
  functional as F,
  Generator,
  memory,
  nn,
  noGrad,
  ones,
  optim,
  rand,
  randn,
  shard,
  shards,
  type Tensor,
  tidy,
  zeros,
} from "../index";
import { hostBackend } from "../testing/backends";
import { expectRefusal } from "../testing/refusal";

const KINDS = ["RNN", "LSTM", "GRU"] as const;
const generator = new Generator(1);
const random = (...shape: number[]) => randn(shape, { generator });
const list = (x: Tensor) => [...x.dataSync()];
const tensorsOf = ([output, state]: readonly [Tensor, Tensor | readonly Tensor[]]): Tensor[] => [output, ...[state].flat()];
const make = (kind: (typeof KINDS)[number], inputSize: number, hiddenSize: number, options: nn.RecurrentOptions = {}) =>
  new nn[kind as "LSTM"](inputSize, hiddenSize, { generator: new Generator(2), ...options });
const DEEP = { numLayers: 3, dropout: 0.5, bidirectional: true } as const;

describe.each(KINDS)("nn.%s", (kind) => {
  const gates = { RNN: 1, LSTM: 4, GRU: 3 }[kind];

  test("has PyTorch's parameters, in its order, uniform in ±1 / sqrt(hiddenSize), with a call each", () => {
    const own = new Generator(7);
    const layer = make(kind, 3, 4, { numLayers: 2, bidirectional: true, generator: own });
    const names = ["_l0", "_l0_reverse", "_l1", "_l1_reverse"].flatMap((end) =>
      ["weight_ih", "weight_hh", "bias_ih", "bias_hh"].map((name) => name + end),
    );
    expect([...layer.namedParameters()].map(([name]) => name)).toEqual(names);
    expect(Object.keys(layer.stateDict())).toEqual(names);
    expect(layer.weight_ih_l1_reverse?.shape).toEqual([4 * gates, 8]);
    const again = new Generator(7);
    for (const parameter of layer.parameters()) {
      const expected = list(rand(parameter.shape, { generator: again })).map((u) => Math.fround((2 * u - 1) / 2));
      expect(list(parameter)).toEqual(expected);
    }
    expect(own.getState()).toEqual(again.getState());
    expect(Object.keys(make(kind, 3, 4, { bias: false }).stateDict())).toEqual(["weight_ih_l0", "weight_hh_l0"]);
  });

  test("prints what PyTorch prints", () => {
    expect(String(make(kind, 3, 4))).toBe(`${kind}(3, 4)`);
    expect(String(make(kind, 3, 4, { ...DEEP, batchFirst: true, bias: false }))).toBe(
      `${kind}(3, 4, numLayers=3, bias=false, batchFirst=true, dropout=0.5, bidirectional=true)`,
    );
  });

  test("takes one sequence without a batch, one step, and either layout, with the same results", () => {
    const layer = make(kind, 3, 4, { numLayers: 2, bidirectional: true });
    const first = make(kind, 3, 4, { numLayers: 2, bidirectional: true, batchFirst: true });
    const x = random(5, 2, 3);
    const [whole, other] = [tensorsOf(layer.forward(x)), tensorsOf(first.forward(x.transpose(0, 1)))];
    expect(whole.map(({ shape }) => shape)).toEqual([[5, 2, 8], ...Array(kind === "LSTM" ? 2 : 1).fill([4, 2, 4])]);
    expect(list((other[0] as Tensor).transpose(0, 1))).toEqual(list(whole[0] as Tensor));
    expect(other.slice(1).map(list)).toEqual(whole.slice(1).map(list));
    const alone = tensorsOf(layer.forward(x.slice(1, 1, 2).squeeze(1)));
    expect(alone.map(list)).toEqual(whole.map((y) => list(y.slice(1, 1, 2))));
    expect(alone.map(({ shape }) => shape)).toEqual([[5, 8], ...Array(kind === "LSTM" ? 2 : 1).fill([4, 4])]);
    expect(tensorsOf(layer.forward(x.slice(0, 0, 1)))[0]?.shape).toEqual([1, 2, 8]);
  });

  test("goes on from a state where it stopped", () => {
    const layer = make(kind, 3, 4, { numLayers: 2 });
    const x = random(6, 2, 3);
    const whole = tensorsOf(layer.forward(x));
    const [head, state] = layer.forward(x.slice(0, 0, 2));
    const tail = tensorsOf(layer.forward(x.slice(0, 2), state));
    expect([...list(head), ...list(tail[0] as Tensor)]).toEqual(list(whole[0] as Tensor));
    expect(tail.slice(1).map(list)).toEqual(whole.slice(1).map(list));
    const zero = zeros([2, 2, 4]);
    expect(tensorsOf(layer.forward(x, kind === "LSTM" ? [zero, zero] : (zero as never))).map(list)).toEqual(whole.map(list));
    expect(tensorsOf(layer.forward(x, null, {})).map(list)).toEqual(whole.map(list));
  });

  test.each([false, true])(
    "drops between layers, with one call for each boundary, over steps, batch and units; batchFirst %s",
    (batchFirst) => {
      const own = new Generator(5);
      const layer = make(kind, 2, 3, { ...DEEP, batchFirst, generator: own });
      const start = own.getState();
      const shape = batchFirst ? [4, 6, 2] : [6, 4, 2];
      const x = random(...shape);
      const before = own.call;
      const [output] = layer.forward(x);
      expect(own.call).toBe(before + 2n);

      const parts = [0, 1, 2].map((number) => {
        const part = make(kind, number === 0 ? 2 : 6, 3, { bidirectional: true });
        for (const [name, value] of layer.namedParameters()) {
          if (name.includes(`_l${number}`)) Reflect.set(part, name.replace(`_l${number}`, "_l0"), value);
        }
        return part;
      });
      const again = new Generator(0).setState(start);
      let h = batchFirst ? x.transpose(0, 1) : x;
      const masks: Tensor[] = [];
      parts.forEach((part, number) => {
        h = part.forward(h)[0];
        if (number === 2) return;
        const mask = F.dropout(ones([6, 4, 6]), { p: 0.5, generator: again });
        masks.push(mask);
        h = h.mul(mask);
      });
      expect(list(batchFirst ? output.transpose(0, 1) : output)).toEqual(list(h));
      const last = layer.lastMask() as Tensor[];
      expect(last.map((mask) => mask.shape)).toEqual([
        [6, 4, 6],
        [6, 4, 6],
      ]);
      expect(last.map((mask) => list(mask).map(Number))).toEqual(masks.map((mask) => list(mask).map((value) => Number(value !== 0))));
    },
  );

  test("draws nothing in eval mode, for a dropout of 0 or 1, and for one layer", () => {
    const own = new Generator(5);
    const layer = make(kind, 2, 3, { ...DEEP, generator: own });
    const x = random(3, 2, 2);
    const before = own.call;
    expect(layer.lastMask()).toBe(null);
    layer.dropout = 0;
    const plain = list(layer.forward(x)[0]);
    expect(layer.lastMask()?.map((mask) => list(mask).every(Boolean))).toEqual([true, true]);
    layer.dropout = 1;
    layer.forward(x);
    expect(layer.lastMask()?.map((mask) => list(mask).some(Boolean))).toEqual([false, false]);
    layer.dropout = 0.5;
    layer.eval();
    expect(list(layer.forward(x)[0])).toEqual(plain);
    expect(layer.lastMask()).toBe(null);
    expect(own.call).toBe(before);
    const one = make(kind, 2, 3);
    one.forward(x);
    expect(one.lastMask()).toEqual([]);
  });

  test("warns once of dropout without a second layer", () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    make(kind, 2, 3, { dropout: 0.25 });
    make(kind, 2, 3, { dropout: 0.25 });
    expect(warn.mock.calls).toEqual([[expect.stringContaining(`${kind}: expected more than one layer for dropout`)]]);
    warn.mockRestore();
  });

  test.each([false, true])("in shards of unequal size is the whole, bit for bit; batchFirst %s", (batchFirst) => {
    const own = new Generator(5);
    const layer = make(kind, 2, 3, { ...DEEP, batchFirst, generator: own });
    const dim = batchFirst ? 0 : 1;
    const x = batchFirst ? random(7, 4, 2) : random(4, 7, 2);
    const state = own.getState();
    const lengths = [4, 1, 3, 2, 4, 4, 1];
    const whole = tensorsOf(layer.forward(x, null, { lengths }));
    const end = own.getState();
    own.setState(state);
    const parts = shards({ count: 3, total: 7 }, ({ start, rows }) =>
      tensorsOf(layer.forward(x.slice(dim, start, start + rows), null, { lengths: lengths.slice(start, start + rows) })),
    );
    expect(own.getState()).toEqual(end);
    whole.forEach((y, i) => {
      expect(
        list(
          cat(
            parts.map((part) => part[i] as Tensor),
            { dim: i === 0 ? dim : 1 },
          ),
        ),
      ).toEqual(list(y));
    });
    own.setState(state);
    shard({ index: 1, count: 2, start: 5, total: 7 }, () => layer.forward(x.slice(dim, 5)));
    const last = (layer.lastMask() as Tensor[]).map(list);
    own.setState(state);
    layer.forward(x);
    expect(last).toEqual((layer.lastMask() as Tensor[]).map((mask) => list(mask.slice(1, 5))));
    expectRefusal(
      () => shard({ index: 0, count: 2, start: 0, total: 2 }, () => layer.forward(random(4, 2))),
      "ShapeError",
      "a dimension for the batch inside a shard",
    );
  });

  test("in a checkpoint has the same values, masks and gradients", () => {
    const results = [false, true].map((isCheckpoint) => {
      const own = new Generator(5);
      const layer = make(kind, 2, 3, { ...DEEP, generator: own });
      const x = randn([4, 2, 2], { generator: new Generator(9), requiresGrad: true });
      const run = (input: Tensor) => layer.forward(input);
      const [output, ...state] = tensorsOf(isCheckpoint ? checkpoint(run, x) : run(x)) as [Tensor, ...Tensor[]];
      const values = [output, ...state].map(list);
      state.reduce((sum, part) => sum.add(part.sum()), output.pow(2).sum()).backward();
      const masks = (layer.lastMask() as Tensor[]).map(list);
      return [values, masks, own.call, [x, ...layer.parameters()].map(({ grad }) => list(grad as Tensor))];
    });
    expect(results[1]).toEqual(results[0]);
  });

  test("leaves nothing behind in a training loop, and nothing but results without a graph", () => {
    const layer = make(kind, 2, 3, DEEP);
    const optimizer = new optim.SGD(layer.parameters(), { lr: 0.1, momentum: 0.9 });
    const x = random(5, 3, 2);
    const counts: number[] = [];
    for (let step = 0; step < 5; step++) {
      tidy(() => {
        optimizer.zeroGrad();
        layer
          .forward(x, null, { lengths: [5, 2, 3] })[0]
          .sum()
          .backward();
        optimizer.step();
      });
      counts.push(memory().tensors);
    }
    expect(new Set(counts.slice(1)).size).toBe(1);
    const before = memory().tensors;
    const results = noGrad(() => tensorsOf(layer.forward(x)));
    expect(memory().tensors - before).toBe(results.length);
    for (const result of results) result.dispose();
    expect(memory().tensors).toBe(before);
  });

  test("shares its parameters like any other", () => {
    const [a, b] = [make(kind, 3, 3), make(kind, 3, 3, { generator: new Generator(3) })];
    const x = random(2, 1, 3);
    expect(list(a.forward(x)[0])).not.toEqual(list(b.forward(x)[0]));
    for (const [name, parameter] of a.namedParameters()) Reflect.set(b, name, parameter);
    expect(list(a.forward(x)[0])).toEqual(list(b.forward(x)[0]));
  });

  test("refuses what does not fit before it draws", () => {
    const own = new Generator(4);
    const layer = make(kind, 2, 3, { ...DEEP, generator: own });
    const before = own.getState();
    const forward = layer.forward.bind(layer) as (...args: unknown[]) => unknown;
    const x = random(4, 2, 2);
    const refused = (name: string, message: string, ...args: unknown[]) =>
      expectRefusal(() => forward(...args), name, `${kind}: ${message}`);
    refused("ShapeError", "expected [steps, batch, 2] or [steps, 2], got [4, 2, 3]", random(4, 2, 3));
    refused("ShapeError", "expected [steps, batch, 2] or [steps, 2], got [2]", random(2));
    refused("ShapeError", "expected at least one step and one sample, got [0, 2, 2]", zeros([0, 2, 2]));
    refused("ShapeError", "expected at least one step and one sample, got [4, 0, 2]", zeros([4, 0, 2]));
    refused("TypeError", "expected a float tensor, got int32", ones([4, 2, 2], { dtype: "int32" }));
    refused("TypeError", "expected a Tensor, got", [[1]]);
    const state = (h: unknown) => (kind === "LSTM" ? [h, h] : h);
    refused("ShapeError", "expected the state's h of shape [6, 2, 3], got [6, 3]", x, state(zeros([6, 3])));
    refused("ShapeError", "expected the state's h of shape [6, 3], got [6, 1, 3]", random(4, 2), state(zeros([6, 1, 3])));
    refused("TypeError", "expected a float tensor, got int32", x, state(zeros([6, 2, 3], { dtype: "int32" })));
    if (kind === "LSTM") {
      refused("TypeError", "expected a state [h, c] of two tensors, got", x, zeros([6, 2, 3]));
      refused("ShapeError", "expected the state's c of shape [6, 2, 3], got [6, 2, 4]", x, [zeros([6, 2, 3]), zeros([6, 2, 4])]);
    } else refused("TypeError", "expected the state's h to be a Tensor, got", x, [zeros([6, 2, 3])]);
    refused("BackendMismatchError", "expected", x, state(zeros([6, 2, 3], { backend: hostBackend() })));
    refused("TypeError", "expected lengths as an array of numbers, got 3", x, null, { lengths: 3 });
    refused("TypeError", "expected lengths as an array of numbers, got null", x, null, { lengths: null });
    refused("RangeError", "expected 2 lengths, one for each sample, got", x, null, { lengths: [1] });
    refused("RangeError", "expected each length to be a positive integer, got 0", x, null, { lengths: [0, 1] });
    refused("TypeError", "expected each length to be a number, got undefined", x, null, { lengths: Array(2) });
    refused("RangeError", "expected lengths of at most 4, the steps of the input, got 5", x, null, { lengths: [5, 1] });
    refused("RangeError", "expected lengths for a batch of sequences, not for one", random(4, 2), null, { lengths: [1] });
    refused("TypeError", "expected the options lengths, got", x, null, { length: [1, 1] });
    for (const [dropout, name] of [
      [Number.NaN, "RangeError"],
      [1.5, "RangeError"],
      [undefined, "TypeError"],
    ] as const) {
      layer.dropout = dropout as number;
      refused(name, "expected", x);
    }
    layer.dropout = 0.5;
    layer.training = 1 as never;
    refused("TypeError", "expected training to be true or false, got 1", x);
    layer.training = true;
    const whole = layer.weight_ih_l1 as nn.Parameter;
    layer.weight_ih_l1 = new nn.Parameter(ones([2]));
    refused("ShapeError", "expected weight_ih_l1 of shape [", x);
    layer.weight_ih_l1 = undefined as never;
    refused("TypeError", "expected weight_ih_l1 to be a Tensor, got undefined", x);
    layer.weight_ih_l1 = whole;
    expect(own.getState()).toEqual(before);
    layer.forward(x);

    const made = new Generator(4);
    const unasked = made.getState();
    const unmade = (name: string, message: string, ...args: unknown[]) =>
      expectRefusal(() => new (nn[kind] as new (...args: unknown[]) => unknown)(...args), name, `${kind}: ${message}`);
    unmade("RangeError", "expected inputSize to be a positive integer, got 0", 0, 3, { generator: made });
    unmade("RangeError", "expected hiddenSize to be a positive integer, got -1", 3, -1, { generator: made });
    unmade("RangeError", "expected numLayers to be a positive integer, got 0", 3, 3, { numLayers: 0, generator: made });
    unmade("RangeError", "expected at most 1024 layers, got 4294967296", 3, 3, { numLayers: 2 ** 32, generator: made });
    unmade("RangeError", "expected a drop probability p in [0, 1], got 2", 3, 3, { dropout: 2, generator: made });
    unmade("TypeError", "expected bidirectional to be true or false, got 1", 3, 3, { bidirectional: 1, generator: made });
    unmade("TypeError", "expected the options", 3, 3, { projSize: 2, generator: made });
    expect(made.getState()).toEqual(unasked);
  });
});

describe.each(KINDS)("nn.%sCell", (kind) => {
  test("is one step of its layer, with or without a batch", () => {
    const layer = make(kind, 3, 4);
    const cell = new nn[`${kind}Cell` as "LSTMCell"](3, 4, { generator: new Generator(2) });
    expect(Object.keys(cell.stateDict())).toEqual(["weight_ih", "weight_hh", "bias_ih", "bias_hh"]);
    expect([...cell.parameters()].map(list)).toEqual([...layer.parameters()].map(list));
    const x = random(5, 2, 3);
    const [output, last] = tensorsOf(layer.forward(x)) as [Tensor, Tensor];
    let state: Tensor[] = [];
    const outputs = F.unbind(x).map((step) => {
      const given = (kind === "LSTM" ? state : state[0]) as [Tensor, Tensor];
      state = [cell.forward(step, state.length === 0 ? null : given)].flat();
      return state[0] as Tensor;
    });
    expect(outputs.flatMap(list)).toEqual(list(output));
    expect(list(state[0] as Tensor)).toEqual(list(last));
    const alone = [cell.forward(x.slice(0, 0, 1).squeeze(0).slice(0, 1).squeeze(0))].flat()[0] as Tensor;
    expect(alone.shape).toEqual([4]);
    expect(list(alone)).toEqual(list(outputs[0] as Tensor).slice(4));
  });

  test("prints what PyTorch prints, and refuses what does not fit", () => {
    const cell = new nn[`${kind}Cell` as "GRUCell"](3, 4, { bias: false, generator: new Generator(2) });
    expect(String(cell)).toBe(`${kind}Cell(3, 4, bias=false)`);
    expect(Object.keys(cell.stateDict())).toEqual(["weight_ih", "weight_hh"]);
    expectRefusal(() => cell.forward(random(2, 2, 3)), "ShapeError", `${kind}Cell: expected [batch, 3] or [3], got [2, 2, 3]`);
    const given = (h: Tensor) => (kind === "LSTM" ? [h, h] : h) as Tensor;
    expectRefusal(
      () => cell.forward(random(2, 3), given(zeros([1, 4]))),
      "ShapeError",
      "expected the state's h of shape [2, 4], got [1, 4]",
    );
  });
});

describe("an RNN's nonlinearity", () => {
  test("is tanh or relu, in the layer and the cell", () => {
    const x = random(1, 2, 3);
    for (const nonlinearity of ["tanh", "relu"] as const) {
      const options = { nonlinearity, generator: new Generator(2) };
      const [layer, cell] = [new nn.RNN(3, 4, { ...options }), new nn.RNNCell(3, 4, { ...options, generator: new Generator(2) })];
      const { weight_ih, bias_ih, bias_hh } = cell;
      const expected = list(F[nonlinearity](F.linear(x, weight_ih, bias_ih).add(bias_hh as Tensor)));
      expect(list(layer.forward(x)[0])).toEqual(expected);
      expect(list(cell.forward(x.squeeze(0)))).toEqual(expected);
      expect(layer.nonlinearity).toBe(nonlinearity);
    }
    expect(String(new nn.RNNCell(3, 4, { nonlinearity: "relu" }))).toBe("RNNCell(3, 4, nonlinearity=relu)");
    expectRefusal(
      () => new nn.RNN(3, 4, { nonlinearity: "gelu" as never }),
      "RangeError",
      'RNN: expected nonlinearity "tanh" or "relu", got "gelu"',
    );
    expectRefusal(() => new nn.RNNCell(3, 4, { nonlinearity: 1 as never }), "TypeError", "RNNCell: expected nonlinearity");
  });
});
