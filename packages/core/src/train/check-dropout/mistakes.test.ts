import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { functional as F, nn, noGrad, ones, randn, type Tensor } from "../../index";
import { checkDropout } from "./check-dropout";
import { dropoutReport } from "./finding";

/** A model around a function of itself. */
class Calls extends nn.Module {
  readonly #fn: (x: Tensor, parts: nn.Module[], training: boolean) => unknown;

  constructor(
    fn: (x: Tensor, parts: nn.Module[], training: boolean) => unknown,
    readonly parts: nn.Module[] = [],
    readonly head = new nn.Linear(8, 2),
  ) {
    super();
    this.#fn = fn;
  }

  forward(x: Tensor): unknown {
    const y = this.#fn(x, this.parts, this.training);
    return Array.isArray(y) ? y : this.head.forward(y as Tensor);
  }
}

const call = (module: nn.Module | undefined, x: Tensor) => (module as nn.ReLU).forward(x);
const rows = () => randn([3, 8]);
const found = (model: nn.Module, sample: Tensor = rows()) => checkDropout(model, sample).map(({ kind, name }) => `${kind} ${name}`.trim());

describe("draws-in-eval", () => {
  test("names the module whose function is not told", () => {
    const inner = new Calls((x) => [F.dropout(x, 0.5)]);
    expect(found(new Calls((x) => F.dropout(x, 0.5)))).toEqual(["draws-in-eval"]);
    const outer = new Calls((x, [first, second]) => (call(second, call(first, x)) as unknown as Tensor[])[0], [new nn.ReLU(), inner]);
    const [only, ...others] = checkDropout(outer, rows());
    expect(others).toEqual([]);
    expect(only).toEqual({
      kind: "draws-in-eval",
      name: "parts.1",
      message: "parts.1: expected nothing random in eval mode, got a mask of dropout",
      advice: expect.stringContaining("pass { training: this.training } to F.dropout"),
    });
  });

  test("finds attention that drops, a layer that eval() does not reach, and noise of the host", () => {
    const heads = (x: Tensor) => x.reshape([3, 1, 8]);
    const attending = (x: Tensor) => F.scaledDotProductAttention(heads(x), heads(x), heads(x), { dropoutP: 0.5 }).reshape([3, 8]);
    expect(found(new Calls(attending))).toEqual(["draws-in-eval"]);
    const hidden = new nn.Dropout(0.5);
    expect(found(new Calls((x) => hidden.forward(x)))).toEqual(["draws-in-eval"]);
    expect(dropoutReport(checkDropout(new Calls((x) => x.add(randn([8]))), rows()))).toContain("got a draw on the host");
    expect(found(new Calls((x, _, training) => (training ? x.add(randn([8])) : x)))).toEqual([]);
  });
});

