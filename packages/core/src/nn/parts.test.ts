/** Random models of every layer that has a batch, cut in random parts: each part has what the whole has of it. */
import { describe, expect, test } from "vitest";
import { cat, checkpoint, Generator, nn, randn, shards, type Tensor } from "../index";

/** Small whole numbers that repeat for a seed. */
function dice(seed: number): (sides: number) => number {
  let state = seed * 2654435761 + 1;
  return (sides) => {
    state = (Math.imul(state ^ (state >>> 15), 2246822519) + 3266489917) >>> 0;
    return Math.floor((state / 2 ** 32) * sides);
  };
}

/** A layer of one tensor. */
interface TensorModule extends nn.Module {
  forward(x: Tensor): Tensor;
}

/** A layer, and the features that it gives for those that it is given. */
type Make = (features: number, roll: (sides: number) => number, generator: Generator) => { layer: TensorModule; features: number };
const same =
  (make: (options: { p: number; generator: Generator }) => TensorModule): Make =>
  (features, roll, generator) => ({
    layer: make({ p: 0.2 + 0.1 * roll(6), generator }),
    features,
  });

const LAYERS: Record<string, Make> = {
  Linear: (features, roll, generator) => {
    const out = 1 + roll(6);
    return { layer: new nn.Linear(features, out, { generator }), features: out };
  },
  ReLU: same(() => new nn.ReLU()),
  Tanh: same(() => new nn.Tanh()),
  GELU: same(() => new nn.GELU()),
  Softmax: same(() => new nn.Softmax({ dim: -1 })),
  Dropout: same((options) => new nn.Dropout(options)),
  "Dropout, shared by rows": same((options) => new nn.Dropout({ ...options, noiseShape: [null, 1] })),
  "Dropout, shared by the batch": same((options) => new nn.Dropout({ ...options, noiseShape: [1, null] })),
  "Dropout in place": (features, roll, generator) => ({
    layer: new nn.Sequential(
      new nn.Linear(features, features, { generator }),
      new nn.Dropout({ p: 0.1 + 0.1 * roll(5), generator, inplace: true }),
    ),
    features,
  }),
  AlphaDropout: same((options) => new nn.AlphaDropout(options)),
  FeatureAlphaDropout: same((options) => new nn.FeatureAlphaDropout(options)),
  LayerNorm: (features) => ({ layer: new nn.LayerNorm(features), features }),
  RMSNorm: (features) => ({ layer: new nn.RMSNorm(features), features }),
  GroupNorm: (features) => ({ layer: new Wide(new nn.GroupNorm(1, features), 1), features }),
  "BatchNorm1d, evaluated": (features) => ({ layer: new nn.BatchNorm1d(features).eval(), features }),
  InstanceNorm1d: (features) => ({ layer: new Wide(new nn.InstanceNorm1d(features), 1), features }),
  Conv1d: (features, _, generator) => ({
    layer: new Wide(new nn.Conv1d(features, features, 2, { padding: "same", generator }), 1),
    features,
  }),
  Conv2d: (features, _, generator) => ({ layer: new Wide(new nn.Conv2d(features, features, 2, { padding: 1, generator }), 2), features }),
  ConvTranspose2d: (features, _, generator) => ({
    layer: new Wide(new nn.ConvTranspose2d(features, features, 2, { generator }), 2),
    features,
  }),
  MaxPool2d: (features) => ({ layer: new Wide(new nn.MaxPool2d(2), 2), features }),
  AvgPool1d: (features) => ({ layer: new Wide(new nn.AvgPool1d(2), 1), features }),
  Dropout1d: same((options) => new Wide(new nn.Dropout1d(options), 1)),
  Dropout2d: same((options) => new Wide(new nn.Dropout2d(options), 2)),
  Dropout3d: same((options) => new Wide(new nn.Dropout3d(options), 3)),
};

/** A layer of channels, on features seen as channels of size 1. */
class Wide extends nn.Module {
  constructor(
    readonly inner: TensorModule,
    readonly dims: number,
  ) {
    super();
  }

  forward(x: Tensor): Tensor {
    const wide = x.reshape([...x.shape, ...Array(this.dims).fill(1)]).expand([...x.shape, ...Array(this.dims).fill(2)]);
    return this.inner.forward(wide).mean({ dim: Array.from({ length: this.dims }, (_, i) => i + 2) });
  }
}

function build(seed: number) {
  const roll = dice(seed);
  const generator = new Generator(seed);
  const names = Object.keys(LAYERS);
  const layers: TensorModule[] = [];
  let features = 1 + roll(5);
  const inputs = features;
  for (let i = 0; i < 6; i++) {
    const made = (LAYERS[names[(seed + i * (1 + roll(5))) % names.length] as string] as Make)(features, roll, generator);
    layers.push(made.layer);
    features = made.features;
  }
  const rows = 1 + roll(17);
  const x = randn([rows, inputs], { generator: new Generator(1000 + seed), requiresGrad: true });
  return { model: new nn.Sequential(...layers), x, rows, parts: 1 + roll(9), generator };
}

const SEEDS = Array.from({ length: 60 }, (_, i) => i);

describe("a random model", () => {
  test.each(SEEDS)("gives in parts what it gives as a whole, and leaves its generator alike: seed %i", (seed) => {
    const whole = build(seed);
    const cut = build(seed);
    const wanted = whole.model.forward(whole.x);
    wanted.pow(2).sum().backward();
    const outputs = shards({ count: cut.parts, total: cut.rows }, ({ start, rows }) => {
      const part = cut.x.slice(0, start, start + rows);
      const y = seed % 2 === 0 ? cut.model.forward(part) : checkpoint((input: Tensor) => cut.model.forward(input), part);
      y.pow(2).sum().backward();
      return y.detach();
    });
    const got = cat(outputs).dataSync();
    for (const [i, value] of wanted.dataSync().entries()) expect(got[i]).toBeCloseTo(value, 4);
    expect(cut.generator.getState()).toEqual(whole.generator.getState());
    const gradients = [cut.x, ...cut.model.parameters()].map((p) => p.grad?.dataSync());
    [whole.x, ...whole.model.parameters()].forEach((parameter, i) => {
      for (const [k, value] of (parameter.grad?.dataSync() ?? []).entries()) expect(gradients[i]?.[k]).toBeCloseTo(value, 3);
    });
  });

  test("has every layer in one of them", () => {
    const seen = SEEDS.map((seed) => String(build(seed).model)).join();
    for (const name of Object.keys(LAYERS)) expect(seen).toContain(name.split(/[ ,]/)[0]);
  });
});
