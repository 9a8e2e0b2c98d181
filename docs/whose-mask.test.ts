import { readFileSync } from "node:fs";
import { join } from "node:path";
import { functional as F, Generator, ones, rand } from "@dropwise/core";
import { torchCpu } from "@dropwise/core/streams";
import { describe, expect, test } from "vitest";
import { root } from "../scripts/workspace.mjs";
import { linesOf } from "./testing/blocks.mjs";

/** A mask that a GPU drew. */
interface Drawn {
  readonly name: string;
  readonly n: number;
  readonly seed: number;
  readonly p: number;
  readonly call?: number;
  readonly output?: number;
  readonly dtype?: string;
  readonly shape?: number[];
  readonly offset: number;
  /** Packed, the first element in the highest bit. */
  readonly bits?: string;
}

const golden = <T>(name: string): T => JSON.parse(readFileSync(join(root, `packages/core/goldens/${name}.json`), "utf8")) as T;
const { cases } = golden<{ cases: Drawn[] }>("cuda-streams");

/** The first case that has these fields. */
function drawn(wanted: Partial<Drawn>): { readonly p: number; readonly mask: number[]; readonly n: number; readonly offset: number } {
  const found = cases.find(
    (each) => each.bits !== undefined && Object.entries(wanted).every(([key, value]) => each[key as keyof Drawn] === value),
  );
  if (found?.bits === undefined) throw new Error(`cuda-streams: expected a case of ${JSON.stringify(wanted)}, got none`);
  const bytes = Buffer.from(found.bits, "base64");
  const mask = Array.from({ length: found.n }, (_, e) => ((bytes[e >> 3] as number) >> (7 - (e & 7))) & 1);
  return { ...found, mask };
}

type Known = Pick<ReturnType<typeof drawn>, "p" | "mask">;

/** True where no one order of random numbers makes both: an element is dropped by the smaller p and kept by the larger. */
function areUnlike(a: Known, b: Known): boolean {
  const [low, high] = a.p <= b.p ? [a, b] : [b, a];
  const length = Math.min(low.mask.length, high.mask.length);
  return low.mask.slice(0, length).some((kept, e) => kept === 0 && high.mask[e] === 1);
}

/** Rows of the last dimension, of heads, as texts. */
function rowsOf(kernel: string): string[] {
  const { mask } = drawn({ name: `sdpa:${kernel}`, n: 4096 });
  return Array.from({ length: 64 }, (_, row) => mask.slice(row * 64, row * 64 + 64).join(""));
}

