import { describe, expect, test } from "vitest";
import { cat, cpu, eye, functional as F, Generator, manualSeed, nn, ones, rand, randperm, shards, type Tensor } from "../index";
import { blindBackend } from "../testing/backends";
import { expectRefusal } from "../testing/refusal";
import { torchCpu } from "./torch-cpu";
import { type TorchCudaOptions, torchCuda } from "./torch-cuda";

const under = (options?: TorchCudaOptions) => new Generator(5, { stream: torchCuda(options) });
const bitsOf = (x: Tensor) => Array.from(x.dataSync(), (value) => Number(value !== 0)).join("");

describe("torchCuda refuses", () => {
  test.each<[TorchCudaOptions, string, string]>([
    [{ gpu: "H10" }, "RangeError", "did you mean"],
    [{ gpu: "A100", multiprocessors: 108 }, "TypeError", "a gpu or its numbers, got both"],
    [{ multiprocessors: 0 }, "RangeError", "multiprocessors as an integer in [1, 65536], got 0"],
    [{ multiprocessors: 1.5 }, "RangeError", "multiprocessors"],
    [{ threadsPerMultiprocessor: 128 }, "RangeError", "threadsPerMultiprocessor"],
    [{ dtype: "half" as never }, "TypeError", 'dtype to be "float16"'],
    [{ attention: "fast" as never }, "TypeError", 'attention to be "math"'],
    [{ draws: "gpu" as never }, "TypeError", 'draws to be "host"'],
    [{ gpus: "A100" } as never, "TypeError", "did you mean gpu"],
    [{ gpu: 5 as never }, "TypeError", "gpu as the name of one"],
  ])("%o", (options, name, part) => {
    expectRefusal(() => torchCuda(options), name, "torchCuda: expected", part);
  });

  test("what is no stream, and leaves the generator as it was", () => {
    const generator = manualSeed(3);
    const before = generator.getState();
    for (const stream of [torchCuda, {}, null, "torchCpu"]) {
      expectRefusal(() => new Generator(1, { stream: stream as never }), "TypeError", "Generator: expected a stream such as torchCpu");
      expectRefusal(() => manualSeed(1, { stream: stream as never }), "TypeError", "manualSeed: expected a stream such as torchCpu");
    }
    expectRefusal(() => manualSeed(1, { strem: torchCpu } as never), "TypeError", "did you mean stream");
    expect(generator.getState()).toEqual(before);
  });

  test.each([0, 15, 17, 24, 5056, 5071, 5073])("a state of %i bytes", (length) => {
    const generator = under();
    F.dropout(ones([8]), { p: 0.5, generator });
    const before = generator.getState();
    expectRefusal(() => generator.setState(new Uint8Array(length)), "RangeError", "setState: expected");
    expect(generator.getState()).toEqual(before);
  });

  test("offsets that PyTorch never has, and a state whose second half is another's", () => {
    const generator = under();
    const before = generator.getState();
    const odd = before.slice();
    odd[8] = 2;
    expectRefusal(() => generator.setState(odd), "RangeError", "an offset that is a multiple of 4");
    const torn = before.slice();
    torn.fill(255, 16 + 8);
    expectRefusal(() => generator.setState(torn), "RangeError", "setState");
    expect(generator.getState()).toEqual(before);
  });

  test.each([
    ["flash", "float32"],
    ["cudnn", "float64"],
    ["efficient", "float64"],
  ] as const)("%s attention of %s, as PyTorch does, and draws nothing", (attention, dtype) => {
    const generator = under({ attention, dtype });
    const x = ones([1, 1, 4, 4]);
    const attend = () => F.scaledDotProductAttention(x, x, x, { dropoutP: 0.5, generator });
    expectRefusal(attend, "TypeError", "scaledDotProductAttention: expected float16 or bfloat16", `under ${attention} attention`, dtype);
    expect(generator.offset).toBe(0n);
    F.dropout(x, { p: 0.5, generator }); // all but attention goes on
    expect(generator.offset).toBe(4n);
  });

  test.each(["flash", "cudnn"] as const)("an elementOffset under %s attention, and draws nothing", (attention) => {
    const generator = under({ attention });
    const x = ones([1, 1, 4, 4]);
    expectRefusal(
      () => F.scaledDotProductAttention(x, x, x, { dropoutP: 0.5, generator, elementOffset: 16 }),
      "TypeError",
      `no elementOffset under ${attention} attention`,
    );
    expect(generator.offset).toBe(0n);
  });
});

