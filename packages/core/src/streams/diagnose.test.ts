import { describe, expect, test } from "vitest";
import { functional as F, Generator, ones, rand, type Tensor, tensor } from "../index";
import type { Stream } from "../random/source";
import { type StreamCase, streamCases } from "../testing/cuda-streams";
import { readGolden } from "../testing/goldens";
import { expectRefusal } from "../testing/refusal";
import { type Diagnosis, diagnose } from "./diagnose";
import { jax, jaxFork } from "./jax";
import * as jaxRandom from "./jax-random";
import { graph, torchCompiled } from "./torch-compiled";
import { torchCpu } from "./torch-cpu";
import { torchCuda } from "./torch-cuda";

/** A golden mask; `bits` are as numpy packs them, the first element highest. */
function goldenMask({ n, bits }: StreamCase & { bits?: string }): Uint8Array {
  const bytes = Buffer.from(bits as string, "base64");
  return Uint8Array.from({ length: n }, (_, e) => ((bytes[e >> 3] as number) >> (7 - (e & 7))) & 1);
}

const withBits = (name: string, least = 60) =>
  (streamCases(name) as (StreamCase & { bits?: string })[]).filter(
    ({ bits, n, name: full, p }) => bits && n >= least && full === name && p > 0.02,
  );

function expectFound(found: Diagnosis, stream: string, p: number, ...words: string[]): void {
  expect(found.stream, found.words).toBe(stream);
  const [low, high] = found.p as [number, number];
  expect(low).toBeLessThanOrEqual(p + 1e-7);
  expect(high).toBeGreaterThanOrEqual(p - 1e-7);
  for (const part of words) expect(found.words).toContain(part);
}

describe("diagnose tells masks that a GPU drew", () => {
  test.each(withBits("dropout"))("dropout: $n of $dtype, seed $seed, p $p, call $call", (golden) => {
    const found = diagnose(goldenMask(golden), { seed: golden.seed });
    // Small float32 masks are Dropwise's own, too.
    expectFound(found, found.stream === "dropwise" ? "dropwise" : "torchCuda", golden.p);
    if (found.stream === "dropwise" && golden.n % 4 === 0) expect(found.words).toContain("float32");
    if (golden.n % 8 === 0 && golden.dtype.endsWith("float16")) expect(found.words).toContain("bfloat16");
    expect(found.call).toBe(golden.call);
  });

  test.each([...withBits("dropout_"), ...withBits("alpha_dropout")])("$name: $n of $dtype, seed $seed, p $p", (golden) => {
    expectFound(diagnose(goldenMask(golden), { seed: golden.seed }), "torchCuda", golden.p, "in place");
  });

  test.each(withBits("sdpa:flash"))("flash attention: $shape", (golden) => {
    const shape = golden.shape.slice(0, 4);
    const found = diagnose(goldenMask(golden), { seed: golden.seed, shape });
    expectFound(found, "torchCuda", golden.p, "flash attention", `p ${golden.p}`, "any GPU");
  });

  test.each(withBits("sdpa:cudnn"))("cuDNN's attention: $shape", (golden) => {
    expectFound(
      diagnose(goldenMask(golden), { seed: golden.seed, shape: golden.shape.slice(0, 4) }),
      "torchCuda",
      golden.p,
      "cuDNN's attention",
    );
  });

  test.each(withBits("sdpa:efficient"))("memory-efficient attention: $shape", (golden) => {
    expectFound(diagnose(goldenMask(golden), { seed: golden.seed, shape: golden.shape.slice(0, 4) }), "torchCuda", golden.p, "efficient");
  });

  test.each([...withBits("compiled:plain"), ...withBits("compiled:two")])("$name: output $output, seed $seed, call $call", (golden) => {
    const found = diagnose(goldenMask(golden), { seed: golden.seed });
    expectFound(found, "torchCompiled", golden.p, "on CUDA", `random op ${golden.output}`);
    expect(found.call).toBe(golden.call);
  });

  test.each(withBits("compiled:2d"))("whole channels of compiled code: seed $seed, call $call", (golden) => {
    expectFound(diagnose(goldenMask(golden), { seed: golden.seed, shape: golden.shape }), "torchCompiled", golden.p, "noise", "CUDA");
  });

  test.each(withBits("flax nnx dropout"))("$name: seed $seed, call $call", (golden) => {
    const found = diagnose(goldenMask(golden), { seed: golden.seed });
    expectFound(found, "jax", golden.p, "flax.nnx.Dropout");
    expect(found.call).toBe(golden.call);
  });

  test.each(withBits("equinox dropout"))("$name: seed $seed", (golden) => {
    expectFound(diagnose(goldenMask(golden), { seed: golden.seed }), "jax", golden.p, "equinox");
  });
});

