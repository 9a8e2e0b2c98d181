import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { type Backend, functional as F, manualSeed, memory, noGrad, ones, tidy } from "@dropwise/core";
import { DisposedError, type Operand } from "@dropwise/core/backend";
import { afterEach, describe, expect, test, vi } from "vitest";
import { createNativeBackend, type NativeBackendOptions } from "./index";
import { loadAddon } from "./load";
import type { NativeHandle } from "./memory";

const { isas } = loadAddon();
const { proxy: revoked, revoke } = Proxy.revocable({}, {});
revoke();
const fail = (what: string): never => {
  throw new Error(what);
};
afterEach(() => vi.unstubAllEnvs());

describe("createNativeBackend", () => {
  test("takes the best instruction set, and says which", () => {
    const backend = createNativeBackend();
    expect(backend.info.device).toBe(isas[0]);
    expect(backend.info.hostVisible).toBe(true);
    backend.dispose();
  });

  test.each(isas)("takes %s by option and by DROPWISE_ISA", (isa) => {
    expect(createNativeBackend({ isa }).info.device).toBe(isa);
    vi.stubEnv("DROPWISE_ISA", isa);
    expect(createNativeBackend().info.device).toBe(isa);
  });

  test("refuses an instruction set that is not there, by name and with the fix", () => {
    expect(() => createNativeBackend({ isa: "mmx" })).toThrow(
      /expected isa to be an instruction set that runs here \(.*scalar\), got "mmx" - leave it out/,
    );
    vi.stubEnv("DROPWISE_ISA", "mmx");
    expect(() => createNativeBackend()).toThrow(/DROPWISE_ISA/);
  });

  test("refuses wrong options by name, whatever they are", () => {
    // No table of vitest's: it would print what cannot be read.
    const wrong: [unknown, typeof TypeError | typeof RangeError][] = [
      [{ threads: 0 }, RangeError],
      [{ threads: 1.5 }, RangeError],
      [{ threads: Number.NaN }, RangeError],
      [{ threads: 1e6 }, RangeError],
      [{ threads: "two" }, TypeError],
      [{ isa: 512 }, TypeError],
      [{ thread: 1 }, TypeError],
      [1, TypeError],
      [null, TypeError],
      [[], TypeError],
      ["scalar", TypeError],
      [new Map([["threads", 1]]), TypeError],
      [new Date(), TypeError],
      [Promise.resolve({}), TypeError],
      [{ threads: Symbol("two") }, TypeError],
      [{ threads: 2n }, TypeError],
      [{ isa: { toString: () => fail("was asked for its name") } }, TypeError],
      [{ isa: Object.create(null) }, TypeError],
      [revoked, TypeError],
      [{ threads: revoked }, TypeError],
      [{ isa: revoked }, TypeError],
    ];
    for (const [options, error] of wrong) {
      const create = () => createNativeBackend(options as NativeBackendOptions);
      expect(create).toThrow(error);
      expect(create).toThrow(/^createNativeBackend: expected .+, got /);
    }
  });
});

describe("a disposed backend", () => {
  test("refuses everything by name, and is disposed twice without harm", () => {
    const backend = createNativeBackend({ threads: 2 });
    const x = ones([2 ** 20], { backend });
    noGrad(() => F.dropout(x, 0.5)); // starts the threads
    backend.dispose();
    backend.dispose();
    expect(() => backend.allocate("float32", 4)).toThrow(/disposed - create another with createNativeBackend/);
    expect(() => x.dataSync()).toThrow(/disposed/);
    expect(() => x.add(1)).toThrow(/disposed/);
  });
});

describe("after dispose", () => {
  test("there is no memory, at once, whoever holds the backend, its tensors, its handles, or arrays on it; all of these can be let go", async () => {
    const backend = createNativeBackend({ threads: 2 });
    const large = ones([2 ** 20], { backend });
    const small = ones([4], { backend });
    const kept = large.add(1);
    tidy(() => expect(kept.matmul(kept).itemSync()).toBe(2 ** 22));
    const handle = backend.allocate("float32", 8);
    const views = [large, small, kept].map((x) => backend.view?.((x as unknown as Operand<NativeHandle>).storage));
    views.push(backend.view?.({ handle, dtype: "float32", length: 8 }));
    const pending = large.data();
    large.dispose(); // to core's pool
    backend.dispose();
    for (const view of views) expect([view?.length, view?.buffer.byteLength]).toEqual([0, 0]);
    expect((await pending)[2 ** 20 - 1]).toBe(1);
    for (const use of [() => kept.add(1), () => small.dataSync(), () => kept.matmul(kept)]) expect(use).toThrow(DisposedError);
    await expect(kept.data()).rejects.toThrow(DisposedError);
    expect(memory(backend)).toEqual({ tensors: 2, bytes: 0, pooledBytes: 0 });
    small.dispose();
    kept.dispose();
    backend.release(handle);
    backend.dispose();
    expect(memory(backend)).toEqual({ tensors: 0, bytes: 0, pooledBytes: 0 });
  });

  test("of a large tensor its memory is gone, while the backend goes on", () => {
    const backend = createNativeBackend({ threads: 1 });
    const handle = backend.allocate("float32", 2 ** 20);
    const view = backend.view?.({ handle, dtype: "float32", length: 2 ** 20 });
    backend.release(handle);
    expect(view?.buffer.byteLength).toBe(0);
    expect(ones([4], { backend }).sum().itemSync()).toBe(4);
    backend.dispose();
  });
});