describe("before-batch-norm", () => {
  const norm = () => new nn.BatchNorm1d(8);
  const linear = () => new nn.Linear(8, 8);
  const drop = () => new nn.Dropout(0.5);
  const behind = (...layers: nn.Module[]) => new nn.Sequential(...(layers as nn.ReLU[]), new nn.Linear(8, 2));

  test("finds dropout right before, and with layers between, once, with all norms that it reaches", () => {
    expect(found(behind(linear(), drop(), norm()))).toEqual(["before-batch-norm 1"]);
    expect(found(behind(drop(), linear(), new nn.ReLU(), linear(), norm()))).toEqual(["before-batch-norm 0"]);
    expect(found(behind(norm(), drop(), linear(), norm(), new nn.ReLU(), drop()))).toEqual(["before-batch-norm 1"]);
    const [only] = checkDropout(
      new Calls(
        (x, [a, b, c]) => {
          const h = call(a, x);
          return call(b, h).add(call(c, h));
        },
        [drop(), norm(), norm()],
      ),
      rows(),
    );
    expect(only?.message).toBe(
      "parts.0: expected dropout behind the last batch norm, got one whose output reaches the batch norm parts.1 and the batch norm parts.2",
    );
  });

  test("goes by data, not by order: a branch beside the norm is none of its own, one around an earlier norm is", () => {
    const beside = new Calls((x, [a, b]) => call(b, x).add(call(a, x)), [drop(), norm()]);
    expect(found(beside)).toEqual([]);
    const around = new Calls(
      (x, [a, b, c]) => {
        const h = call(a, x);
        return call(c, h.add(call(b, x)));
      },
      [drop(), norm(), norm()],
    );
    expect(found(around)).toEqual(["before-batch-norm parts.0"]);
    const shielded = behind(drop(), norm(), linear(), norm());
    expect(checkDropout(shielded, rows())[0]?.message).not.toContain("3");
  });

  test("finds it behind functions, recurrent layers, embeddings, frozen weights, and whole channels before convolutions", () => {
    const told = new Calls((x, [a], training) => call(a, F.dropout(x, { p: 0.3, training })), [norm()]);
    expect(found(told)).toEqual(["before-batch-norm"]);
    const lstm = new nn.LSTM(8, 8, { numLayers: 2, dropout: 0.5 });
    const sequence = new Calls((x, [, a]) => call(a, lstm.forward(x.unsqueeze(0))[0].squeeze(0)), [lstm, norm()]);
    expect(found(sequence)).toEqual(["before-batch-norm parts.0"]);
    const frozen = behind(new nn.Embedding(5, 8), drop(), norm());
    for (const parameter of frozen.parameters()) parameter.requiresGrad = false;
    expect(found(frozen, ones([3]).type("int32"))).toEqual(["before-batch-norm 1"]);
    const cnn = new nn.Sequential(
      ...[new nn.Dropout2d(0.1), new nn.Conv2d(2, 4, 3, { padding: 1 }), new nn.BatchNorm2d(4), new nn.ReLU(), new nn.Flatten()],
      new nn.Linear(64, 2),
    );
    expect(found(cnn, randn([2, 2, 4, 4]))).toEqual(["before-batch-norm 0"]);
  });

  test("lets norms be that learn no variance", () => {
    expect(found(behind(drop(), new nn.BatchNorm1d(8, { trackRunningStats: false })))).toEqual([]);
    expect(found(behind(drop(), new nn.LayerNorm(8)))).toEqual([]);
  });
});

describe("after-last-layer", () => {
  test("finds a layer and a function whose output is the model's, also through views", () => {
    expect(found(new nn.Sequential(new nn.Linear(8, 2), new nn.Dropout(0.5)))).toEqual(["after-last-layer 1"]);
    expect(found(new nn.Sequential(new nn.Linear(8, 2), new nn.Dropout(0.5), new nn.Flatten({ startDim: 0 })))).toEqual([
      "after-last-layer 1",
    ]);
    const told = new Calls((x, _, training) => [F.dropout(x, { p: 0.5, training }).transpose(0, 1).slice(0, 1).reshape([-1])]);
    expect(found(told)).toEqual(["after-last-layer"]);
  });

  test("lets be what another output is computed from, and what is dropped before anything else", () => {
    expect(found(new Calls((x, [a]) => ((h) => [h, h.exp()])(call(a, x)), [new nn.Dropout(0.5)]))).toEqual([]);
    expect(found(new Calls((x, [a]) => ((h) => [h, h.reshape([-1])])(call(a, x)), [new nn.Dropout(0.5)]))).toEqual([
      "after-last-layer parts.0",
    ]);
    expect(found(new nn.Sequential(new nn.Dropout(0.5), new nn.Sigmoid()))).toEqual([]);
  });
});

