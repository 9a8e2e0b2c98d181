/** PyTorch's CPU stream against PyTorch: uniform numbers, masks, places and orders exactly; normal ones within 1e-6. */
import { createHash } from "node:crypto";
import { afterEach, describe, expect, test } from "vitest";
import {
  bernoulli,
  cpu,
  DataLoader,
  defaultGenerator,
  functional as F,
  Generator,
  manualSeed,
  multinomial,
  nn,
  noGrad,
  normal,
  ones,
  optim,
  RandomSampler,
  rand,
  randint,
  randn,
  randomSplit,
  randperm,
  setDefaultBackend,
  type Tensor,
  tensor,
  WeightedRandomSampler,
  zeros,
} from "../index";
import type { ForeignSource } from "../random/source";
import { blindBackend } from "../testing/backends";
import { expectClose } from "../testing/close";
import { type GoldenTensor, readGolden } from "../testing/goldens";
import { torchCpu } from "./torch-cpu";

type Args = Readonly<Record<string, number>> & { readonly dtype: "float32" | "float64"; readonly replacement: boolean };

interface Draw {
  readonly draw: string;
  readonly seed: number;
  readonly before: number;
  readonly spare: boolean;
  readonly args: Args;
  readonly value: number[];
  readonly after: number[];
}

interface State {
  readonly seed: string;
  readonly before: number;
  readonly hasSpare: boolean;
  readonly sha256: string;
  readonly bytes?: string;
  readonly randn?: number[];
}

interface Loader {
  readonly kind: string;
  readonly shuffle?: boolean;
  readonly options?: { readonly replacement?: boolean; readonly numSamples?: number };
  readonly own?: boolean;
  readonly places: number[][];
  readonly after: number[];
  readonly ownAfter?: number[] | null;
}

const golden = readGolden<{
  draws: Draw[];
  masks: { view: string; kind: "dropout"; inplace: boolean; mask: string; after: number[] }[];
  states: State[];
  layers: { layer: string; parameters: Record<string, number[]>; after: number[] }[];
  inits: { init: "normal"; options: object; dtype: "float32"; shape: number[]; value: number[]; after: number[] }[];
  modules: { module: string; inputs: number; output: number[]; after: number[] }[];
  loaders: Loader[];
}>("torch-cpu-draws");

/** Made of logarithms, sines and cosines, which differ in the last places from one library to the next. */
const NEAR = /randn|norm|trunc|orthogonal|sparse|kaimingN|xavierN|exponential|Embedding/i;

afterEach(() => {
  setDefaultBackend(cpu);
  manualSeed(0);
});

const seeded = (seed: number | bigint) => manualSeed(seed, { stream: torchCpu });
const values = (x: Tensor) => [...x.dataSync()];
const after = () => values(rand([2]));

/** Equal, for `float32` as such, or within 1e-6. */
function expectNumbers(got: readonly number[], expected: readonly number[], dtype: string, isNear: boolean): void {
  if (isNear) expectClose(got, expected, { rtol: 2e-6, atol: 1e-6 });
  else expect(got).toEqual(dtype === "float32" ? expected.map(Math.fround) : expected);
}

