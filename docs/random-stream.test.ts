import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DataLoader, functional as F, Generator, manualSeed, nn, ones, rand, randn, TensorDataset, tensor } from "@dropwise/core";
import { beforeAll, describe, expect, test } from "vitest";
import { root } from "../scripts/workspace.mjs";
import { blocksOf, fileNameOf } from "./testing/blocks.mjs";
import { bundle } from "./testing/run-block";

/** The implementation that the page prints. */
interface Stream {
  philox(counter: readonly bigint[], key: readonly bigint[]): bigint[];
  threshold(p: number): number;
  mask(seed: bigint, call: bigint, n: number, p: number, offset?: bigint): boolean[];
}
interface Select {
  constants(kind: string, p: number): [number, number, number];
  dropout(kind: string, x: readonly number[], seed: bigint, call: bigint, p: number): number[];
}
interface Host {
  rand(seed: bigint, call: bigint, n: number): number[];
  uniform(seed: bigint, call: bigint, n: number, b: number): number[];
  randn(seed: bigint, call: bigint, n: number): number[];
  shuffle(seed: bigint, call: bigint, n: number): number[];
}

interface MaskGolden {
  readonly seed: string;
  readonly call: string;
  readonly n: number;
  readonly p: number;
  readonly first: string;
  readonly sha256: string;
}
interface DropoutGolden {
  readonly kind: string;
  readonly p: number;
  readonly seed: string;
  readonly call: string;
  readonly mask_shape: number[];
  readonly input: { shape: number[]; data: number[] };
  readonly output: { data: number[] };
}

/** BigInt is slow: of longer masks, only the beginning is compared. */
const LONGEST = 70_000;

const golden = <T>(name: string): T => JSON.parse(readFileSync(join(root, `packages/core/goldens/${name}.json`), "utf8")) as T;
const philox = golden<{
  vectors: { counter: string; key: string; out: string }[];
  thresholds: { p: number; threshold: number; scale: number }[];
}>("philox");
const { masks } = golden<{ masks: MaskGolden[] }>("masks");
const { cases } = golden<{ cases: DropoutGolden[] }>("dropout");

async function fileOfPage<T>(name: string): Promise<T> {
  const block = blocksOf("docs/random-stream.md").find((candidate) => fileNameOf(candidate) === name);
  if (block === undefined) throw new Error(`docs/random-stream.md: expected a block that begins with "// ${name}", got none`);
  return (await import(/* @vite-ignore */ `data:text/javascript;base64,${Buffer.from(await bundle(block)).toString("base64")}`)) as T;
}

let stream: Stream;
let select: Select;
let host: Host;
beforeAll(async () => {
  stream = await fileOfPage("stream.mjs");
  select = await fileOfPage("select.mjs");
  host = await fileOfPage("host.mjs");
});

describe("the implementation printed in random-stream.md", () => {
  test.each(philox.vectors)("gives Random123's answer for counter $counter", ({ counter, key, out }) => {
    const words = (text: string) => text.split(" ").map((hex) => BigInt(`0x${hex}`));
    expect(stream.philox(words(counter), words(key))).toEqual(words(out));
  });

  test("has the thresholds and scales of philox.json", () => {
    for (const { p, threshold, scale } of philox.thresholds) {
      expect(stream.threshold(p), `p = ${p}`).toBe(threshold);
      expect(select.constants("dropout", p)[0], `p = ${p}`).toBe(scale);
    }
  });

  test.each(masks)("has the mask of seed $seed, call $call, n $n, p $p", ({ seed, call, n, p, first, sha256 }) => {
    const kept = stream.mask(BigInt(seed), BigInt(call), n > LONGEST ? first.length : n, p);
    expect(kept.slice(0, first.length).map(Number).join("")).toBe(first);
    if (n <= LONGEST) expect(createHash("sha256").update(Uint8Array.from(kept, Number)).digest("hex")).toBe(sha256);
  });

  test("has the values of dropout.json wherever the mask has the input's shape", () => {
    const plain = cases.filter(({ mask_shape, input, p }) => String(mask_shape) === String(input.shape) && p > 0 && p < 1);
    expect(plain.length).toBeGreaterThan(3);
    for (const { kind, p, seed, call, input, output } of plain) {
      const values = select.dropout(kind, input.data, BigInt(seed), BigInt(call), p);
      values.forEach((value, i) => {
        const expected = output.data[i] as number;
        expect(Math.abs(value - expected), `${kind} p = ${p}, element ${i}`).toBeLessThanOrEqual(
          kind === "dropout" ? 0 : 1e-6 * Math.abs(expected),
        );
      });
    }
  });

  test("agrees with core on masks at any offset", () => {
    for (const offset of [0, 1, 7, 2 ** 32 + 3, 2 ** 53 - 20]) {
      const y = F.dropout(ones([20]), { p: 0.3, generator: new Generator(9), elementOffset: offset });
      expect([...y.dataSync()].map((value) => value > 0)).toEqual(stream.mask(9n, 0n, 20, 0.3, BigInt(offset)));
    }
  });

  test("agrees with core on alpha dropout to the last bit", () => {
    const data = host.randn(5n, 0n, 64).map(Math.fround);
    const y = F.alphaDropout(tensor(data), { p: 0.4, training: true, generator: new Generator(11) });
    expect([...y.dataSync()]).toEqual(select.dropout("alphaDropout", data, 11n, 0n, 0.4));
  });

  test("agrees with core on rand, randn, initial weights and shuffled orders, call by call", () => {
    const generator = new Generator(17);
    expect([...rand([9], { generator }).dataSync()]).toEqual(host.rand(17n, 0n, 9));
    expect([...randn([9], { generator, dtype: "float64" }).dataSync()]).toEqual(host.randn(17n, 1n, 9));
    const linear = new nn.Linear(5, 3, { generator });
    expect([...linear.weight.dataSync()]).toEqual(host.uniform(17n, 2n, 15, 1 / Math.sqrt(5)));
    expect([...(linear.bias?.dataSync() ?? [])]).toEqual(host.uniform(17n, 3n, 3, 1 / Math.sqrt(5)));
    const loader = new DataLoader(new TensorDataset(tensor(Array.from({ length: 50 }, (_, i) => i))), {
      batchSize: 50,
      shuffle: true,
      generator,
    });
    for (const [batch] of loader) expect([...batch.dataSync()]).toEqual(host.shuffle(17n, 4n, 50));
    expect(generator.call).toBe(0n);
  });

  test("drops the elements that were published from a GPU for seed 1 and p = 0.1", () => {
    manualSeed(1);
    const y = F.dropout(ones([64]), { p: 0.1 }).dataSync();
    expect([...y.keys()].filter((i) => y[i] === 0).slice(0, 3)).toEqual([8, 14, 20]);
    expect(stream.mask(1n, 0n, 64, 0.1)).toEqual([...y].map((value) => value > 0));
  });
});