describe("high-rate", () => {
  test("finds layers, also such as are not called, and functions", () => {
    expect(found(new nn.Sequential(new nn.Dropout(0.9), new nn.Linear(8, 2)))).toEqual(["high-rate 0"]);
    expect(found(new Calls((x) => x, [new nn.GRU(8, 8, { numLayers: 2, dropout: 0.81 })]))).toEqual(["high-rate parts.0"]);
    expect(found(new Calls((x, _, training) => F.dropout(x, { p: 0.9, training })))).toEqual(["high-rate"]);
    expect(found(new Calls((x, _, training) => F.alphaDropout(x, { p: 1, training })))).toEqual(["high-rate"]);
    expect(found(new nn.Sequential(new nn.Dropout(0.8), new nn.Linear(8, 2)))).toEqual([]);
    expect(dropoutReport(checkDropout(new nn.Sequential(new nn.Dropout(0.9), new nn.Linear(8, 2)), rows()))).toBe(
      "high-rate: 0: expected a probability of being dropped, of 0.8 at most, got p = 0.9 - p is what is dropped, not what is kept: for a keep probability of 0.9, write 1 - 0.9",
    );
  });
});

describe("dropout2d-on-sequence", () => {
  // The function warns of it, too: once, where somebody reads it.
  beforeEach(() => {
    vi.spyOn(console, "warn").mockImplementation(() => {});
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });

  test("finds layers and functions on three dimensions", () => {
    const sequences = randn([2, 5, 8]);
    expect(found(new nn.Sequential(new nn.Dropout2d(0.5), new nn.Linear(8, 2)), sequences)).toEqual(["dropout2d-on-sequence 0"]);
    const told = new Calls((x, _, training) => F.dropout2d(x, { p: 0.5, training }));
    expect(checkDropout(told, sequences)[0]?.message).toBe(
      "the model: expected (N, C, H, W) in 2-dimensional dropout, got an input of shape [2, 5, 8]",
    );
    expect(found(new nn.Sequential(new nn.Dropout1d(0.5), new nn.Linear(8, 2)), sequences)).toEqual([]);
  });
});

describe("shared-layer", () => {
  test("finds a layer that is called twice, wherever it stands", () => {
    const drop = new nn.Dropout(0.5);
    expect(found(new Calls((x, [a]) => call(a, x).add(call(a, x.exp())), [drop]))).toEqual(["shared-layer parts.0"]);
    expect(found(new nn.Sequential(drop, new nn.Linear(8, 8), drop, new nn.Linear(8, 2)))).toEqual(["shared-layer 0"]);
    const lstm = new nn.LSTM(8, 8, { numLayers: 2, dropout: 0.5 });
    const twice = (x: Tensor) => lstm.forward(lstm.forward(x.unsqueeze(0))[0])[0].squeeze(0);
    expect(found(new Calls(twice, [lstm]))).toEqual([]);
  });
});

describe("train-mode", () => {
  const model = () => new nn.Sequential(new nn.Dropout(0.5), new nn.Linear(8, 2));

  test("finds a model that trains under noGrad, and a layer that trains in a model that does not", () => {
    expect(noGrad(() => found(model()))).toEqual(["train-mode"]);
    expect(noGrad(() => found(model().eval()))).toEqual([]);
    const mixed = model().eval();
    mixed.at(0)?.train();
    expect(found(mixed)).toEqual(["train-mode 0"]);
    expect(noGrad(() => checkDropout(mixed, rows()))[0]?.message).toBe(
      "0: expected eval mode, got a dropout layer that trains in a model that does not",
    );
  });
});

test("finds all mistakes of a model at once, in order", () => {
  const drop = new nn.Dropout(0.9);
  const model = new Calls((x, [a, b]) => [call(a, F.dropout(call(b, call(a, x)), 0.5))], [drop, new nn.BatchNorm1d(8)]);
  expect(found(model)).toEqual([
    "draws-in-eval",
    "before-batch-norm parts.0",
    "after-last-layer parts.0",
    "high-rate parts.0",
    "shared-layer parts.0",
  ]);
});

