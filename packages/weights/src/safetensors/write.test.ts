import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { functional as F, manualSeed, nn, ones, tensor, zeros } from "@dropwise/core";
import { describe, expect, test } from "vitest";
import { bytesOf, tell } from "../../test/files";
import { numbers } from "../../test/made";
import {
  openSafetensors,
  readSafetensors,
  type Weight,
  type WeightDType,
  type Weights,
  writeSafetensors,
  writeSafetensorsStream,
} from "../index";
import { arrayOf, BYTES, elementsOf } from "../weight";

const DTYPES = Object.keys(BYTES) as WeightDType[];
const f32 = (...values: number[]): Weight => ({ shape: [values.length], dtype: "float32", data: new Float32Array(values) });

async function streamed(...args: Parameters<typeof writeSafetensorsStream>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of writeSafetensorsStream(...args)) parts.push(part);
  return new Uint8Array(Buffer.concat(parts));
}

/** Random bytes as a tensor of a dtype. */
function randomWeight(dtype: WeightDType, shape: readonly number[], next: () => number): Weight {
  const count = shape.reduce((product, size) => product * size, 1);
  const limit = dtype === "bool" ? 2 : 256;
  const bytes = Uint8Array.from({ length: count * BYTES[dtype] }, () => Math.floor(next() * limit));
  return { shape, dtype, data: elementsOf(bytes, dtype) };
}

