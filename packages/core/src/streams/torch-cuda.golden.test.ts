import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { bernoulli, cat, checkpoint, functional as F, full, Generator, ones, rand, randn, type Tensor, tensor } from "../index";
import { type StreamCase, sha256Of, streamCases } from "../testing/cuda-streams";
import { type TorchCudaOptions, torchCuda } from "./torch-cuda";
import type { TorchDType } from "./torch-cuda-masks";

/** The mask and the offset of call `call` of `draw`, as the file has them. */
function expectMask({ seed, call = 0, sha256, offset }: StreamCase, options: TorchCudaOptions, draw: (generator: Generator) => Tensor) {
  const generator = new Generator(seed, { stream: torchCuda(options) });
  let result: Tensor | undefined;
  for (let i = 0; i <= call; i++) {
    result?.dispose();
    result = draw(generator);
  }
  const kept = Uint8Array.from((result as Tensor).dataSync(), (value) => Number(value !== 0));
  expect({ sha256: sha256Of(kept), offset: Number(generator.offset) }).toEqual({ sha256, offset });
}

const label = ({ n, seed, p, call, dtype }: StreamCase) => `${n} ${dtype} p ${p} seed ${seed} call ${call}`;
/** Longer ones take minutes on the reference: conformance draws them on the backends. */
const LONGEST = 70_000;
const named = (name: string, longest = LONGEST) => streamCases(name).filter((each) => each.name === name && each.n <= longest);
const dtypeOf = ({ dtype }: StreamCase) => ({ dtype: (dtype ?? "float32") as TorchDType });

describe("torchCuda draws the masks of a real H100", () => {
  test.each(named("dropout").map((each) => [label(each), each] as const))("F.dropout of %s", (_, each) => {
    const x = ones([each.n]);
    expectMask(each, dtypeOf(each), (generator) => F.dropout(x, { p: each.p, generator }));
  });

  test.each(named("dropout_").map((each) => [label(each), each] as const))("F.dropout in place of %s", (_, each) => {
    expectMask(each, dtypeOf(each), (generator) => F.dropout(ones([each.n]), { p: each.p, generator, inplace: true }));
  });

  test.each(named("bernoulli_").map((each) => [label(each), each] as const))("noise by bernoulli_ of %s", (_, each) => {
    expectMask(each, dtypeOf(each), (generator) => F.dropout(ones([each.n]), { p: 1 - each.p, generator, inplace: true }));
  });

  test.each(named("alpha_dropout").map((each) => [label(each), each] as const))("F.alphaDropout of %s", (_, each) => {
    const x = full([each.n], 100);
    const isKept = (y: Tensor) => y.gt(10);
    expectMask(each, dtypeOf(each), (generator) => isKept(F.alphaDropout(x, { p: each.p, generator, training: true })));
  });

  test.each(named("bernoulli").map((each) => [label(each), each] as const))("bernoulli of a tensor, %s", (_, each) => {
    const x = full([each.n], each.p);
    expectMask(each, dtypeOf(each), (generator) => bernoulli(x, { generator }));
  });

  const channels = { dropout1d: F.dropout1d, dropout2d: F.dropout2d, dropout3d: F.dropout3d };
  test.each(Object.entries(channels).flatMap(([name, fn]) => named(name).map((each) => [`${name} ${label(each)}`, each, fn] as const)))(
    "channels: %s",
    (_, each, fn) => {
      const x = ones(each.shape);
      const inner = each.shape.slice(2).reduce((product, size) => product * size, 1);
      expectMask(each, {}, (generator) => fn(x, { p: each.p, generator }).reshape([each.n, inner]).slice(1, 0, 1));
    },
  );

  test.each(named("feature_alpha_dropout").map((each) => [label(each), each] as const))("channels with alpha, %s", (_, each) => {
    const x = full(each.shape, 100);
    const inner = each.shape.slice(2).reduce((product, size) => product * size, 1);
    expectMask(each, {}, (generator) =>
      F.featureAlphaDropout(x, { p: each.p, generator, training: true }).reshape([each.n, inner]).slice(1, 0, 1).gt(10),
    );
  });
});

interface Strided extends StreamCase {
  readonly strides: number[];
}

/** A tensor of ones of that shape, strides and place. */
const LAYOUTS: Record<string, () => Tensor> = {
  channels_last: () => ones([2, 6, 10, 8]).permute([0, 3, 1, 2]),
  transposed: () => ones([0]),
  expanded: () => ones([1, 1]).expand([16, 24]),
  "expanded rows": () => ones([1, 24]).expand([16, 24]),
  "expanded columns": () => ones([16, 1]).expand([16, 24]),
  "step 2": () => ones([512]).slice(0, 0, 512, 2),
  "column slice": () => ones([16, 40]).slice(1, 0, 24),
  "offset 1": () => ones([513]).slice(0, 1, 513),
  "offset 2": () => ones([514]).slice(0, 2, 514),
  "offset 4": () => ones([516]).slice(0, 4, 516),
  "permuted 3d": () => ones([6, 8, 10]).permute([2, 0, 1]),
  "zero-dim": () => ones([]),
  "big step 2": () => ones([2_400_000]).slice(0, 0, 2_400_000, 2),
  "big expanded": () => ones([1, 1]).expand([1200, 1000]),
};

