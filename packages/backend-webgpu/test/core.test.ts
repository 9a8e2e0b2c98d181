import { cpu, functional as F, Generator, memory, nn, ones, tensor, tidy, zeros } from "@dropwise/core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createWebGPUBackend, type WebGPUBackend } from "../src/index";
import { expectSame } from "./support/harness";

let gpu: WebGPUBackend;
beforeAll(async () => {
  gpu = await createWebGPUBackend();
});
afterAll(() => gpu.dispose());

const values = (n: number, start: number) => Float32Array.from({ length: n }, (_, i) => start + i);

describe("tensors on the device", () => {
  test("memory that is written, used, released, reused and written again keeps every result apart", async () => {
    const results = [];
    const first = tensor(values(100, 0), { backend: gpu });
    results.push(first.mul(2));
    first.dispose();
    const { buffers } = gpu.stats();
    for (let i = 1; i < 5; i++) {
      const x = tensor(values(100, 1000 * i), { backend: gpu }); // in the memory of the one before
      results.push(x.mul(2));
      x.dispose();
    }
    expect(gpu.stats().buffers).toBe(buffers + 4); // the results', and no more
    for (const [i, result] of results.entries())
      expectSame(
        await result.data(),
        values(100, 1000 * i).map((v) => 2 * v),
      );
    for (const result of results) result.dispose();
  });

  test("a tensor that is disposed while it is read still gives its values", async () => {
    const x = tensor(values(1000, 5), { backend: gpu });
    const reading = x.data();
    x.dispose();
    const other = zeros([1000], { backend: gpu });
    expectSame(await reading, values(1000, 5));
    expectSame(await other.data(), new Float32Array(1000));
  });

  test("a layer, moved, gives what it gave on the cpu, and its mask bit for bit", async () => {
    const make = () => new nn.Dropout({ p: 0.3, generator: new Generator(9) });
    const [here, there] = [make(), make()];
    const x = ones([7, 33]);
    const expected = here.forward(x);
    const got = there.forward(await x.to(gpu));
    expectSame(await got.data(), expected.dataSync());
    expectSame((await there.lastMask()?.data()) ?? [], here.lastMask()?.dataSync() ?? []);
  });

  test("memory() knows them, and tidy gives them back", () => {
    const { tensors, bytes } = memory(gpu);
    tidy(() => {
      const x = ones([1000], { backend: gpu });
      F.relu(x.add(1)).sum();
      expect(memory(gpu)).toMatchObject({ tensors: tensors + 4, bytes: bytes + 3 * 4000 + 4 });
    });
    const after = memory(gpu);
    expect(after).toMatchObject({ tensors, bytes });
    // What the device holds beside what tensors use is in the pool, or scratch memory.
    expect(gpu.stats().bytes).toBeGreaterThanOrEqual(after.bytes + after.pooledBytes);
  });
});

describe("errors, seen from a tensor", () => {
  test("memory that the device does not have rejects the read that needed it; other tensors live on", async () => {
    if (gpu.adapterInfo.architecture !== "swiftshader") return; // others may promise what they do not have
    const other = await createWebGPUBackend();
    const kept = ones([4], { backend: other }).add(1);
    const tooLarge = zeros([other.info.maxBufferBytes / 4], { backend: other });
    await expect(tooLarge.sum().item()).rejects.toMatchObject({ name: "OutOfMemoryError" });
    tooLarge.dispose();
    expectSame(await kept.data(), [2, 2, 2, 2]);
    expectSame(await ones([3], { backend: other }).mul(5).data(), [5, 5, 5]);
    expect(() => zeros([other.info.maxBufferBytes / 4 + 1], { backend: other })).toThrow(
      expect.objectContaining({ name: "OutOfMemoryError" }),
    );
    other.dispose();
  });

  test("a lost device throws from operations and rejects reads, while the cpu and another device go on", async () => {
    const lost = await createWebGPUBackend();
    const x = ones([4], { backend: lost });
    await x.data();
    lost.device.destroy();
    await lost.device.lost;
    const refused = expect.objectContaining({ name: "DeviceLostError" });
    expect(() => x.add(1)).toThrow(refused);
    expect(() => F.dropout(x, { generator: new Generator(1) })).toThrow(refused);
    expect(() => ones([4], { backend: lost })).toThrow(refused);
    await expect(x.data()).rejects.toMatchObject({ name: "DeviceLostError" });
    await expect(ones([2]).to(lost)).rejects.toMatchObject({ name: "DeviceLostError" });
    x.dispose();
    expectSame(await ones([2], { backend: gpu }).add(1).data(), [2, 2]);
    expectSame(ones([2], { backend: cpu }).add(1).dataSync(), [2, 2]);
  });

  test("float64 and reading without waiting are refused, with what to do instead", async () => {
    expect(() => tensor(new Float64Array(2), { backend: gpu })).toThrow(expect.objectContaining({ name: "UnsupportedOpError" }));
    await expect(tensor(new Float64Array(2)).to(gpu)).rejects.toMatchObject({ name: "UnsupportedOpError" });
    expect(() => ones([2], { backend: gpu }).dataSync()).toThrow(/data\(\)/);
  });
});
