import { memory, ones } from "@dropwise/core";
import type { BackendStorage } from "@dropwise/core/backend";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createWebGPUBackend, type WebGPUBackend } from "../src/index";
import { both, contents, data, expectSame, noise, place } from "./support/harness";

let gpu: WebGPUBackend;
beforeAll(async () => {
  gpu = await createWebGPUBackend();
});
afterAll(() => gpu.dispose());

describe("the adapter", () => {
  test("is SwiftShader or a real GPU, and computes", async () => {
    const { architecture, vendor, isFallbackAdapter } = gpu.adapterInfo;
    console.info(`webgpu tests run on: ${gpu.info.device}`);
    expect(isFallbackAdapter ? architecture : vendor).toMatch(isFallbackAdapter ? /^swiftshader$/ : /./);
    const out = place(
      gpu,
      data("float32", [3], () => 0),
    );
    gpu.fill(out, 1.5);
    expect([...(await contents(gpu, out))]).toEqual([1.5, 1.5, 1.5]);
  });

  test("is described by info", () => {
    expect(gpu.name).toBe("webgpu");
    expect(gpu.info).toMatchObject({ hostVisible: false, dtypes: ["float32", "int32", "bool"] });
    expect(gpu.info.maxBufferBytes).toBe(gpu.device.limits.maxBufferSize);
    expect(gpu.info.maxBufferBytes).toBeGreaterThanOrEqual(2 ** 27);
  });
});

describe("storage", () => {
  test("round trips every dtype, in whole and in part, from plain and from shared memory", async () => {
    const shared = new Int32Array(new SharedArrayBuffer(16)).fill(4);
    for (const values of [
      new Float32Array([1, -0, 3.5, Number.NaN, 5]),
      new Int32Array([1, -2, 2147483647]),
      new Uint8Array([1, 0, 1]),
      shared,
    ]) {
      const dtype = values instanceof Float32Array ? "float32" : values instanceof Int32Array ? "int32" : "bool";
      const x = place(gpu, { dtype, values, shape: [values.length], strides: [1], offset: 0 });
      const copy = values.slice();
      values[0] = 0; // what was written is what stood there at the call
      const got = await contents(gpu, x);
      expect(got.constructor).toBe(values.constructor);
      expect([...got]).toEqual([...copy]);
      expect([...(await gpu.read(x.storage, 1, 2))]).toEqual([...copy.slice(1, 3)]);
      expect((await gpu.read(x.storage, 1, 0)).length).toBe(0);
    }
  });

  test("several reads at once each get their own data", async () => {
    const all = Array.from({ length: 10 }, (_, i) =>
      place(
        gpu,
        data("float32", [100 * (i + 1)], () => i),
      ),
    );
    const reads = await Promise.all(all.map((x) => contents(gpu, x)));
    reads.forEach((values, i) => {
      expect(new Set(values)).toEqual(new Set([i]));
      expect(values.length).toBe(100 * (i + 1));
    });
  });

  test("a write never overtakes what was recorded before it on the same memory", async () => {
    const x = place(
      gpu,
      data("float32", [4], () => 1),
    );
    const outs = [0, 1, 2].map(() =>
      place(
        gpu,
        data("float32", [4], () => 0),
      ),
    );
    for (const [i, out] of outs.entries()) {
      gpu.write(x.storage, new Float32Array(4).fill(i + 1));
      gpu.binary("mul", x, 10, out);
    }
    gpu.write(x.storage, new Float32Array(4).fill(-1));
    const results = await Promise.all([...outs, x].map((operand) => contents(gpu, operand)));
    expect(results.map((values) => values[0])).toEqual([10, 20, 30, -1]);
  });

  test("released memory may be written by queued work, and is then gone", async () => {
    const before = gpu.stats().buffers;
    const x = place(gpu, data("float32", [1000], noise(1)));
    const out = place(
      gpu,
      data("float32", [1000], () => 0),
    );
    gpu.unary("neg", x, out);
    gpu.release(x.storage.handle);
    gpu.release(x.storage.handle); // a second time is no harm
    expectSame(
      await contents(gpu, out),
      Float32Array.from({ length: 1000 }, (_, i) => -noise(1)(i)),
    );
    gpu.release(out.storage.handle);
    expect(gpu.stats().buffers).toBe(before);
  });
});