describe("a generator under torchCuda", () => {
  test("draws masks from one generator and all else from another, as a script with its model on a card does", () => {
    const [both, host] = [under(), new Generator(5, { stream: torchCpu })];
    F.dropout(ones([8]), { p: 0.5, generator: both });
    expect([...rand([5], { generator: both }).dataSync()]).toEqual([...rand([5], { generator: host }).dataSync()]);
    expect([...randperm(9, { generator: both }).dataSync()]).toEqual([...randperm(9, { generator: host }).dataSync()]);
    expect([both.offset, both.call, both.seed]).toEqual([4n, 1n, 5n]);
  });

  test("has a state of 16 bytes and the host's 5,056; the 16 alone move the card's only", () => {
    const generator = under();
    F.dropout(ones([8]), { p: 0.5, generator });
    rand([3], { generator });
    const state = generator.getState();
    expect([state.length, ...new BigUint64Array(state.slice(0, 16).buffer)]).toEqual([16 + 5056, 5n, 4n]);
    const [mask, numbers] = [bitsOf(F.dropout(ones([64]), { p: 0.5, generator })), [...rand([3], { generator }).dataSync()]];
    generator.setState(state.subarray(0, 16));
    expect(bitsOf(F.dropout(ones([64]), { p: 0.5, generator }))).toBe(mask);
    expect([...rand([3], { generator }).dataSync()]).not.toEqual(numbers);
    const twin = generator.setState(state).clone();
    expect([bitsOf(F.dropout(ones([64]), { p: 0.5, generator: twin })), [...rand([3], { generator: twin }).dataSync()]]).toEqual([
      mask,
      numbers,
    ]);
    expect(generator.getState()).toEqual(state);
  });

  test("keeps its stream when it is seeded again, and the default generator forgets it", () => {
    const generator = under({ dtype: "float16" });
    const first = bitsOf(F.dropout(ones([64]), { p: 0.5, generator }));
    expect(bitsOf(F.dropout(ones([64]), { p: 0.5, generator: generator.manualSeed(5) }))).toBe(first);
    const own = bitsOf(F.dropout(ones([64]), { p: 0.5, generator: manualSeed(5) }));
    manualSeed(5, { stream: torchCuda({ dtype: "float16" }) });
    expect(bitsOf(F.dropout(ones([64]), { p: 0.5 }))).toBe(first);
    manualSeed(5);
    expect(bitsOf(F.dropout(ones([64]), { p: 0.5 }))).toBe(own);
  });

  test.each<TorchCudaOptions>([{}, { dtype: "float16" }, { dtype: "float64" }, { multiprocessors: 1, threadsPerMultiprocessor: 256 }])(
    "gives a layer its mask again, and gradients by it: %o",
    (options) => {
      const layer = new nn.Dropout({ p: 0.5, generator: under(options) });
      const x = ones([3000], { requiresGrad: true });
      const y = layer.forward(x);
      y.mul(y).sum().backward();
      expect(bitsOf(layer.lastMask() as Tensor)).toBe(bitsOf(y));
      expect(bitsOf(x.grad as Tensor)).toBe(bitsOf(y));
    },
  );

  test("decides by the CPU's generator which layers run, as fairseq and transformers do, and leaves the card's where it is", () => {
    const layers = Array.from({ length: 20 }, (_, i) => (x: Tensor) => x.add(2 ** i));
    const sum = (generator: Generator) => F.layerDrop(ones([1]), layers, { p: 0.5, generator }).itemSync();
    const [card, host] = [under(), new Generator(5, { stream: torchCpu })];
    expect([sum(card), sum(card)]).toEqual([sum(host), sum(host)]);
    expect(card.offset).toBe(0n);
    expect(rand([2], { generator: card }).dataSync()).toEqual(rand([2], { generator: host }).dataSync());
  });

  test("drops weights by the kernel of F.dropout, which they are handed to there", () => {
    for (const dtype of ["float16", "float32"] as const) {
      const expected = bitsOf(F.dropout(ones([16, 10]), { p: 0.5, generator: under({ dtype }) }));
      const dropped = F.dropConnect(eye(10), ones([16, 10]), { p: 0.5, generator: under({ dtype }) });
      expect(bitsOf(dropped.transpose(0, 1).contiguous())).toBe(expected);
      const linear = new nn.Linear(10, 16);
      const layer = new nn.WeightDrop(linear, ["weight"], { p: 0.5, generator: under({ dtype }) });
      layer.forward(eye(10));
      expect(bitsOf(layer.lastMask()?.[0] as Tensor)).toBe(expected);
    }
  });

  test("draws noise of its own row by row, whatever the order of the data in memory, where each element is a piece", () => {
    const columns = ones([3, 5, 1]).permute([2, 1, 0]);
    for (const drop of [F.lockedDropout, F.dropBlock2d] as ((x: Tensor, options: object) => Tensor)[]) {
      const x = drop === F.lockedDropout ? columns : columns.unsqueeze(0);
      const options = { p: 0.5, ...(drop === F.dropBlock2d && { blockSize: 1 }) };
      const [own, copy] = [x, x.contiguous()].map((data) => bitsOf(drop(data, { ...options, generator: under() }).contiguous()));
      expect(own).toBe(copy);
    }
  });

  test("draws parts of a batch as parts of the whole batch's mask, of odd sizes and in passes", () => {
    const options = { dtype: "float16", multiprocessors: 1, threadsPerMultiprocessor: 256 } as const;
    for (const shape of [
      [13, 3, 5],
      [13, 4, 100],
    ]) {
      const [x, whole, parts] = [ones(shape), under(options), under(options)];
      const expected = bitsOf(F.dropout(x, { p: 0.5, generator: whole }));
      const got = shards({ count: 4, total: 13 }, ({ start, rows }) =>
        F.dropout(x.slice(0, start, start + rows), { p: 0.5, generator: parts }),
      );
      expect(bitsOf(cat(got))).toBe(expected);
      expect(parts.offset).toBe(whole.offset);
    }
  });

  test.each([false, true])("draws the same on a backend that knows no layouts, in place: %s", async (inplace) => {
    const old = blindBackend("old", { info: { ...cpu.info, contract: 1, hostVisible: false } });
    const here = F.dropout(ones([1001]), { p: 0.5, generator: under(), inplace });
    const there = F.dropout(ones([1001], { backend: old }), { p: 0.5, generator: under(), inplace });
    expect(Array.from(await there.data())).toEqual(Array.from(here.dataSync()));
  });
});
