import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { functional as F, manualSeed, memory as memoryOf, ones, tensor, tidy } from "@dropwise/core";
import { type Backend, BackendUnavailableError, DisposedError, type Kernels, OutOfMemoryError, thresholdOf } from "@dropwise/core/backend";
import { describe, expect, test } from "vitest";
import { contents, numbers, operand, output } from "../test/operands";
import { createWasmBackend } from "./backend";
import { builtInModule, compile } from "./module";

const PAGE = 65536;

/** A module that is one, and has nothing in it. */
const EMPTY_MODULE = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);

test("every golden mask is reproduced", async () => {
  interface Golden {
    seed: string;
    call: string;
    n: number;
    p: number;
    sha256: string;
  }
  const path = fileURLToPath(new URL("../../core/goldens/masks.json", import.meta.url));
  const { masks } = JSON.parse(readFileSync(path, "utf8")) as { masks: Golden[] };
  const wasm = (await createWasmBackend()) as Backend & Kernels;
  const low = (text: string) => Number(BigInt(text) & 0xffffffffn);
  const high = (text: string) => Number(BigInt(text) >> 32n);
  for (const { seed, call, n, p, sha256 } of masks) {
    const x = operand(wasm, new Float32Array(n).fill(1), [n]);
    wasm.dropout(
      {
        seedLo: low(seed),
        seedHi: high(seed),
        callLo: low(call),
        callHi: high(call),
        elementOffset: 0,
        threshold: thresholdOf(p),
        keepScale: 1,
        keepShift: 0,
        dropValue: 0,
        shape: [n],
        maskStrides: [1],
      },
      x,
      x,
    );
    const mask = Uint8Array.from(contents(wasm, x));
    expect(createHash("sha256").update(mask).digest("hex"), `seed ${seed}, call ${call}, n ${n}, p ${p}`).toBe(sha256);
    wasm.release(x.storage.handle);
  }
  wasm.dispose();
});

test("all kernels give the same bits with 1, 2, 3 and 8 threads", async () => {
  const results: string[][] = [];
  for (const threads of [1, 2, 3, 8]) {
    const wasm = (await createWasmBackend({ threads })) as Backend & Kernels;
    expect(wasm.info.threads).toBe(threads);
    const n = 300_000;
    const x = operand(wasm, numbers(n, 3, false), [n]);
    const y = operand(wasm, numbers(n, 5, false), [n]);
    const of = (shape: number[], run: (out: ReturnType<typeof output>) => void, dtype: "float32" | "bool" = "float32") => {
      const out = output(wasm, dtype, shape);
      run(out);
      return createHash("sha256").update(contents(wasm, out)).digest("hex");
    };
    const spec = {
      seedLo: 1,
      seedHi: 2,
      callLo: 3,
      callHi: 4,
      elementOffset: 3,
      threshold: 0x7fffffc0,
      keepScale: 2,
      keepShift: 0,
      dropValue: 0,
    };
    const matrix = (operandOf: typeof x, shape: number[], strides: number[]) => ({ ...operandOf, shape, strides });
    results.push([
      of([n], (out) => wasm.dropout({ ...spec, shape: [n], maskStrides: [1] }, x, out)),
      of([300, 1000], (out) => wasm.dropout({ ...spec, shape: [300, 1000], maskStrides: [0, 1] }, x, out)),
      of([n], (out) => wasm.unary("tanh", x, out)),
      of([n], (out) => wasm.binary("mul", x, y, out)),
      of([300, 1000], (out) => wasm.binary("lt", matrix(x, [300, 1000], [1000, 1]), matrix(y, [300, 1000], [0, 1]), out), "bool"),
      of([1], (out) => wasm.reduce("sum", x, out, 1, n, 1)),
      of([3], (out) => wasm.reduce("sum", x, out, 3, n / 3, 1)),
      of([1000], (out) => wasm.reduce("sum", x, out, 1, 300, 1000)),
      of([300, 1000], (out) => wasm.softmax(true, x, out, 300, 1000, 1)),
      of([400, 500], (out) => wasm.matmul(matrix(x, [400, 600], [600, 1]), matrix(y, [600, 500], [1, 600]), out)),
    ]);
    wasm.dispose();
  }
  for (const other of results.slice(1)) expect(other).toEqual(results[0]);
});

