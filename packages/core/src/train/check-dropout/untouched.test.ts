import { describe, expect, test } from "vitest";
import { defaultGenerator, functional as F, Generator, manualSeed, nn, noGrad, ones, randn, type Tensor, zeros } from "../../index";
import { torchCpu } from "../../streams";
import { memory } from "../../tensor/memory";
import { blindBackend } from "../../testing/backends";
import { expectRefusal } from "../../testing/refusal";
import { checkDropout } from "./check-dropout";

/** All that a forward may change, and a switch for one that fails. */
class Everything extends nn.Module {
  linear = new nn.Linear(4, 4);
  norm = new nn.BatchNorm1d(4);
  readonly drop: nn.Dropout;
  attention = new nn.MultiheadAttention(4, 2, { dropout: 0.5 });
  rnn = new nn.RNN(4, 4, { numLayers: 2, dropout: 0.5 });
  seen = new nn.Buffer(zeros([4]));
  isSeen = new nn.Buffer(zeros([1], { dtype: "bool" }));
  cache: Tensor | null = null;
  extra?: number;
  calls = 0;
  fails = false;

  constructor(generator: Generator) {
    super();
    this.drop = new nn.Dropout({ p: 0.5, generator });
  }

  forward(x: Tensor): Tensor {
    this.calls++;
    this.extra = this.calls;
    const h = F.dropout(this.norm.forward(this.linear.forward(x)), 0.5);
    this.cache = h;
    nn.init.constant(this.seen, this.calls);
    const [a] = this.attention.forward(h, h, h);
    const [r] = this.rnn.forward(a);
    const dropped = this.drop.forward(r);
    if (this.fails) throw new Error("forward: failed");
    return dropped.add(randn([4])).sum({ dim: 1 });
  }
}

function world() {
  manualSeed(5);
  const own = new Generator(3);
  const model = new Everything(own);
  const x = randn([3, 4]);
  model.forward(x).sum().backward();
  model.forward(x);
  const [weight] = model.parameters();
  (weight as nn.Parameter).requiresGrad = false;
  (model.rnn as nn.Module).train(false);
  const masks = () => [model.drop.lastMask(), model.attention.lastMask(), ...(model.rnn.lastMask() ?? [])];
  const state = () => ({
    generators: [own.getState(), defaultGenerator().getState()],
    flags: Array.from(model.modules(), ({ training }) => training),
    values: Object.values(model.stateDict()).map((value) => [...value.dataSync()]),
    versions: Object.values(model.stateDict()).map(({ storage }) => storage.version),
    grads: Array.from(model.parameters(), ({ grad, requiresGrad }) => [requiresGrad, grad, grad && [...grad.dataSync()]]),
    masks: masks().map((mask) => mask && [...mask.dataSync()]),
    properties: { ...model },
    forwards: Array.from(model.modules(), (module) => Object.hasOwn(module, "forward")),
    sample: [[...x.dataSync()], x.requiresGrad, x.storage.version],
    tensors: memory().tensors,
  });
  return { model, x, state };
}

describe("after a check a model is as it was:", () => {
  test("flags, generators, running values, gradients, masks, properties, and nothing is left behind", () => {
    const { model, x, state } = world();
    state(); // what reading takes is there from here on
    const before = state();
    const { cache } = model;
    expect(checkDropout(model, x).map(({ kind }) => kind)).toContain("draws-in-eval");
    const after = state();
    // What wrote over a buffer of its own was put back, which is an edit, too.
    const own = Object.keys(model.stateDict()).indexOf("seen");
    expect(after.versions[own]).toBeGreaterThan(before.versions[own] as number);
    after.versions[own] = before.versions[own] as number;
    expect(after).toEqual({ ...before, tensors: expect.any(Number) });
    expect([model.cache === cache, cache?.isDisposed, model.calls, model.extra]).toEqual([true, false, 2, 2]);
  });

  test("also where its forward throws, whose error comes as it is", () => {
    const { model, x, state } = world();
    model.fails = true;
    const before = state();
    expectRefusal(() => checkDropout(model, x), "Error", "forward: failed");
    const after = state();
    const own = Object.keys(model.stateDict()).indexOf("seen");
    after.versions[own] = before.versions[own] as number;
    expect(after).toEqual({ ...before, tensors: expect.any(Number) });
  });

  test("under another framework's stream", () => {
    const own = new Generator(7, { stream: torchCpu });
    const model = new nn.Sequential(new nn.Dropout({ p: 0.5, generator: own }), new nn.Linear(4, 2));
    const before = own.getState();
    expect(checkDropout(model, ones([2, 4]))).toEqual([]);
    expect(own.getState()).toEqual(before);
  });
});

test("a check frees all that it computes", () => {
  const model = new nn.Sequential(new nn.Linear(4, 8), new nn.BatchNorm1d(8), new nn.Dropout(0.5), new nn.Linear(8, 2));
  const x = ones([3, 4]);
  const before = memory().tensors;
  checkDropout(model, x);
  noGrad(() => checkDropout(model, [x]));
  expect(memory().tensors).toBe(before);
});

test("a check is the same on a backend whose memory the host does not see", () => {
  const backend = blindBackend();
  const model = new nn.Sequential(
    ...[new nn.Dropout(0.9), new nn.Linear(4, 8, { backend }), new nn.BatchNorm1d(8, { backend }), new nn.Linear(8, 2, { backend })],
    new nn.Dropout(0.5),
  );
  const kinds = checkDropout(model, ones([3, 4], { backend })).map(({ kind, name }) => `${kind} ${name}`);
  expect(kinds).toEqual(["before-batch-norm 0", "after-last-layer 4", "high-rate 0"]);
});

test("what is no model, no sample, or answers later is refused", async () => {
  const model = new nn.Sequential(new nn.Dropout(0.5), new nn.Linear(4, 2));
  expectRefusal(() => checkDropout({} as never, ones([2])), "TypeError", "checkDropout: expected a model that is a Module");
  for (const sample of [undefined, 3, "x", { x: ones([2]) }])
    expectRefusal(
      () => checkDropout(model, sample as never),
      "TypeError",
      "checkDropout: expected a sample that is a tensor or an array of inputs",
    );
  expectRefusal(() => checkDropout(model, []), "TypeError", "dropout: expected a Tensor, got undefined");
  expectRefusal(() => checkDropout(model, [[[1, 2]]]), "TypeError", "dropout: expected a Tensor");
  expectRefusal(() => checkDropout(model, ones([2, 3])), "ShapeError", "linear");
  const gone = ones([2, 4]);
  gone.dispose();
  expectRefusal(() => checkDropout(model, gone), "DisposedError");
  class Late extends nn.Module {
    async forward(x: Tensor) {
      return x;
    }
  }
  expectRefusal(() => checkDropout(new Late(), ones([2])), "TypeError", "checkDropout: expected a function that returns at once");
  const hooked = new nn.Linear(4, 2);
  expectRefusal(() => checkDropout(hooked, ones([2, 3])), "ShapeError");
  expect(Object.hasOwn(hooked, "forward")).toBe(false);
});

test("a model is checked through a proxy around it", () => {
  const model = new nn.Sequential(new nn.Linear(4, 2), new nn.Dropout(0.5));
  const proxy = new Proxy(model, {});
  expect(checkDropout(proxy, ones([2, 4])).map(({ kind, name }) => `${kind} ${name}`)).toEqual(["after-last-layer 1"]);
});