describe("writeSafetensors", () => {
  test.each(["all-dtypes", "codes", "model", "rounding"])(
    "writes the tensors of %s.safetensors as Python wrote them, byte for byte",
    async (name) => {
      const bytes = bytesOf(`${name}.safetensors`);
      const { metadata } = await openSafetensors(bytes);
      // Those of a file without any have no key for them.
      const options = Object.keys(metadata).length > 0 ? { metadata } : {};
      const weights = await readSafetensors(bytes);
      expect(Buffer.compare(await writeSafetensors(weights, options), bytes)).toBe(0);
      expect(Buffer.compare(await streamed(weights, options), bytes)).toBe(0);
    },
  );

  test("writes long names whole, which two tensors may share the beginning of", async () => {
    const names = ["weight", "bias"].map((part) => `encoder.layers.0.self_attention.out_projection.${part}`);
    const state = Object.fromEntries(names.map((name, i) => [name, f32(i)]));
    expect(await readSafetensors(await writeSafetensors(state))).toEqual(state);
    expect(await readSafetensors(await streamed(state))).toEqual(state);
  });

  test.each(DTYPES)("gives %s back as it was, whatever its bits, shape and place", async (dtype) => {
    const next = numbers(7);
    for (const shape of [[], [0], [3], [2, 0, 5], [1, 1, 7], [13, 3]]) {
      const state: Weights = {
        "a.b": randomWeight(dtype, shape, next),
        flag: randomWeight("bool", [3], next),
        z: randomWeight(dtype, [5], next),
      };
      const read = await readSafetensors(await writeSafetensors(state));
      for (const name of Object.keys(state)) expect(tell(read[name] as Weight)).toEqual(tell(state[name] as Weight));
      // A NaN of float16 and the like keeps its bits, too.
      const again = await writeSafetensors(read);
      expect(Buffer.compare(again, await writeSafetensors(state))).toBe(0);
    }
  });

  test("begins data at a multiple of 8, and each tensor at one of its element's size", async () => {
    const next = numbers(1);
    for (let names = 1; names < 12; names++) {
      const state = Object.fromEntries(DTYPES.slice(-names).map((dtype) => [dtype, randomWeight(dtype, [3], next)]));
      const bytes = await writeSafetensors(state);
      for (const { data } of Object.values(await readSafetensors(bytes))) {
        expect(data.byteOffset % data.BYTES_PER_ELEMENT).toBe(0);
      }
      expect(Number(new DataView(bytes.buffer).getBigUint64(0, true)) % 8).toBe(0);
    }
  });

  test("keeps names that are numbers, that objects have by themselves, or that UTF-16 sorts otherwise than UTF-8", async () => {
    const names = ["10", "9", "__proto__", "toString", "", "\ufb01", "\u{1f600}", "\u{1f601}", "a", "a.b"];
    const state = Object.fromEntries(names.map((name, i) => [name, f32(i)]));
    const opened = await openSafetensors(await writeSafetensors(state));
    expect(opened.names).toEqual(["", "10", "9", "__proto__", "a", "a.b", "toString", "\ufb01", "\u{1f600}", "\u{1f601}"]);
    for (const [i, name] of names.entries()) expect((await opened.read(name)).data[0]).toBe(i);
  });

  test("takes the tensors of a model, which loads what comes back", async () => {
    manualSeed(1);
    const [from, to] = [new nn.Linear(3, 2), new nn.Linear(3, 2)];
    const weights = await readSafetensors(await writeSafetensors(from.stateDict()));
    expect(weights.weight).toMatchObject({ shape: [2, 3], dtype: "float32" });
    to.loadStateDict(Object.fromEntries(Object.entries(weights).map(([name, { data }]) => [name, data as Float32Array])));
    const x = ones([1, 3]);
    expect(to.forward(x).dataSync()).toEqual(from.forward(x).dataSync());
  });

  test("takes every dtype of core, and tensors that are views", async () => {
    const x = tensor([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    const state = { t: x.transpose(0, 1), i: tensor([1, -2], { dtype: "int32" }), b: x.gt(2), d: zeros([], { dtype: "float64" }) };
    const read = await readSafetensors(await writeSafetensors(state));
    expect([...((read.t as Weight).data as Float32Array)]).toEqual([1, 4, 2, 5, 3, 6]);
    expect(read.i).toEqual({ shape: [2], dtype: "int32", data: new Int32Array([1, -2]) });
    expect([...((read.b as Weight).data as Uint8Array)]).toEqual([0, 0, 1, 1, 1, 1]);
    expect(read.d).toEqual({ shape: [], dtype: "float64", data: new Float64Array(1) });
    expect(F.relu(x).shape).toEqual([2, 3]);
  });

  test.each(["float16", "bfloat16"] as const)("rounds to %s as PyTorch does, where it is asked to, and refuses it else", async (dtype) => {
    const weights = await readSafetensors(bytesOf("rounding.safetensors"));
    const given = { x: { ...(weights.x as Weight), dtype } };
    const { x } = await readSafetensors(await writeSafetensors(given, { round: true }));
    expect(tell(x as Weight).values).toEqual(tell(weights[dtype] as Weight).values);
    await expect(writeSafetensors(given)).rejects.toThrow(
      /writeSafetensors: expected what b?float16 holds in "x", got .* - pass \{ round: true \}/,
    );
  });

  test("refuses what rounds past the largest, and what a float8 has no code for", async () => {
    const one = (dtype: WeightDType, value: number) => ({ x: { shape: [], dtype, data: new Float32Array([value]) } });
    await expect(writeSafetensors(one("float16", 65520), { round: true })).rejects.toThrow("what float16 holds");
    expect((await readSafetensors(await writeSafetensors(one("float16", 65519), { round: true }))).x?.data[0]).toBe(65504);
    await expect(writeSafetensors(one("bfloat16", 3.4028235e38), { round: true })).rejects.toThrow("what bfloat16 holds");
    await expect(writeSafetensors(one("float8_e4m3fn", 449))).rejects.toThrow("what float8_e4m3fn holds");
    await expect(writeSafetensors(one("float8_e4m3fnuz", -0))).rejects.toThrow("what float8_e4m3fnuz holds");
    await expect(writeSafetensors(one("float8_e8m0fnu", 3))).rejects.toThrow("what float8_e8m0fnu holds");
  });

  const shared = new Float32Array(4);
  const view = (start: number, end: number): Weight => ({ shape: [end - start], dtype: "float32", data: shared.subarray(start, end) });
  const tied = ones([2]);
  const late = (data: unknown) => ({ x: { shape: [2], dtype: "float32", data: async () => data } });
  test.each<[string, unknown, unknown, string, string]>([
    ["no object", [f32(1)], undefined, "TypeError", "an object of tensors"],
    ["a module", new nn.Linear(1, 1), undefined, "TypeError", "pass model.stateDict()"],
    ["a bare array", { x: new Float32Array(2) }, undefined, "TypeError", 'a tensor or { shape, dtype, data } for "x"'],
    ["null", { x: null }, undefined, "TypeError", "got null"],
    ["the metadata's name", { __metadata__: f32(1) }, undefined, "RangeError", "a name that the format has room for"],
    ["half of a pair as a name", { "\ud800": f32(1) }, undefined, "RangeError", "a name that the format has room for"],
    ["no shape", { x: { ...f32(1), shape: 1 } }, undefined, "TypeError", 'a shape for "x"'],
    ["a negative size", { x: { ...f32(1), shape: [-1] } }, undefined, "TypeError", 'a shape for "x"'],
    ["a shape with a hole", { x: { ...f32(1), shape: new Array(1) } }, undefined, "TypeError", 'a shape for "x"'],
    ["too many elements", { x: { ...f32(1), shape: [2 ** 30, 2 ** 30] } }, undefined, "RangeError", "whose elements can be counted"],
    ["an unknown dtype", { x: { ...f32(1), dtype: "toString" } }, undefined, "TypeError", 'a dtype for "x"'],
    ["another array", { x: { ...f32(1), dtype: "float64" } }, undefined, "TypeError", "as a Float64Array"],
    ["numbers", { x: { ...f32(1), data: [1] } }, undefined, "TypeError", "as a Float32Array"],
    ["another length", { x: { ...f32(1), shape: [2] } }, undefined, "RangeError", '2 elements for "x", got 1'],
    ["a bool of 2", { x: { shape: [1], dtype: "bool", data: new Uint8Array([2]) } }, undefined, "RangeError", "what bool holds"],
    ["late data of another kind", late(new Int32Array(2)), undefined, "TypeError", "as a Float32Array"],
    ["late data of another length", late(new Float32Array(1)), undefined, "RangeError", "2 elements"],
    ["overlapping views", { a: view(0, 3), b: view(2, 4) }, undefined, "RangeError", 'share no memory with "a", got "b"'],
    ["tied tensors", { a: tied, b: tied }, undefined, "RangeError", 'leave "b" out'],
    ["an unknown option", {}, { meta: {} }, "TypeError", "the options metadata, round"],
    ["metadata that is no text", {}, { metadata: { a: 1 } }, "TypeError", 'text as the metadata "a"'],
    ["metadata that is no object", {}, { metadata: "a" }, "TypeError", "metadata as { name: text }"],
    ["half of a pair in metadata", {}, { metadata: { a: "\udc00" } }, "RangeError", "halves of surrogate pairs"],
    ["a round that is no flag", {}, { round: 1 }, "TypeError", "round to be true or false"],
  ])("refuses %s", async (_, state, options, name, message) => {
    const error = await writeSafetensors(state as never, options as never).catch((thrown: unknown) => thrown as Error);
    expect(error).toMatchObject({ name, message: expect.stringContaining(message) });
    expect((error as Error).message).toMatch(/^writeSafetensors: expected /);
  });

  test("takes views that lie side by side, and empty ones anywhere", async () => {
    const state = { a: view(0, 2), b: view(2, 4), c: view(1, 1), d: zeros([0]) };
    expect(Object.keys(await readSafetensors(await writeSafetensors({ ...state, e: state.d })))).toHaveLength(5);
  });
});

describe("writeSafetensorsStream", () => {
  const MB = 2 ** 20;

  test("throws at the call for all but elements", () => {
    expect(() => writeSafetensorsStream({ x: 1 } as never)).toThrow("writeSafetensorsStream: expected a tensor");
  });

  test("asks for a tensor when its part comes, and holds 1.2 times the largest at most", async () => {
    const bytes = 64 * MB;
    let most = 0;
    const asked: string[] = [];
    const big = (name: string) => ({
      shape: [bytes / 4],
      dtype: "float32" as const,
      data: async () => {
        asked.push(name);
        return new Float32Array(bytes / 4).fill(asked.length);
      },
    });
    const names = ["a", "b", "c"];
    let written = 0;
    setFlagsFromString("--expose-gc");
    const gc = runInNewContext("gc") as () => void;
    gc();
    const before = process.memoryUsage().arrayBuffers;
    for await (const part of writeSafetensorsStream(Object.fromEntries(names.map((name) => [name, big(name)])))) {
      written += part.length;
      expect(part.length).toBeLessThanOrEqual(MB);
      expect(asked.length).toBeLessThanOrEqual(Math.floor(written / bytes) + 1);
      if (written % (8 * MB) < MB) {
        gc();
        most = Math.max(most, process.memoryUsage().arrayBuffers - before);
      }
    }
    expect(asked).toEqual(names);
    expect(most).toBeLessThanOrEqual(1.2 * bytes);
  });

  test("stands behind a ReadableStream, and lets go when its reader leaves", async () => {
    const state = { x: f32(1, 2, 3), y: f32(4) };
    const stream = (ReadableStream as unknown as { from(parts: AsyncIterable<Uint8Array>): ReadableStream }).from(
      writeSafetensorsStream(state),
    );
    expect(await readSafetensors(new Response(stream))).toEqual(await readSafetensors(await writeSafetensors(state)));
    for await (const _ of writeSafetensorsStream(state)) break;
  });
});

test("every dtype has an array", () => {
  for (const dtype of DTYPES) expect(arrayOf(dtype).name).toMatch(/Array$/);
});