describe("memory", () => {
  test("a refused growth is an OutOfMemoryError; what is there stays, and the backend goes on", async () => {
    const memory = new WebAssembly.Memory({ initial: 8, maximum: 40 });
    const wasm = await createWasmBackend({ memory });
    const x = tensor([1, 2, 3], { backend: wasm });
    const fits = ones([20 * 16384], { backend: wasm });
    expect(() => ones([30 * 16384], { backend: wasm })).toThrow(OutOfMemoryError);
    expect(x.dataSync()).toEqual(Float32Array.of(1, 2, 3));
    fits.dispose();
    const again = ones([25 * 16384], { backend: wasm });
    expect(again.sum().itemSync()).toBe(25 * 16384);
    wasm.dispose();
  });

  test("growth between calls moves no contents, for plain and for shared memory", async () => {
    for (const threads of [1, 2]) {
      const wasm = await createWasmBackend({ threads });
      const x = tensor(numbers(1000), { backend: wasm });
      const stale = x.dataSync();
      for (let i = 0; i < 20; i++) ones([PAGE], { backend: wasm });
      expect(x.dataSync()).toEqual(stale);
      manualSeed(3);
      const kept = F.dropout(x, { p: 0.5 }).dataSync();
      manualSeed(3);
      expect(kept).toEqual(F.dropout(tensor(numbers(1000)), { p: 0.5 }).dataSync());
      wasm.dispose();
    }
  });

  test("memory that is handed in is lived in, and one that is too small is refused by name", async () => {
    const memory = new WebAssembly.Memory({ initial: 10, maximum: 100, shared: true });
    const wasm = await createWasmBackend({ memory, threads: 2 });
    expect(wasm.info.threads).toBe(2);
    const x = tensor([5], { backend: wasm });
    expect(x.dataSync()).toEqual(Float32Array.of(5));
    wasm.dispose();
    await expect(createWasmBackend({ memory: new WebAssembly.Memory({ initial: 1, maximum: 1 }) })).rejects.toThrow(
      BackendUnavailableError,
    );
  });

  test("a handle is given back once, however often it is released", async () => {
    const wasm = await createWasmBackend({ threads: 1 });
    const first = wasm.allocate("float32", 100);
    wasm.release(first);
    wasm.release(first);
    expect([wasm.allocate("float32", 100), wasm.allocate("float32", 100)].map(({ address }) => address)).toEqual([
      first.address,
      first.address + 448, // 400 bytes, rounded up to cache lines
    ]);
    wasm.dispose();
  });
});

describe("options", () => {
  const { proxy: revoked, revoke } = Proxy.revocable({}, {});
  revoke();
  const other = runInNewContext("new Uint8Array(8)") as Uint8Array;
  test("wrong ones are refused by name, as a rejection, whatever they are", async () => {
    // No table of vitest's: it would print what cannot be read.
    const wrong: [unknown, typeof TypeError | typeof RangeError, RegExp][] = [
      [{ threads: 0 }, RangeError, /threads to be an integer from 1 to 256, got 0/],
      [{ threads: 1.5 }, RangeError, /threads/],
      [{ threads: "two" }, TypeError, /threads to be a number or "auto", got "two"/],
      [{ threads: Symbol("two") }, TypeError, /got Symbol\(two\)/],
      [{ threads: 2n }, TypeError, /got 2n/],
      [{ module: {} }, TypeError, /module to be a WebAssembly.Module or the bytes of one, got .* - take the file/],
      [{ module: new Uint8Array(0) }, TypeError, /module/],
      [{ module: new Float64Array(2) }, TypeError, /module/],
      [{ module: new ArrayBuffer(8) }, TypeError, /module/],
      [{ module: other }, TypeError, /module/],
      [{ module: new WebAssembly.Module(EMPTY_MODULE) }, TypeError, /module to export __heap_base, got/],
      [{ module: EMPTY_MODULE, threads: 1 }, TypeError, /module to export __heap_base, got/],
      [{ module: EMPTY_MODULE, threads: 2 }, TypeError, /module to import its memory first, got/],
      [{ module: new Proxy(new WebAssembly.Module(EMPTY_MODULE), {}) }, TypeError, /module/],
      [{ memory: {} }, TypeError, /memory to be a WebAssembly.Memory, got/],
      [{ memory: null }, TypeError, /memory/],
      [{ memory: new Proxy(new WebAssembly.Memory({ initial: 1 }), {}) }, TypeError, /memory/],
      [{ thread: 1 }, TypeError, /got "thread" - did you mean threads\?/],
      [{ wasm: 1 }, TypeError, /the options threads, module, memory/],
      [null, TypeError, /options as \{ name: value \}, got null/],
      [1, TypeError, /options/],
      ["auto", TypeError, /options/],
      [[], TypeError, /options/],
      [new Map(), TypeError, /options/],
      [new Date(), TypeError, /options/],
      [Promise.resolve({}), TypeError, /options/],
      [revoked, TypeError, /got a value that cannot be read/],
      [{ threads: revoked }, TypeError, /threads .*got a value that cannot be read/],
      [{ module: revoked }, TypeError, /module .*got a value that cannot be read/],
      [{ memory: revoked }, TypeError, /memory .*got a value that cannot be read/],
    ];
    for (const [options, kind, message] of wrong) {
      const creating = createWasmBackend(options as never);
      await expect(creating).rejects.toThrow(kind);
      await expect(creating).rejects.toThrow(message);
      await expect(creating).rejects.toThrow(/^createWasmBackend: expected .+, got /);
    }
  });

  test("a module may come as bytes or compiled; compiled it has one thread", async () => {
    const bytes = await createWasmBackend({ module: builtInModule(), threads: 2 });
    expect(bytes.info.threads).toBe(2);
    const compiled = await createWasmBackend({ module: await compile(builtInModule()), threads: 2 });
    expect(compiled.info.threads).toBe(1);
    expect(ones([3], { backend: compiled }).sum().itemSync()).toBe(3);
    for (const wasm of [bytes, compiled]) wasm.dispose();
  });

  test("a compiled module with shared memory is refused, with the reason", async () => {
    const memory = new WebAssembly.Memory({ initial: 10, maximum: 100, shared: true });
    await expect(createWasmBackend({ module: await compile(builtInModule()), memory })).rejects.toThrow(BackendUnavailableError);
  });
});