describe("what whose-mask.md says is held by", () => {
  const cells = linesOf("docs/whose-mask.md").flatMap((line) => [...line.matchAll(/`([a-z-]+)`: (`[^|)]*`)/g)]);
  const names = cells.flatMap(([, file, list]) =>
    [...(list as string).matchAll(/`([^`]+)`/g)].map(([, name]) => [file, name] as [string, string]),
  );

  test("answers, of all tables", () => {
    expect(names.length).toBeGreaterThan(25);
  });

  test.each(names)("%s: %s, which are there", (file, name) => {
    const answers = golden<Record<string, unknown>>(file);
    const lists = Object.values(answers).filter(Array.isArray).flat() as Record<string, unknown>[];
    expect(name in answers || lists.some((each) => each.name === name || each.draw === name || name in each)).toBe(true);
  });
});

describe("answers of a real H100 show that", () => {
  const plain = drawn({ name: "dropout", n: 1024, seed: 0, p: 0.5, call: 0, dtype: "float32" });

  test("in place is another mask than out of place but for odd lengths, and noise by bernoulli_", () => {
    const at = { seed: 0, call: 1, dtype: "float32" };
    const [even, odd] = [1024, 1023].map((n) => {
      const [inPlace, noise] = ["dropout_", "bernoulli_"].map((name) => drawn({ ...at, name, n }));
      expect(inPlace?.mask).toEqual(noise?.mask);
      return areUnlike(inPlace as Known, drawn({ ...at, name: "dropout", n, p: 0.5 }));
    });
    expect([even, odd]).toEqual([true, false]);
  });

  test("half types share a mask that is neither float32's nor float64's", () => {
    const [half, brain, double] = ["float16", "bfloat16", "float64"].map((dtype) =>
      drawn({ name: "dropout", n: 1024, seed: 7, call: 0, dtype }),
    );
    const float = F.dropout(ones([1024]), { p: 0.3, generator: new Generator(7) }).gt(0);
    expect(brain?.mask).toEqual(half?.mask);
    const masks = [half?.mask, double?.mask, Array.from(float.dataSync(), Number)].map((mask) => ({ p: 0.3, mask: mask as number[] }));
    expect([areUnlike(masks[0] as Known, masks[1] as Known), areUnlike(masks[0] as Known, masks[2] as Known)]).toEqual([true, true]);
  });

  test("lengths that are no multiple of 4 have masks of their own", () => {
    const [even, odd] = [1022, 1023].map((n) => drawn({ name: "dropout", n, seed: 0, p: 0.5, call: 0, dtype: "float32" }));
    expect([areUnlike(plain, even as Known), areUnlike(plain, odd as Known), areUnlike(even as Known, odd as Known)]).toEqual([
      true,
      true,
      true,
    ]);
  });

  test("a view has the mask of where it begins, and a transposed tensor that of its memory", () => {
    const [first, second, fourth] = [1, 2, 4].map((at) => drawn({ name: `dropout:offset ${at}`, call: 0 }));
    expect([areUnlike(first as Known, fourth as Known), areUnlike(second as Known, fourth as Known)]).toEqual([true, true]);
    const { mask } = drawn({ name: "dropout:transposed", call: 0 });
    const lies = F.dropout(ones([24, 36]), { p: 0.5, generator: new Generator(3) })
      .gt(0)
      .transpose(0, 1)
      .contiguous();
    expect(mask).toEqual(Array.from(lies.dataSync(), Number));
  });

  test("cuDNN's rows i, i+2, i+4 and i+6 of every eight are one, and no other kernel's are", () => {
    const shared = (rows: string[]) => rows.filter((row, i) => i % 8 < 6 && row === rows[i + 2]).length;
    expect(["cudnn", "flash", "efficient", "math"].map((kernel) => shared(rowsOf(kernel)))).toEqual([48, 0, 0, 0]);
  });

  test("the attention kernels have four masks", () => {
    expect(new Set(["cudnn", "flash", "efficient", "math"].map((kernel) => rowsOf(kernel).join(""))).size).toBe(4);
  });

  test("compiled code draws others, one call for all that is in it, and noise the other way round", () => {
    const compiled = { seed: 0, call: 0, output: 0 };
    const one = drawn({ ...compiled, name: "compiled:plain" });
    const two = [0, 1].map((output) => drawn({ ...compiled, name: "compiled:two", output }));
    expect(areUnlike(plain, one)).toBe(true);
    expect(drawn({ ...compiled, name: "compiled:half" }).mask).toEqual(one.mask);
    expect([one, ...two].map(({ offset }) => offset)).toEqual([4, 4, 4]);
    expect(areUnlike(two[0] as Known, two[1] as Known)).toBe(true);
    const channels = drawn({ ...compiled, name: "compiled:2d" }).mask.filter((_, e) => e % 9 === 0);
    expect(channels.filter((kept, e) => kept === 0 && one.mask[e] === 0)).toEqual([]);
    expect(channels).not.toEqual(one.mask.slice(0, channels.length));
  });
});

test("answers of PyTorch on the CPU show that a data loader draws a seed in an epoch without shuffling", () => {
  const { loaders } = golden<{ loaders: { kind: string; shuffle?: boolean; own: boolean; after: number[] }[] }>("torch-cpu-draws");
  const { after } = loaders.find(({ kind, shuffle, own }) => kind === "loader" && shuffle === false && !own) as { after: number[] };
  const [none, two] = [0, 4].map((words) => {
    const generator = new Generator(9, { stream: torchCpu });
    rand([words], { generator });
    return [...rand([2], { generator }).dataSync()];
  });
  expect(after.map(Math.fround)).not.toEqual(none);
  expect(after.map(Math.fround)).toEqual(two); // two epochs, 64 bits each
});