describe("torchCuda counts elements as the card does", () => {
  test.each(
    streamCases("dropout:")
      .filter(({ n }) => n <= LONGEST)
      .map((each) => [`${each.name} call ${each.call}`, each as Strided] as const),
  )("%s", (_, each) => {
    const kind = each.name.slice("dropout:".length);
    const x =
      kind === "transposed"
        ? ones([...each.shape].reverse()).permute(each.shape.map((_size, i) => each.shape.length - 1 - i))
        : (LAYOUTS[kind] as () => Tensor)();
    if (kind !== "column slice" && kind !== "big expanded") expect([x.shape, x.strides.length]).toEqual([each.shape, each.strides.length]);
    expectMask(each, {}, (generator) => F.dropout(x, { p: each.p, generator }));
  });

  test("dropout in place of a transposed tensor", () => {
    const [each] = named("dropout_:transposed") as [StreamCase];
    const [rows, columns] = each.shape as [number, number];
    expectMask(each, {}, (generator) => F.dropout(ones([columns, rows]).transpose(0, 1), { p: each.p, generator, inplace: true }));
  });
});

describe("torchCuda draws attention's masks by kernel", () => {
  const kernels = ["math", "efficient", "flash", "cudnn"] as const;
  const cases = kernels.flatMap((attention) =>
    named(`sdpa:${attention}`, 200_000).map((each) => [`${attention} ${label(each)} ${each.shape}`, attention, each] as const),
  );
  test.each(cases)("%s", (_, attention, each) => {
    const [batch, heads, queries, keys] = each.shape as [number, number, number, number];
    const dtype = dtypeOf(each);
    expectMask(each, { attention, ...dtype }, (generator) => {
      // Uniform weights, and values that show each of them.
      const q = full([batch, heads, queries, 1], 0);
      const k = full([batch, heads, keys, 1], 0);
      const v = tensor(Array.from({ length: keys }, (_row, i) => Array.from({ length: keys }, (_column, j) => Number(i === j))))
        .reshape([1, 1, keys, keys])
        .expand([batch, heads, keys, keys]);
      return F.scaledDotProductAttention(q, k, v, { dropoutP: each.p, generator });
    });
  });
});

describe("torchCuda draws on the card where it is told to", () => {
  const sha = (values: Float32Array) => createHash("sha256").update(values).digest("hex");

  test.each(named("rand", 3_000_000).map((each) => [label(each), each] as const))("rand of %s", (_, each) => {
    const generator = new Generator(each.seed, { stream: torchCuda({ draws: "device" }) });
    let x = rand([each.n], { generator });
    for (let i = 0; i < (each.call ?? 0); i++) x = rand([each.n], { generator });
    expect([sha(x.dataSync() as Float32Array), Number(generator.offset)]).toEqual([each.sha256, each.offset]);
  });

  test.each(named("randn", 300_000).map((each) => [label(each), each] as const))("randn of %s", (_, each) => {
    const generator = new Generator(each.seed, { stream: torchCuda({ draws: "device" }) });
    let x = randn([each.n], { generator });
    for (let i = 0; i < (each.call ?? 0); i++) x = randn([each.n], { generator });
    const values = x.dataSync();
    for (const [i, value] of (each.values ?? each.head).entries()) expect(Math.abs((values[i] as number) - value)).toBeLessThan(1e-6);
    expect(Number(generator.offset)).toBe(each.offset);
  });
});

test("a checkpoint leaves torchCuda's generator as a plain pass does, and draws one mask twice", () => {
  const [each] = named("after checkpoint") as [StreamCase];
  const generator = new Generator(each.seed, { stream: torchCuda() });
  const x = ones([each.n], { requiresGrad: true });
  const first = checkpoint(() => F.dropout(x, { p: each.p, generator }));
  first.sum().backward();
  expect(generator.offset).toBe(4n);
  expect([...(x.grad as Tensor).dataSync()]).toEqual([...first.dataSync()]);
  const next = F.dropout(ones([each.n]), { p: each.p, generator });
  expect([sha256Of(Uint8Array.from(next.dataSync(), (value) => Number(value !== 0))), Number(generator.offset)]).toEqual([
    each.sha256,
    each.offset,
  ]);
});

describe("torchCuda is what these draw, too", () => {
  test.each(streamCases("graph replay").map((each) => [`${each.name}, replay ${each.call}`, each] as const))(
    "%s, of two dropouts",
    (_, each) => {
      const x = ones([each.n / 2]);
      expectMask(each, {}, (generator) => cat([F.dropout(x, { p: each.p, generator }), F.dropout(x, { p: each.p, generator })]));
    },
  );

  test.each(named("compiled:fallback").map((each) => [label(each), each] as const))(
    "a model compiled with fallback_random: %s",
    (_, each) => {
      expectMask(each, {}, (generator) => F.dropout(ones([each.n]), { p: each.p, generator }));
    },
  );
});