describe("the draws of PyTorch's CPU generator", () => {
  const draw: Record<string, (args: Args) => Tensor> = {
    rand: ({ n = 0, dtype }) => rand([n], { dtype }),
    randn: ({ n = 0, dtype }) => randn([n], { dtype }),
    uniform: ({ n = 0, dtype, a, b }) => nn.init.uniform(zeros([n], { dtype }), { a, b } as object),
    normal: ({ n = 0, dtype, mean = 0, std = 1 }) => normal(mean, std, [n], { dtype }),
    exponential: ({ n = 0, dtype }) => tensor((defaultGenerator().source as ForeignSource).exponential(n, dtype)),
    truncNormal: ({ n = 0, dtype, a, b }) => nn.init.truncNormal(zeros([n], { dtype }), { a, b } as object),
    bernoulli: ({ n = 0, dtype }) => bernoulli(tensor(Float32Array.from({ length: n }, (_, i) => (i + 0.5) / n)).type(dtype)),
    multinomial: ({ n = 0, dtype, count = 1, replacement }) =>
      multinomial(
        tensor(Array.from({ length: 2 * n }, (_, i) => i + 1))
          .reshape([2, n])
          .type(dtype),
        count,
        { replacement },
      ),
    randint: ({ n = 0, low = 0, high = 1 }) => randint(low, high, [n]),
    randperm: ({ n = 0 }) => randperm(n),
  };

  test.each(golden.draws)(
    "$draw $args after $before words, spare: $spare",
    ({ draw: name, seed, before, spare, args, value, after: next }) => {
      seeded(seed);
      rand([before]);
      if (spare) randn([1]);
      const got = (draw[name] as (typeof draw)[string])(args);
      expectNumbers(values(got), value, args.dtype ?? "int32", NEAR.test(name));
      expect(after()).toEqual(next.map(Math.fround));
    },
  );

  test("multinomial without a view of the weights", async () => {
    const backend = blindBackend();
    for (const { args, seed, value } of golden.draws.filter((each) => each.draw === "multinomial" && each.args.dtype === "float32")) {
      const { n = 0, count = 1, replacement } = args;
      seeded(seed);
      const weights = tensor(
        Array.from({ length: 2 * n }, (_, i) => i + 1),
        { backend },
      ).reshape([2, n]);
      expect([...(await multinomial(weights, count, { replacement }).data())]).toEqual(value);
    }
  });

  test.each(golden.inits)("nn.init.$init of $shape $dtype $options", ({ init, options, dtype, shape, value, after: next }) => {
    seeded(5);
    const x = zeros(shape, { dtype });
    if ((init as string) === "sparse") nn.init.sparse(x, 0.3, options);
    else nn.init[init](x, options);
    expectNumbers(values(x), value, dtype, NEAR.test(init));
    expect(after()).toEqual(next.map(Math.fround));
  });

  test.each(golden.layers)("initial weights: $layer", ({ layer, parameters, after: next }) => {
    seeded(7);
    const model = new Function("nn", `return new nn.${layer}`)(nn) as nn.Module;
    const made = Object.fromEntries([...model.namedParameters()].map(([name, x]) => [name, values(x).slice(0, 6)]));
    expect(Object.keys(made).sort()).toEqual(Object.keys(parameters).sort());
    for (const [name, expected] of Object.entries(parameters)) expectNumbers(made[name] ?? [], expected, "float32", NEAR.test(layer));
    expect(after()).toEqual(next.map(Math.fround));
  });
});

describe("masks", () => {
  test.each(golden.masks)(
    "of $kind lie on $view in the order of memory, inplace: $inplace",
    ({ view, kind, inplace, mask, after: next }) => {
      seeded(11);
      const y = noGrad(() => F[kind](viewOf(view), { p: 0.4, training: true, inplace }));
      const low = y.amin().itemSync();
      expect(
        values(y)
          .map((value) => Number(value > low + 1e-6))
          .join(""),
      ).toBe(mask);
      expect(after()).toEqual(next.map(Math.fround));
    },
  );
});

describe("modules in training", () => {
  test.each(golden.modules)("$module draws its masks in PyTorch's order", ({ module, inputs, output, after: next }) => {
    seeded(4);
    const model = new Function("nn", `return new nn.${module}`)(nn) as nn.Module & { forward(...inputs: Tensor[]): Tensor | Tensor[] };
    const x = randn([5, 3, 4]);
    const y = model.forward(...Array<Tensor>(inputs).fill(x));
    expectClose(values((Array.isArray(y) ? y[0] : y) as Tensor), output, { rtol: 0, atol: 3e-6 });
    expect(after()).toEqual(next.map(Math.fround));
  });
});

describe("the state", () => {
  test.each(golden.states)(
    "after $before words of seed $seed is PyTorch's, byte by byte, spare: $hasSpare",
    ({ seed, before, hasSpare, sha256, bytes, randn: next }) => {
      const generator = new Generator(BigInt(seed), { stream: torchCpu });
      rand([before], { generator });
      if (hasSpare) randn([1], { generator });
      const state = generator.getState();
      // A sine may differ in its last bits.
      const expected = bytes === undefined ? undefined : Uint8Array.from(Buffer.from(bytes, "base64"));
      const spare = (from: Uint8Array) => new DataView(from.buffer, from.byteOffset).getFloat64(5024, true);
      if (expected !== undefined) expect(spare(state)).toBeCloseTo(spare(expected), 14);
      expect(
        createHash("sha256")
          .update(state.slice().fill(0, 5024, 5032))
          .digest("hex"),
      ).toBe(sha256);
      if (expected === undefined) return;
      const other = new Generator(1, { stream: torchCpu }).setState(expected);
      expect(other.seed).toBe(BigInt(seed));
      expect(other.getState()).toEqual(expected);
      expectClose(values(randn([2], { generator: other })), next ?? [], { rtol: 1e-6 });
    },
  );
});