test("after dispose every call throws DisposedError", async () => {
  const wasm = (await createWasmBackend({ threads: 2 })) as Backend & Kernels;
  const x = operand(wasm, numbers(10), [10]);
  wasm.dispose();
  wasm.dispose();
  expect(() => wasm.allocate("float32", 1)).toThrow(DisposedError);
  expect(() => wasm.view?.(x.storage)).toThrow(DisposedError);
  expect(() => wasm.write(x.storage, numbers(10))).toThrow(DisposedError);
  await expect(wasm.read(x.storage, 0, 1)).rejects.toThrow(DisposedError);
  expect(() => wasm.unary("neg", x, x)).toThrow(DisposedError);
  expect(() => wasm.unary("log", x, x)).toThrow(DisposedError);
  wasm.release(x.storage.handle);
});

test("after dispose the memory can be collected, whoever holds the backend, its tensors and its handles, and all of these can be let go", async () => {
  for (const threads of [1, 2]) {
    const wasm = (await createWasmBackend({ threads })) as Backend & Kernels;
    const x = ones([2 ** 16], { backend: wasm });
    const kept = ones([2 ** 16], { backend: wasm });
    tidy(() => expect(kept.add(x).sum().itemSync()).toBe(2 ** 17)); // views are cached, kernels have run on all threads
    const handle = wasm.allocate("float32", 8) as never;
    const memory = memoryBehind(wasm, handle);
    const pending = x.data();
    x.dispose(); // to core's pool
    wasm.dispose();
    expect((await pending)[0]).toBe(1);
    expect(await eventually(() => memory.deref() === undefined)).toBe(true);
    expect(() => kept.add(1)).toThrow(DisposedError);
    expect(() => kept.dataSync()).toThrow(DisposedError);
    await expect(kept.data()).rejects.toThrow(DisposedError);
    expect(memoryOf(wasm)).toEqual({ tensors: 1, bytes: 0, pooledBytes: 0 });
    kept.dispose();
    wasm.release(handle);
    wasm.dispose();
    expect(memoryOf(wasm)).toEqual({ tensors: 0, bytes: 0, pooledBytes: 0 });
  }
});

/** A function of its own: a variable of the test would hold it. */
function memoryBehind(wasm: Backend, handle: unknown): WeakRef<ArrayBufferLike> {
  return new WeakRef(wasm.view?.({ handle, dtype: "float32", length: 8 })?.buffer as ArrayBufferLike);
}

/** Waits until `done`, collecting garbage. */
async function eventually(done: () => boolean): Promise<boolean> {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  for (let i = 0; i < 100 && !done(); i++) {
    await new Promise((resolve) => setTimeout(resolve, 10)); // first: what a WeakRef gave is held to the end of the task
    collect();
  }
  return done();
}

test("workers do not keep a process alive", () => {
  // The built package, in a process of its own, which ends by itself.
  const dist = new URL("../dist/index.js", import.meta.url).href;
  const program = `import { createWasmBackend } from ${JSON.stringify(dist)}; const b = await createWasmBackend({ threads: 3 }); console.log(b.info.threads);`;
  const { stdout, status } = spawnSync(process.execPath, ["--input-type=module", "--eval", program], { encoding: "utf8", timeout: 60_000 });
  expect({ stdout, status }).toEqual({ stdout: "3\n", status: 0 });
});
