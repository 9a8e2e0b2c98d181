import { describe, expect, test } from "vitest";
import { eye, functional as F, Generator, nn, ones, rand, type Tensor } from "../index";
import { philox4x32 } from "../random/philox";
import { type StreamCase, sha256Of, streamCases } from "../testing/cuda-streams";
import { readGolden } from "../testing/goldens";
import { expectRefusal } from "../testing/refusal";
import { bitsOf, type CompiledDevice, compiledRule, seedOf, uniformOf31 } from "./compiled-words";
import { graph, torchCompiled } from "./torch-compiled";

const under = (seed: number | bigint, device: CompiledDevice) => new Generator(seed, { stream: torchCompiled({ device }) });
const kept = (x: Tensor) => Array.from(x.dataSync(), (value) => Number(value > 0));

describe("masks of compiled code on CUDA", () => {
  /** The generator before call k, whose earlier calls were of one graph each. */
  const before = ({ seed, offset }: StreamCase) => {
    const generator = under(seed, "cuda");
    const state = new Uint8Array(new BigUint64Array([BigInt(seed), BigInt(offset - 4)]).buffer);
    return generator.setState(state);
  };

  const fused = ["compiled:plain", "compiled:two", "compiled:half", "compiled:training"].flatMap(streamCases);
  test.each(fused)("are Inductor's: $name, seed $seed, call $call, output $output", (golden) => {
    const generator = before(golden);
    const mask = graph(generator, () => {
      // Other outputs of the same graph have the seeds before.
      for (let i = 0; i < (golden.output ?? 0); i++) F.dropout(ones([golden.n]), { p: golden.p, generator });
      return kept(F.dropout(ones([golden.n]), { p: golden.p, generator }));
    });
    expect(sha256Of(mask)).toBe(golden.sha256);
    expect(generator.offset).toBe(BigInt(golden.offset));
  });

  test.each(streamCases("compiled:2d"))("of whole channels are Inductor's: seed $seed, call $call", (golden) => {
    const generator = before(golden);
    expect(sha256Of(kept(F.dropout2d(ones(golden.shape), { p: golden.p, generator })))).toBe(golden.sha256);
    expect(generator.offset).toBe(BigInt(golden.offset));
  });

  test.each(streamCases("compiled:rand values"))(
    "come from the uniform numbers that rand gives there",
    ({ offset, seed, values, head }) => {
      const words = new Uint32Array(4);
      philox4x32(seed, 0, offset / 4 - 1, 0, 0, 0, words);
      const key = seedOf(words[0] as number, words[1] as number);
      const uniform = (e: number) => {
        philox4x32(Number(key & 0xffffffffn), Number(key >> 32n), e, 0, 0, 0, words);
        return uniformOf31(bitsOf("cuda", words[0] as number));
      };
      const expected = values ?? head;
      expect(expected.map((_, e) => uniform(e))).toEqual(expected);
    },
  );

  test("are one call each outside graph, and share one in it", () => {
    const generator = under(3, "cuda");
    const layer = new nn.Dropout({ p: 0.5, generator });
    const first = kept(layer.forward(ones([64])));
    layer.forward(ones([64]));
    expect(generator.offset).toBe(8n);
    generator.manualSeed(3);
    const both = graph(generator, () => [0, 1].map(() => kept(layer.forward(ones([64])))));
    expect(generator.offset).toBe(4n);
    expect(both[0]).toEqual(first);
    expect(both[1]).not.toEqual(first);
  });

  test("can be addressed: a part has the whole's elements", () => {
    const whole = kept(F.dropout(ones([100]), { p: 0.3, generator: under(1, "cuda") }));
    const part = kept(F.dropout(ones([40]), { p: 0.3, generator: under(1, "cuda"), elementOffset: 60 }));
    expect(part).toEqual(whole.slice(60));
  });

  test("are drawn alike after a state that was saved inside a graph", () => {
    const generator = under(9, "cuda");
    const [state, next] = graph(generator, () => {
      F.dropout(ones([32]), { generator });
      return [generator.getState(), kept(F.dropout(ones([32]), { generator }))] as const;
    });
    expect(state.length).toBe(24 + 5056);
    const twin = under(0, "cuda").setState(state);
    expect(kept(F.dropout(ones([32]), { generator: twin }))).toEqual(next);
    expect(twin.getState()).toEqual(generator.getState());
  });
});