describe("batches", () => {
  test("thousands of kernels with buffers and parameters of their own all see theirs, again and again", async () => {
    const outs = Array.from({ length: 2500 }, () =>
      place(
        gpu,
        data("float32", [3], () => 0),
      ),
    );
    // Gathered by as many more kernels: one read of all, where a browser takes milliseconds for each.
    const all = place(
      gpu,
      data("float32", [outs.length], () => -1),
    );
    for (const round of [1, 2]) {
      outs.forEach((out, i) => {
        gpu.fill(out, i * round);
      });
      outs.forEach((out, i) => {
        gpu.unary("abs", { ...out, shape: [1], offset: 2 }, { ...all, shape: [1], offset: i });
      });
      expect([...(await contents(gpu, all))]).toEqual(outs.map((_, i) => i * round));
    }
    gpu.release(all.storage.handle);
    for (const { storage } of outs) gpu.release(storage.handle);
  });

  test("work is submitted at a read, when a batch is full, and at the end of the microtask", async () => {
    const out = place(
      gpu,
      data("float32", [3], () => 0),
    );
    await contents(gpu, out);
    const start = gpu.stats().submissions;
    gpu.fill(out, 1);
    gpu.fill(out, 2);
    expect(gpu.stats().submissions).toBe(start);
    await Promise.resolve();
    expect(gpu.stats().submissions).toBe(start + 1);
    for (let i = 0; i < 1100; i++) gpu.fill(out, i);
    expect(gpu.stats().submissions).toBeGreaterThanOrEqual(start + 3);
    expect((await contents(gpu, out))[0]).toBe(1099);
  });
});

describe("two backends at once", () => {
  test("have memory, errors and ends of their own", async () => {
    const other = await createWebGPUBackend();
    const [a, b] = [
      place(
        gpu,
        data("float32", [2], () => 1),
      ),
      place(
        other,
        data("float32", [2], () => 2),
      ),
    ];
    gpu.binary("add", a, 10, a);
    other.binary("add", b, 10, b);
    const [x, y] = await Promise.all([contents(gpu, a), contents(other, b)]);
    expect([x[0], y[0]]).toEqual([11, 12]);
    other.dispose();
    gpu.binary("add", a, 10, a);
    expect((await contents(gpu, a))[0]).toBe(21);
    expect(() => other.fill(b, 0)).toThrow(expect.objectContaining({ name: "DisposedError" }));
  });
});

describe("refusals", () => {
  test("float64 is refused where memory is asked for", () => {
    expect(() => gpu.allocate("float64", 3)).toThrow(expect.objectContaining({ name: "UnsupportedOpError", op: "allocate" }));
  });

  test("more than one buffer holds is refused at once, bool at the four bytes it takes", () => {
    const length = gpu.info.maxBufferBytes / 4 + 1;
    for (const dtype of ["float32", "int32", "bool"] as const) {
      expect(() => gpu.allocate(dtype, length)).toThrow(expect.objectContaining({ name: "OutOfMemoryError" }));
    }
  });

  test("a kernel without a meaning for integers is refused", () => {
    const x = place(
      gpu,
      data("int32", [2], () => 1),
    );
    expect(() => gpu.binary("binaryCrossEntropy", x, x, x)).toThrow(expect.objectContaining({ name: "UnsupportedOpError" }));
  });

  test("memory for what is no dtype or no length is refused by name", () => {
    for (const length of [-1, 0.5, Number.NaN])
      expect(() => gpu.allocate("float32", length)).toThrow(/^allocate: expected a dtype and a length, got/);
    expect(() => gpu.allocate("float16" as never, 1)).toThrow(/^allocate: expected a dtype and a length, got/);
  });

  test("storage of another backend, or released, is refused at once and by name, and what was queued before is done", async () => {
    const other = await createWebGPUBackend({ device: gpu.device });
    const one = data("float32", [2], () => 1);
    const [x, foreign, gone] = [place(gpu, one), place(other, one), place(gpu, one)];
    gpu.release(gone.storage.handle);
    gpu.binary("add", x, 1, x);
    const forged = { ...x, storage: { ...x.storage, handle: undefined as never } };
    for (const [wrong, name] of [
      [foreign, "TypeError"],
      [forged, "TypeError"],
      [gone, "DisposedError"],
    ] as const) {
      const refused = expect.objectContaining({
        name,
        message: expect.stringMatching(/^(unary|binary|add|copy|write|neg): expected .+, got /),
      });
      expect(() => gpu.unary("neg", wrong, x)).toThrow(refused);
      expect(() => gpu.binary("add", x, 1, wrong)).toThrow(refused);
      expect(() => gpu.copy(wrong, x)).toThrow(refused);
      expect(() => gpu.write(wrong.storage, new Float32Array(2))).toThrow(refused);
      await expect(gpu.read(wrong.storage, 0, 1)).rejects.toMatchObject({ name });
    }
    gpu.release(foreign.storage.handle); // not its to free
    expect([...(await contents(gpu, x))]).toEqual([2, 2]);
    expect([...(await contents(other, foreign))]).toEqual([1, 1]);
    other.dispose();
  });

  test("after dispose the memory is gone, whoever holds tensors, and what is left of them can be let go", async () => {
    const other = await createWebGPUBackend({ device: gpu.device }); // a device that lives on
    const kept = ones([8], { backend: other });
    const released = ones([4], { backend: other });
    const pending = kept.add(released.sum()).data();
    released.dispose();
    const settled = pending.then(
      () => "data",
      ({ name }: Error) => name,
    );
    other.dispose();
    expect(["data", "DisposedError"]).toContain(await settled);
    expect(other.stats()).toMatchObject({ buffers: 0, bytes: 0 });
    expect(() => kept.add(1)).toThrow(expect.objectContaining({ name: "DisposedError" }));
    await expect(kept.data()).rejects.toMatchObject({ name: "DisposedError" });
    expect(memory(other)).toMatchObject({ bytes: 0, pooledBytes: 0 });
    kept.dispose();
    other.dispose();
    expect(other.isDisposed).toBe(true);
    const x = ones([2], { backend: gpu as never });
    expect([...(await x.add(1).data())]).toEqual([2, 2]); // the device is well
  });

  test("empty views may begin behind the end of their memory, and idle dimensions have any stride", async () => {
    const x = place(
      gpu,
      data("float32", [4], () => 1),
    );
    for (const stride of [0, -1, 100, Number.NaN]) {
      const empty = { ...x, shape: [0, 2], strides: [stride, stride], offset: 18 };
      gpu.binary("add", empty, empty, empty);
      gpu.copy(empty, empty);
      const one = { ...x, shape: [1, 4, 1], strides: [stride, 1, stride] };
      gpu.binary("mul", one, one, { ...x, shape: [1, 4, 1], strides: [4, 1, 1] });
    }
    expect([...(await contents(gpu, x))]).toEqual([1, 1, 1, 1]);
  });

  test("after dispose every call but release throws DisposedError, and a read under way rejects with it", async () => {
    const other = await createWebGPUBackend();
    const x = place(
      other,
      data("float32", [2], () => 1),
    );
    const reading = expect(contents(other, x)).rejects.toMatchObject({ name: "DisposedError" });
    other.dispose();
    other.dispose();
    await reading;
    const refused = expect.objectContaining({ name: "DisposedError" });
    expect(() => other.allocate("float32", 1)).toThrow(refused);
    expect(() => other.write(x.storage, new Float32Array(2))).toThrow(refused);
    expect(() => other.unary("exp", x, x)).toThrow(refused);
    expect(() => other.release(x.storage.handle)).not.toThrow();
    await expect(other.read(x.storage, 0, 2)).rejects.toMatchObject({ name: "DisposedError" });
  });
});