describe("diagnose tells masks that are drawn here", () => {
  const draw = (stream: Stream, seed: number, before: (generator: Generator) => void, p: number, size = 200): Tensor => {
    const generator = new Generator(seed, { stream });
    before(generator);
    return F.dropout(ones([size]), { p, generator });
  };
  const nothing = () => {};

  test("on the CPU, first and after other numbers", () => {
    expectFound(diagnose(draw(torchCpu, 5, nothing, 0.1), { seed: 5 }), "torchCpu", 0.1, "call 0", "after 0 words");
    const later = diagnose(
      draw(torchCpu, 5, (generator) => rand([1234], { generator }), 0.1),
      { seed: 5 },
    );
    expectFound(later, "torchCpu", 0.1, "the CPU: p 0.1 (after 1234 words");
    expect(later.call).toBeNull();
    const third = draw(torchCpu, 5, (generator) => [0, 1].map(() => F.dropout(ones([200]), { generator })), 0.1);
    expect(diagnose(third, { seed: 5 }).call).toBe(2);
  });

  test("as compiled code on the CPU does", () => {
    expectFound(diagnose(draw(torchCompiled({ device: "cpu" }), 5, nothing, 0.4), { seed: 5 }), "torchCompiled", 0.4, "the CPU");
    const { cases } = readGolden<{ cases: { name: string; seed: string; call: number; bits: string[] }[] }>("torch-compiled-cpu");
    const golden = cases.find(({ name, seed, call }) => name === "two" && seed === "7" && call === 1);
    const mask = [...((golden as { bits: string[] }).bits[1] as string)].map(Number);
    expectFound(diagnose(mask, { seed: 7 }), "torchCompiled", 0.3, "the CPU", "after 6 words");
  });

  test("in a later random op of a compiled graph, and by Dropwise", () => {
    const generator = new Generator(3, { stream: torchCompiled() });
    const third = graph(generator, () => [0, 1, 2].map(() => F.dropout(ones([64]), { p: 0.5, generator }))[2] as Tensor);
    expectFound(diagnose(third, { seed: 3 }), "torchCompiled", 0.5, "random op 2");
    const own = F.dropout(ones([63]), { p: 0.5, generator: new Generator(3) });
    expectFound(diagnose(own, { seed: 3 }), "dropwise", 0.5, "Dropwise's own");
  });

  test("with another key of JAX's", () => {
    expectFound(diagnose(draw(jax, 5, nothing, 0.2), { seed: 5 }), "jax", 0.2);
    expectFound(diagnose(draw(jaxFork(3), 5, nothing, 0.2), { seed: 5 }), "jax", 0.2, "key 3 of its Rngs");
    expectFound(diagnose(jaxRandom.bernoulli(jaxRandom.key(5), 0.8, [100]), { seed: 5 }), "jax", 0.2, "bernoulli");
  });

  test("in the same words for tensors, typed arrays and nested ones", () => {
    const mask = draw(jax, 5, nothing, 0.2, 80);
    const { words } = diagnose(mask, { seed: 5 });
    expect(diagnose(mask.dataSync(), { seed: 5 }).words).toBe(words);
    expect(
      diagnose(
        Array.from(mask.dataSync(), (value) => value !== 0),
        { seed: 5n },
      ).words,
    ).toBe(words);
    expect(diagnose(mask.reshape([8, 10]), { seed: 5 }).words).toBe(words);
  });
});

describe("diagnose tells which GPU drew a large mask", () => {
  const size = 1_000_000;
  const large = (gpu: string, inplace: boolean) => {
    const generator = new Generator(2, { stream: torchCuda({ gpu }) });
    F.dropout(ones([size]), { generator, inplace });
    return F.dropout(ones([size]), { p: 0.2, generator, inplace });
  };

  test("where that matters", () => {
    const found = diagnose(large("A100", false), { seed: 2 });
    expectFound(found, "torchCuda", 0.2, "call 1", "A100");
    expect(found.words).not.toContain("H100");
    expectFound(diagnose(large("T4", true), { seed: 2 }), "torchCuda", 0.2, "call 1", "in place", "T4");
  });

  test("or that it is also Dropwise's own, as for those that do it in one pass", () => {
    expectFound(diagnose(large("H100", false), { seed: 2 }), "dropwise", 0.2, "PyTorch", "H100, H200");
  });
});

describe("diagnose", () => {
  test("knows no stream for a mask of another seed, or of which one element differs", () => {
    const mask = F.dropout(ones([200]), { p: 0.5, generator: new Generator(8, { stream: jax }) });
    expect(diagnose(mask, { seed: 9 })).toMatchObject({ stream: null, call: null, p: null });
    const wrong = Uint8Array.from(mask.dataSync(), Number);
    // Of the elements one is near the edge between kept and dropped; the first is not.
    wrong[0] = 1 - (wrong[0] as number);
    expect(diagnose(wrong, { seed: 8 })).toMatchObject({ stream: null, words: expect.stringContaining("no known stream") });
  });

  test("says when a mask is too short to tell, or has nothing to tell", () => {
    expect(diagnose([1, 0, 1, 1], { seed: 0 }).words).toContain("too few");
    expect(diagnose(ones([50]), { seed: 0 }).words).toContain("all kept");
    expect(diagnose(new Uint8Array(0), { seed: 0 }).stream).toBeNull();
  });

  test.each([
    ["no seed", () => diagnose([1, 0], {} as never), "TypeError"],
    ["no options", () => diagnose([1, 0], undefined as never), "TypeError"],
    ["a seed with a fraction", () => diagnose([1, 0], { seed: 0.5 }), "RangeError"],
    ["no calls", () => diagnose([1, 0], { seed: 0, calls: 0 }), "RangeError"],
    ["more calls than anybody waits for", () => diagnose([1, 0], { seed: 0, calls: 5000 }), "RangeError"],
    ["another shape", () => diagnose([1, 0], { seed: 0, shape: [3] }), "ShapeError"],
    ["a shape of a tensor", () => diagnose(tensor([1, 0]), { seed: 0, shape: [2] }), "TypeError"],
    ["a text", () => diagnose("10" as never, { seed: 0 }), "TypeError"],
    ["an unknown option", () => diagnose([1, 0], { seed: 0, p: 0.5 } as never), "TypeError"],
  ] as [string, () => unknown, string][])("refuses %s", (_, call, error) => {
    expectRefusal(call, error);
  });
});