interface CpuCase {
  readonly name: string;
  readonly seed: string;
  readonly call: number;
  readonly p: number;
  readonly shape: number[][];
  readonly bits: string[];
  readonly next: number;
}

/** What was compiled, with its outputs. */
const PROGRAMS: Record<string, (p: number, generator: Generator, shapes: number[][]) => Tensor[]> = {
  dropout: (p, generator, [shape]) => [F.dropout(ones(shape as number[]), { p, generator })],
  dropout64: (p, generator, [shape]) => [F.dropout(ones(shape as number[], { dtype: "float64" }), { p, generator })],
  inplace: (p, generator, [shape]) => [F.dropout(ones(shape as number[]), { p, generator, inplace: true })],
  two: (p, generator, shapes) => shapes.map((shape) => F.dropout(ones(shape), { p, generator })),
  dropout1d: (p, generator, [shape]) => [F.dropout1d(ones(shape as number[]), { p, generator })],
  dropout2d: (p, generator, [shape]) => [F.dropout2d(ones(shape as number[]), { p, generator })],
  alpha: (p, generator, [shape]) => [F.alphaDropout(ones(shape as number[]), { p, generator, training: true })],
  transposed: (p, generator, [shape]) => [F.dropout(ones([...(shape as number[])].reverse()).transpose(0, 1), { p, generator })],
  attention: (p, generator) => {
    // With ones for queries and keys all weights are above 0, and the identity for values shows them.
    const identity = eye(6).expand([2, 3, 6, 6]);
    return [F.scaledDotProductAttention(ones([2, 3, 5, 8]), ones([2, 3, 6, 8]), identity, { dropoutP: p, generator })];
  },
  mixed: (p, generator, [a, b]) => [
    F.dropout(ones(a as number[]), { p, generator }),
    F.dropout1d(ones(b as number[]), { p, generator }),
    F.dropout(ones(a as number[]), { p, generator, inplace: true }),
  ],
  "noise first": (p, generator, [a, b]) => [
    F.dropout1d(ones(a as number[]), { p, generator }),
    F.dropout(ones(b as number[]), { p, generator }),
  ],
};

describe("masks of compiled code on the CPU", () => {
  const { cases } = readGolden<{ cases: CpuCase[] }>("torch-compiled-cpu");
  const known = cases.filter(({ name }) => name in PROGRAMS);

  test.each(known.filter(({ call }) => call === 0))("are Inductor's: $name, seed $seed, two calls", ({ name, seed, p, shape }) => {
    const generator = under(BigInt(seed), "cpu");
    for (const golden of cases.filter((each) => each.name === name && each.seed === seed)) {
      const run = PROGRAMS[name] as (typeof PROGRAMS)[string];
      const outputs = graph(generator, () => run(p, generator, shape));
      expect(outputs.map((output) => kept(output).join(""))).toEqual(golden.bits);
      const after = generator.clone();
      const { source } = after as unknown as { source: { integers(length: number, range: number): Int32Array } };
      expect([...source.integers(1, 2 ** 31 - 1)]).toEqual([golden.next]);
    }
  });

  const { layouts } = readGolden<{
    layouts: { seed: string; p: number; cases: { name: string; shape: number[]; strides: number[]; bits: string }[] };
  }>("torch-compiled-cpu");
  const x: Record<string, () => Tensor> = {
    permuted: () => ones([3, 4, 5]).permute([2, 0, 1]),
    "channels last": () => ones([2, 4, 5, 3]).permute([0, 3, 1, 2]),
    expanded: () => ones([1, 5]).expand([4, 5]),
    "transposed, every second row": () => ones([12, 14]).transpose(0, 1).slice(0, 0, 14, 2),
    "transposed, expanded": () => ones([5, 1, 7]).expand([5, 3, 7]).permute([2, 1, 0]),
    square: () => ones([6, 6]).transpose(0, 1),
  };
  test.each(layouts.cases)("go by the order of the strides: $name", ({ name, shape, bits }) => {
    const input = (x[name] as () => Tensor)();
    expect(input.shape).toEqual(shape);
    expect(kept(F.dropout(input, { p: layouts.p, generator: under(BigInt(layouts.seed), "cpu") })).join("")).toBe(bits);
  });

  test("with dropout, noise and dropout in one graph are refused: both seeds would come first", () => {
    const generator = under(1, "cpu");
    const before = generator.getState();
    const x = ones([4, 3, 2]);
    const run = () => [F.dropout(x, { generator }), F.dropout1d(x, { generator }), F.dropout(x, { generator })];
    expectRefusal(() => graph(generator, run), "UnsupportedOpError", "outside graph()");
    expect(generator.getState()).toEqual(before);
    expect(run().length).toBe(3); // each a call of its own
  });
});