test("goes on where a model catches what a part of it throws", () => {
  const throwing = new Calls(() => {
    throw new Error("no");
  });
  const model = new Calls(
    (x, [a]) => {
      try {
        return call(a, x);
      } catch {
        return F.dropout(x, 0.5);
      }
    },
    [new Calls((x, [a]) => call(a, x), [throwing])],
  );
  const outer = new nn.Sequential(model as unknown as nn.ReLU);
  expect(found(outer).map((line) => line.split(" ")[0])).toEqual(["draws-in-eval"]);
});

describe("of the dropout family beyond PyTorch's", () => {
  const behind = (drop: nn.Module) => new nn.Sequential(drop as nn.ReLU, new nn.Linear(8, 8), new nn.BatchNorm1d(8), new nn.Linear(8, 2));
  const last = (drop: nn.Module) => new nn.Sequential(new nn.Linear(8, 2), drop as nn.ReLU);

  test("noise without a mask is found like dropout, and whole samples are no dropout before a norm", () => {
    expect(found(behind(new nn.GaussianDropout(0.5)))).toEqual(["before-batch-norm 0"]);
    expect(found(last(new nn.GaussianDropout(0.5)))).toEqual(["after-last-layer 1"]);
    expect(found(behind(new nn.HeldDropout(0.5)))).toEqual(["before-batch-norm 0"]);
    expect(found(behind(new nn.DropPath(0.5)))).toEqual([]);
    const blocks = new nn.Sequential(
      ...[
        new nn.DropBlock2d({ p: 0.5, blockSize: 2 }),
        new nn.Conv2d(2, 4, 3),
        new nn.BatchNorm2d(4),
        new nn.Flatten(),
        new nn.Linear(64, 2),
      ],
    );
    expect(found(blocks, randn([2, 2, 6, 6]))).toEqual(["before-batch-norm 0"]);
  });

  test("a layer that holds its mask may be shared, as may one of the steps of a sequence, and what runs its parts several times", () => {
    const held = new nn.HeldDropout(0.5);
    expect(found(new Calls((x, [a]) => call(a, call(a, x)), [held]))).toEqual([]);
    const [cell, zoneout] = [new nn.GRUCell(8, 8), new nn.Zoneout(0.2)];
    const steps = (x: Tensor) => [x, x].reduce((h, step) => zoneout.forward(h, cell.forward(step, h)), x);
    expect(found(new Calls(steps, [cell, zoneout]))).toEqual([]);
    expect(found(new nn.MultiSampleDropout(new nn.Linear(8, 2), { p: 0.5, samples: 3 }))).toEqual([]);
    expect(found(new Calls((x, [a]) => call(a, x), [new nn.WeightDrop(new nn.Linear(8, 8), ["weight"])]))).toEqual([]);
    expect(found(new Calls((x, [a]) => call(a, x), [new nn.LayerDrop([new nn.Linear(8, 8), new nn.Linear(8, 8)], 0.5)]))).toEqual([]);
  });
});

test("the masks of the family beyond PyTorch's stay what they were, too", () => {
  const held = new nn.HeldDropout(0.5);
  const noise = new nn.GaussianDropout(0.5);
  const weights = new nn.WeightDrop(new nn.Linear(8, 8), ["weight"]);
  const layers = new nn.LayerDrop([new nn.Linear(8, 8), new nn.Linear(8, 8)], 0.5);
  const words = new nn.MultiSampleDropout(new nn.Linear(8, 2), { p: 0.5, samples: 3 });
  const model = new nn.Sequential(...([held, noise, weights, layers, words] as unknown as nn.ReLU[]));
  model.forward(rows());
  const told = () =>
    [held.lastMask(), noise.lastNoise(), ...(weights.lastMask() ?? []), layers.lastMask(), words.lastMask()].map(
      (x) => x && [...x.dataSync()],
    );
  const before = told();
  held.newMask();
  checkDropout(model, rows());
  expect(told()).toEqual(before);
  // Nor does one hold a mask that the check drew.
  const [, second] = [held.forward(ones([1, 8])), held.forward(ones([1, 8]))];
  expect(second.shape).toEqual([1, 8]);
});
