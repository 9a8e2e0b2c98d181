import { Worker } from "node:worker_threads";
import { functional as F, Generator, tensor } from "@dropwise/core";
import { describe, expect, it } from "vitest";

/** No multiple of 4, of a vector or of a thread's piece, so that shards begin and end in the middle of blocks. */
const ELEMENTS = 100_003;
const P = 0.3;

interface Shard {
  readonly start: number;
  readonly output: Float32Array;
  readonly gradient: Float32Array;
  readonly call: bigint;
}

/** Dropout of one shard in a worker of its own, which gets its values, where it begins, and the generator's state; nothing else is shared. */
function inWorker(data: Float32Array, state: Uint8Array, start: number, backendName: string): Promise<Shard> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL("./shard-worker.mjs", import.meta.url), { workerData: { data, state, start, p: P, backendName } });
    worker.once("message", resolve);
    worker.once("error", reject);
  });
}

/** Puts the shards' values where they belong. */
function gather(shards: readonly Shard[], field: "output" | "gradient"): Float32Array {
  const whole = new Float32Array(ELEMENTS);
  for (const shard of shards) whole.set(shard[field], shard.start);
  return whole;
}

/** The bits, which tell -0 from 0 as `toEqual` on floats would, and are compared at once. */
function bits(values: Float32Array): Buffer {
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength);
}

describe("shards on workers", () => {
  const data = Float32Array.from({ length: ELEMENTS }, (_, i) => Math.sin(i + 1));
  const generator = new Generator(1234n);
  // Not the first call: shards must follow the state, not only the seed.
  F.dropout(tensor([1, 2, 3]), { generator });
  const state = generator.getState();
  const x = tensor(data, { requiresGrad: true });
  const whole = F.dropout(x, { p: P, generator });
  whole.backward(tensor(data));

  it.each([
    ["cpu", [0, 50_000]],
    ["cpu", [0, 1, 33_333, 66_667]],
    ["wasm", [0, 7, 65_536]],
  ] as const)(
    "draw their own parts of one mask on %s, cut at %j: gathered, output and gradient equal the whole bit for bit",
    async (name, cuts) => {
      const shards = await Promise.all(cuts.map((start, i) => inWorker(data.slice(start, cuts[i + 1]), state, start, name)));
      expect(bits(gather(shards, "output")).equals(bits(whole.dataSync() as Float32Array))).toBe(true);
      expect(bits(gather(shards, "gradient")).equals(bits(x.grad?.dataSync() as Float32Array))).toBe(true);
      // Each took one call, as the whole did: the next masks agree as well.
      expect(shards.map(({ call }) => call)).toEqual(shards.map(() => generator.call));
    },
  );

  it("differ from the whole when they are not told where they begin", async () => {
    const start = 50_000;
    const { output } = await inWorker(data.slice(start), state, 0, "cpu");
    expect(bits(output).equals(bits((whole.dataSync() as Float32Array).subarray(start)))).toBe(false);
  });
});
