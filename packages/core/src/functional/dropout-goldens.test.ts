/**
 * The family beyond PyTorch's against the libraries that its members come from: torchvision, timm, transformers, Keras, and formulas of AWD-LSTM, fairseq and
 * papers as PyTorch operations. Nothing is handed over but a seed: under `torchCpu` the masks are theirs.
 */
import { describe, expect, test } from "vitest";
import { functional as F, Generator, manualSeed, nn, optim, rand, randint, type Tensor, tensor } from "../index";
import { torchCpu } from "../streams";
import { expectClose } from "../testing/close";
import { fromGolden, type GoldenTensor, readGolden } from "../testing/goldens";

/** What an operation gave there: output, gradients for an upstream gradient, and the next two numbers of the generator. */
interface Case {
  readonly seed: number;
  readonly inputs: GoldenTensor[];
  readonly upstream: GoldenTensor;
  readonly output: GoldenTensor;
  readonly gradients: number[][];
  readonly after: number[];
  readonly p: number;
}

const golden = readGolden<{
  dropPath: (Case & { of: string; mode: "row" | "batch" })[];
  dropBlock2d: (Case & { blockSize: number })[];
  lockedDropout: (Case & { order: number[] })[];
  embeddingDropout: (Case & { paddingIdx: number | null; words: number[] })[];
  dropConnect: Case[];
  languageModel: {
    losses: number[];
    gradients: Record<string, number[]>;
    weights: Record<string, number[]>;
    after: number[];
  };
  layerDrop: { of: string; seed: number; p: number; ran: string[]; after: number[] }[];
  gaussianDropout: (Case & { layerSeed: number; call: number })[];
  zoneout: Case[];
  concreteDropout: (Case & { temperature: number })[];
  multiSampleDropout: (Case & { samples: number })[];
  rDropLoss: (Case & { alpha: number; target: GoldenTensor; snippet: number })[];
}>("dropout-family");

const values = (x: Tensor): number[] => [...x.dataSync()];
const floats = (numbers: readonly number[]): number[] => numbers.map(Math.fround);
const seeded = (seed: number) => new Generator(seed, { stream: torchCpu });

/** The same here. */
function run({ seed, inputs, upstream }: Case, op: (generator: Generator, ...inputs: Tensor[]) => Tensor) {
  const generator = seeded(seed);
  const tensors = inputs.map((x) => fromGolden(x, true));
  const output = op(generator, ...tensors);
  output.backward(fromGolden(upstream));
  const gradients = tensors.map((x) => values(x.grad as Tensor));
  return { output, gradients, after: () => values(rand([2], { generator })) };
}

/** That all is the same, to the last bit. */
function expectBits(given: Case, op: (generator: Generator, ...inputs: Tensor[]) => Tensor): void {
  const { output, gradients, after } = run(given, op);
  expect(values(output)).toEqual(floats(given.output.data));
  expect(gradients).toEqual(given.gradients.map(floats));
  expect(after()).toEqual(floats(given.after));
}

/** That all is the same within the rounding of sums, or of logarithms; where a gradient is 0 exactly. */
function expectNear(given: Case, op: (generator: Generator, ...inputs: Tensor[]) => Tensor): void {
  const { output, gradients, after } = run(given, op);
  expectClose(values(output), given.output.data, { rtol: 2e-6, atol: 1e-6 }, "output");
  gradients.forEach((gradient, i) => {
    const expected = given.gradients[i] as number[];
    expectClose(gradient, expected, { rtol: 4e-6, atol: 2e-6 }, `gradient ${i}`);
    expect(gradient.map((value) => value === 0)).toEqual(expected.map((value) => value === 0));
  });
  expect(after()).toEqual(floats(given.after));
}

test.each(golden.dropPath)("dropPath has the bits of $of's at p = $p by $mode", (given) => {
  const { p, mode } = given;
  expectBits(given, (generator, x) => F.dropPath(x, { p, mode, generator }));
});

describe("dropBlock2d", () => {
  const drop = ({ p, blockSize }: { p: number; blockSize: number }) => {
    return (generator: Generator, x: Tensor) => F.dropBlock2d(x, { p, blockSize, generator });
  };

  test.each(golden.dropBlock2d.filter(({ inputs }) => inputs[0]?.shape[0] === 1))(
    "has the bits of torchvision's for one sample, at p = $p with squares of $blockSize",
    (given) => expectBits(given, drop(given)),
  );

  test.each(golden.dropBlock2d.filter(({ inputs }) => inputs[0]?.shape[0] !== 1))(
    "drops the squares that torchvision's drops of several samples, and differs by the scale alone, which there is the batch's",
    (given) => {
      const { output, gradients, after } = run(given, drop(given));
      const isKept = given.output.data.map((value) => value !== 0);
      const each = isKept.length / (output.shape[0] as number);
      const share = (from: number, to: number) => isKept.slice(from, to).filter(Boolean).length / (to - from);
      const byBatch = (mine: number[]) =>
        mine.map((value, i) => (value * share(i - (i % each), i - (i % each) + each)) / share(0, isKept.length));
      expect(values(output).map((value) => value !== 0)).toEqual(isKept);
      expectClose(byBatch(values(output)), given.output.data);
      expectClose(byBatch(gradients[0] as number[]), given.gradients[0] as number[]);
      expect(after()).toEqual(floats(given.after));
    },
  );
});

test.each(golden.lockedDropout)("lockedDropout has the bits of AWD-LSTM's at p = $p, of data in the order $order", (given) => {
  const { p, order } = given;
  expectBits(given, (generator, x) => F.lockedDropout(x.permute(order), { p, generator }));
});