describe("the words that compiled code keeps", () => {
  const isKept = (device: CompiledDevice, kind: "fused" | "noise", p: number, word: number) => {
    const u = uniformOf31(bitsOf(device, word));
    return kind === "fused" ? u > Math.fround(p) : u < Math.fround(1 - p);
  };
  const ps = [1e-9, 1e-7, 0.1, 0.3, 0.5, 0.9, 1 - 1e-7, 1 - 2 ** -30];
  const all = (["cuda", "cpu"] as const).flatMap((device) =>
    (["fused", "noise"] as const).flatMap((kind) => ps.map((p) => ({ device, kind, p }))),
  );

  test.each(all)("are those of its test at every edge: $device $kind p $p", ({ device, kind, p }) => {
    const { layout, threshold } = compiledRule(device, kind, p);
    const inRange = (word: number) => ((word << layout.shift) - layout.low) >>> 0 < threshold;
    const { low } = layout;
    const edges = [
      0,
      2 ** 31,
      2 ** 32,
      low,
      low + threshold,
      low / 2,
      (low + threshold) / 2,
      (low + threshold) / 2 + 2 ** 31,
      2 ** 32 - low,
    ];
    let checked = 0;
    for (const edge of edges)
      for (let word = Math.floor(edge) - 300; word <= edge + 300; word++) {
        const wrapped = ((word % 2 ** 32) + 2 ** 32) % 2 ** 32;
        if (inRange(wrapped) !== isKept(device, kind, p, wrapped)) throw new Error(`word ${wrapped}`);
        checked++;
      }
    expect(checked).toBeGreaterThan(5000);
  });
});

describe("torchCompiled", () => {
  test("draws numbers on the host as a script does outside compiled code", () => {
    const [u] = rand([1], { generator: under(0, "cuda") }).dataSync();
    expect(u).toBeCloseTo(0.4962566, 6); // torch.manual_seed(0); torch.rand(1)
  });

  test("takes the 16 bytes of a CUDA state alone, and leaves the host's then", () => {
    const generator = under(5, "cuda");
    rand([3], { generator });
    const host = generator.getState().slice(16);
    generator.setState(new Uint8Array(new BigUint64Array([7n, 12n]).buffer));
    expect([generator.seed, generator.offset]).toEqual([7n, 12n]);
    expect(generator.getState().slice(16)).toEqual(host);
  });

  test.each([
    ["an odd offset", new Uint8Array(new BigUint64Array([7n, 13n]).buffer)],
    ["a part of a state", new Uint8Array(20)],
    ["nothing", new Uint8Array(0)],
    ["a state of the host alone", new Uint8Array(5056)],
    ["a host state that is none", new Uint8Array(16 + 5056)],
  ])("refuses %s, and nothing changes", (_, state) => {
    const generator = under(5, "cuda");
    const before = generator.getState();
    expectRefusal(() => generator.setState(state), "RangeError");
    expect(generator.getState()).toEqual(before);
  });

  test.each([
    ["another device", () => torchCompiled({ device: "tpu" as never }), "TypeError"],
    ["a device for options", () => torchCompiled("cpu" as never), "TypeError"],
    ["a graph of a default generator", () => graph(new Generator(0), () => 0), "TypeError"],
    ["a graph of no function", () => graph(under(0, "cuda"), 3 as never), "TypeError"],
    ["a graph that waits", () => graph(under(0, "cuda"), async () => 0), "TypeError"],
  ] as [string, () => unknown, string][])("refuses %s", (_, call, error) => {
    expectRefusal(call, error);
  });

  test("puts the generator back where a graph fails", () => {
    const generator = under(4, "cuda");
    const before = generator.getState();
    const failing = () => {
      F.dropout(ones([4]), { generator });
      throw new Error("mine");
    };
    expect(() => graph(generator, failing)).toThrow("mine");
    expect(generator.getState()).toEqual(before);
  });
});