describe("a lost device", () => {
  test("throws DeviceLostError from every call, rejects what is under way, leaves other backends alone, and can be replaced", async () => {
    const lost = await createWebGPUBackend();
    const x = place(
      lost,
      data("float32", [2], () => 1),
    );
    await contents(lost, x);
    const reading = expect(contents(lost, x)).rejects.toMatchObject({ name: "DeviceLostError" });
    lost.device.destroy();
    await reading;
    await lost.device.lost;
    const refused = expect.objectContaining({ name: "DeviceLostError", backend: "webgpu" });
    expect(() => lost.allocate("float32", 1)).toThrow(refused);
    expect(() => lost.write(x.storage, new Float32Array(2))).toThrow(refused);
    expect(() => lost.fill(x, 1)).toThrow(refused);
    expect(() => lost.dropout({} as never, x, x)).toThrow(refused);
    await expect(lost.read(x.storage, 0, 1)).rejects.toMatchObject({ name: "DeviceLostError" });
    lost.release(x.storage.handle);
    lost.dispose();
    const fresh = await createWebGPUBackend();
    for (const backend of [fresh, gpu]) {
      const [got, expected] = await both(backend, [data("float32", [5], noise(2))], (b, a) => b.unary("neg", a, a));
      expectSame(got, expected);
    }
    fresh.dispose();
  });
});

describe("memory that the device does not have", () => {
  test("is told by the next awaited call as OutOfMemoryError, once; what was there stays, and work goes on", async () => {
    if (gpu.adapterInfo.architecture !== "swiftshader") return; // others may promise what they do not have
    const other = await createWebGPUBackend();
    const x = place(
      other,
      data("float32", [4], () => 1),
    );
    other.binary("add", x, 1, x); // recorded before: must survive
    const length = other.info.maxBufferBytes / 4;
    const big: BackendStorage<ReturnType<typeof other.allocate>> = { handle: other.allocate("float32", length), dtype: "float32", length };
    const bigOperand = { storage: big, shape: [length], strides: [1], offset: 0 };
    other.fill(bigOperand, 1);
    await expect(other.read(big, 0, 4)).rejects.toMatchObject({ name: "OutOfMemoryError", bytes: length * 4 });
    expect([...(await contents(other, x))]).toEqual([2, 2, 2, 2]);
    // A pool that gives the same handle out again makes a new attempt, with the same end.
    other.fill(bigOperand, 1);
    await expect(other.read(big, 0, 4)).rejects.toMatchObject({ name: "OutOfMemoryError" });
    other.release(big.handle);
    const [got, expected] = await both(other, [data("float32", [5], noise(3))], (b, a) => b.unary("neg", a, a));
    expectSame(got, expected);
    other.dispose();
  });
});

describe("a device of the user", () => {
  test("is used with its own limits and survives dispose", async () => {
    const device = gpu.device;
    const guest = await createWebGPUBackend({ device });
    const x = place(
      guest,
      data("float32", [2], () => 3),
    );
    expect((await contents(guest, x))[0]).toBe(3);
    guest.dispose();
    const [got, expected] = await both(gpu, [data("float32", [5], noise(4))], (b, a) => b.unary("abs", a, a));
    expectSame(got, expected);
  });
});