describe("several backends", () => {
  test("do not share memory or threads", () => {
    const backends = [1, 2, 3].map((threads) => createNativeBackend({ threads }));
    const drawn = backends.map((backend) => {
      manualSeed(7);
      return F.dropout(ones([300_000], { backend }), 0.4)
        .sum()
        .itemSync();
    });
    expect(new Set(drawn).size).toBe(1);
    const [a, b] = backends as [Backend, Backend];
    const foreign = ones([4], { backend: a }) as unknown as Operand;
    expect(() => b.view?.(foreign.storage)).toThrow(TypeError);
    expect(() => b.unary?.("neg", foreign, foreign)).toThrow(/expected storage of this native backend/);
    for (const backend of backends) backend.dispose();
  });

  /** Runs a program of the built package in a process of its own. */
  function runProgram(code: string, ...flags: string[]): { status: number | null; stdout: string; stderr: string } {
    const dist = fileURLToPath(new URL("../dist/index.js", import.meta.url));
    const prelude = `import { createNativeBackend } from ${JSON.stringify(dist)}; import { Worker, isMainThread } from "node:worker_threads";`;
    return spawnSync(process.execPath, [...flags, "--input-type=module", "-e", prelude + code], { encoding: "utf8" });
  }
  /** Large enough for threads, on memory of its own. */
  const work = `
    const backend = createNativeBackend({ threads: 3 });
    const n = 2 ** 19;
    const storage = { handle: backend.allocate("float32", n), dtype: "float32", length: n };
    const x = { storage, shape: [n], strides: [1], offset: 0 };
    backend.view(storage).fill(1);
    const key = { seedLo: 1, seedHi: 2, callLo: 3, callHi: 4, elementOffset: 0, threshold: 2 ** 31, keepScale: 2, keepShift: 0, dropValue: 0 };
    backend.dropout({ ...key, shape: [n], maskStrides: [1] }, x, x);
    const kept = backend.view(storage).filter((y) => y === 2).length;`;

  test("do not keep a process alive, nor end it badly", () => {
    const { status, stdout, stderr } = runProgram(`${work} console.log(kept);`);
    expect(stderr).toBe("");
    expect(Number(stdout)).toBeGreaterThan(2 ** 18 - 3000);
    expect(status).toBe(0);
  });

  test.skipIf(process.platform !== "linux")("end their threads and give back their memory when they are forgotten", () => {
    const { status, stdout, stderr } = runProgram(
      `import { readdirSync } from "node:fs";
      const threads = () => readdirSync("/proc/self/task").length;
      const before = threads();
      const use = () => {${work}};
      for (let i = 0; i < 8; i++) use();
      const during = threads();
      for (let i = 0; i < 100 && threads() > before; i++) {
        globalThis.gc();
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      console.log(during - before, threads() - before);`,
      "--expose-gc",
    );
    expect(stderr).toBe("");
    expect(stdout.trim()).toBe("16 0");
    expect(status).toBe(0);
  });

  test("run in worker threads that come and go, and that are terminated in the middle", () => {
    const dist = JSON.stringify(fileURLToPath(new URL("../dist/index.cjs", import.meta.url)));
    const inWorker = `const { createNativeBackend } = require(${dist}); const { parentPort } = require("node:worker_threads");${work}
      parentPort.postMessage(kept);
      for (;;) backend.dropout({ ...key, shape: [n], maskStrides: [1] }, x, x);`;
    const { status, stdout, stderr } = runProgram(`
      const source = ${JSON.stringify(inWorker)};
      const one = () => new Promise((resolve, reject) => {
        const worker = new Worker(source, { eval: true, execArgv: [] });
        worker.on("error", reject);
        worker.on("message", (kept) => worker.terminate().then(() => resolve(kept)));
      });
      const results = await Promise.all([one(), one()]);
      for (let i = 0; i < 3; i++) results.push(await one());
      ${work}
      console.log(new Set([...results, kept]).size);`);
    expect(stderr).toBe("");
    expect(stdout.trim()).toBe("1");
    expect(status).toBe(0);
  });
});