describe("loaders and samplers", () => {
  test.each(golden.loaders)("$kind $options, shuffle: $shuffle, with a generator of its own: $own", (each) => {
    const data = Array.from({ length: 7 }, (_, i) => i);
    seeded(9);
    const generator = new Generator(50, { stream: torchCpu });
    const own = each.own ? { generator } : {};
    const placesOf = each.kind === "split" ? () => [] : orders(each, data, own);
    const got =
      each.kind === "split" ? randomSplit(data, [0.5, 0.3, 0.2]).map(({ indices }) => [...indices]) : each.places.map(() => placesOf());
    expect(got).toEqual(each.places);
    expect(after()).toEqual(each.after.map(Math.fround));
    if (each.ownAfter) expect(values(rand([2], { generator }))).toEqual(each.ownAfter.map(Math.fround));
  });
});

describe("a script without anything from PyTorch", () => {
  const { cases } = readGolden<{ cases: Script[] }>("torch-cpu-stream");

  test.each(cases)("draws as PyTorch does from seed $seed", (each) => {
    const seed = BigInt(each.seed);
    seeded(seed);
    expect(values(rand([10]))).toEqual(each.rand10);
    seeded(seed);
    expectClose(values(randn([4])), each.randn4, { rtol: 1e-6 });
    seeded(seed);
    expectClose(values(randn([20])), each.randn20, { rtol: 1e-6 });
    seeded(seed);
    expect([...randperm(10).dataSync()]).toEqual(each.randperm10);
    seeded(seed);
    const { weight, bias } = new nn.Linear(10, 20);
    expect(values(weight)).toEqual(each.linear_10_20.weight.data);
    expect(values(bias as Tensor)).toEqual(each.linear_10_20.bias.data);
    seeded(seed);
    const drops = [0.5, 0.1, 0.9].map((p) => values(F.dropout(ones([40]), p)));
    expect(drops.map((drop) => drop.map((value) => Number(value !== 0)).join(""))).toEqual(each.dropout);
  });

  test.each(cases)("trains as PyTorch does from seed $seed", ({ seed, example1_losses, example1_eval_loss }) => {
    seeded(BigInt(seed));
    const model = new nn.Sequential(new nn.Linear(10, 20), new nn.ReLU(), new nn.Dropout(0.5), new nn.Linear(20, 1), new nn.Sigmoid());
    const input = randn([64, 10]);
    const target = rand([64, 1]).gt(0.5).type("float32");
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
    const losses = example1_losses.map(() => {
      optimizer.zeroGrad();
      const loss = F.binaryCrossEntropy(model.forward(input), target);
      loss.backward();
      optimizer.step();
      return loss.itemSync();
    });
    expectClose(losses, example1_losses, { rtol: 0, atol: 3e-6 });
    const loss = F.binaryCrossEntropy(model.eval().forward(input), target).itemSync();
    expect(loss).toBeCloseTo(example1_eval_loss, 5);
  });
});

// --- internal helpers ---

interface Script {
  readonly seed: string;
  readonly rand10: number[];
  readonly randn4: number[];
  readonly randn20: number[];
  readonly linear_10_20: { readonly weight: GoldenTensor; readonly bias: GoldenTensor };
  readonly dropout: string[];
  readonly randperm10: number[];
  readonly example1_losses: number[];
  readonly example1_eval_loss: number;
}

function viewOf(view: string): Tensor {
  const [shape = "[]", ...steps] = view.split(" ");
  let x = ones(JSON.parse(shape) as number[]);
  for (let i = 0; i < steps.length; i += 2) {
    const numbers = (steps[i + 1] as string).split(",").map(Number) as [number, number, number];
    const step = steps[i];
    x =
      step === "slice"
        ? x.slice(...numbers)
        : step === "transpose"
          ? x.transpose(numbers[0], numbers[1])
          : step === "permute"
            ? x.permute(numbers)
            : x.expand(numbers);
  }
  return x;
}

/** What gives the places of one pass. */
function orders(
  { kind, shuffle = false, options = {} }: Loader,
  data: readonly number[],
  own: { readonly generator?: Generator },
): () => number[] {
  if (kind === "sampler") {
    const sampler = new RandomSampler(data.length, { ...options, ...own });
    return () => [...sampler];
  }
  const sampler =
    kind === "random"
      ? new RandomSampler(data, { ...options, ...own })
      : new WeightedRandomSampler([0.1, 0.9, 0.4, 0.7, 3, 0.6, 0.2], 5, { ...options, ...own });
  const loader = new DataLoader(data, { batchSize: 3, ...(kind === "loader" ? { shuffle, ...own } : { sampler }) });
  return () => {
    const places: number[] = [];
    for (const batch of loader) places.push(...(batch as unknown as Tensor).dataSync());
    return places;
  };
}