test.each(golden.embeddingDropout)("embeddingDropout has the bits of AWD-LSTM's at p = $p, padding $paddingIdx", (given) => {
  const { p, paddingIdx, words } = given;
  const places = tensor(new Int32Array(words), { shape: given.output.shape.slice(0, 2) });
  expectBits(given, (generator, table) => F.embeddingDropout(places, table, { p, paddingIdx, generator }));
});

test.each(golden.dropConnect)("dropConnect is linear by the weights that PyTorch's dropout leaves at p = $p", (given) => {
  expectNear(given, (generator, x, weight, bias) => F.dropConnect(x, weight as Tensor, { p: given.p, bias, generator }));
});

test.each(golden.zoneout)("zoneout with both states swapped, at the rate 1 - p, is the cell's of fairseq at p = $p", (given) => {
  expectBits(given, (generator, previous, next) => F.zoneout(next as Tensor, previous, { p: 1 - given.p, generator }));
});

test.each(golden.concreteDropout)("concreteDropout is the paper's formula of torch.rand, at temperature $temperature", (given) => {
  const { temperature } = given;
  const { output, gradients, after } = run(given, (generator, x, logit) =>
    F.concreteDropout(x, logit as Tensor, { temperature, generator }),
  );
  // The logarithms are divided by the temperature.
  const close = { rtol: 1e-5, atol: 2e-6 / temperature };
  expectClose(values(output), given.output.data, close, "output");
  expectClose(gradients[0] as number[], given.gradients[0] as number[], close, "gradient of x");
  expectClose(gradients[1] as number[], given.gradients[1] as number[], { rtol: 1e-5, atol: 2e-5 }, "gradient of the logit");
  expect(after()).toEqual(floats(given.after));
});

test.each(golden.multiSampleDropout)("multiSampleDropout is the mean over $samples calls of PyTorch's dropout", (given) => {
  const { p, samples } = given;
  expectNear(given, (generator, x, weight) => F.multiSampleDropout(x, (y) => F.linear(y, weight as Tensor), { p, samples, generator }));
});

test.each(golden.gaussianDropout)(
  "gaussianDropout has the noise of Keras on torch at p = $p, call $call",
  ({ layerSeed, call, ...given }) => {
    // Keras seeds a new generator for each call.
    const { output, gradients } = run({ ...given, seed: layerSeed + call }, (generator, x) =>
      F.gaussianDropout(x, { p: given.p, generator }),
    );
    expectClose(values(output), given.output.data, { rtol: 4e-6, atol: 2e-6 });
    expectClose(gradients[0] as number[], given.gradients[0] as number[], { rtol: 4e-6, atol: 2e-6 });
  },
);

test.each(golden.rDropLoss)(
  "rDropLoss is the paper's of cross_entropy and kl_div, and the authors' snippet by another alpha: $alpha",
  (given) => {
    const { alpha, snippet } = given;
    const target = fromGolden({ ...given.target, dtype: "int32" });
    expectNear(given, (_, first, second) => F.rDropLoss(first, second as Tensor, target, { alpha }));
    const [first, second] = given.inputs.map((x) => fromGolden(x)) as [Tensor, Tensor];
    // It takes the mean of both cross entropies, and the sum over rows of the divergence.
    const other = F.rDropLoss(first, second, target, { alpha: 2 * target.size * alpha }).itemSync() / 2;
    expectClose([other], [snippet]);
  },
);

test.each(golden.layerDrop)(
  "layerDrop runs the layers that $of runs at p = $p, whose passes in eval mode draw as well",
  ({ seed, p, ran, after }) => {
    const generator = seeded(seed);
    const count = (ran[0] as string).length;
    const passes = [true, false, true].map((training) => {
      const seen = new Array<number>(count).fill(0);
      const layers = seen.map((_, i) => (x: Tensor) => {
        seen[i] = 1;
        return x;
      });
      F.layerDrop(tensor([1]), layers, { p, training, generator });
      if (!training) rand([count], { generator });
      return seen.join("");
    });
    expect(passes).toEqual(ran);
    expect(values(rand([2], { generator }))).toEqual(floats(after));
  },
);

test("a language model in the manner of AWD-LSTM has PyTorch's losses, gradients and weights over four steps, by nothing but a seed", () => {
  manualSeed(12, { stream: torchCpu });
  const embedding = new nn.Embedding(6, 4);
  const lstm = new nn.LSTM(4, 5);
  const head = new nn.Linear(5, 6);
  const model = new nn.ModuleDict({ embedding, lstm, head });
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.5 });
  const words = new nn.EmbeddingDropout(embedding, 0.2);
  const recurrent = new nn.WeightDrop(lstm, ["weight_hh_l0"], 0.5);
  const [inside, behind] = [new nn.LockedDropout(0.3), new nn.LockedDropout(0.4)];
  const [text, target] = [randint(0, 6, [7, 3]), randint(0, 6, [7, 3])];
  const losses = Array.from({ length: 4 }, () => {
    const [y] = recurrent.forward(inside.forward(words.forward(text)));
    const loss = F.crossEntropy(head.forward(behind.forward(y)).reshape([21, 6]), target.reshape([21]));
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
    return loss.itemSync();
  });
  const { losses: expected, gradients, weights, after } = golden.languageModel;
  expectClose(losses, expected, { rtol: 2e-6 }, "losses");
  const found = [...model.namedParameters()];
  expect(found.map(([name]) => name).sort()).toEqual(Object.keys(weights).sort());
  for (const [name, weight] of found) {
    expectClose(values(weight), weights[name] as number[], { atol: 4e-6 }, name);
    expectClose(values(weight.grad as Tensor), gradients[name] as number[], { atol: 4e-6 }, `gradient of ${name}`);
  }
  expect(values(rand([2]))).toEqual(floats(after));
  manualSeed(0);
});
