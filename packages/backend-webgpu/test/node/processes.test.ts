/** What happens to a whole process: tests that run a small program of their own. */
import { execFile } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { bundle, root } from "../support/bundle";

const folder = join(root, "node_modules", ".cache", "processes");

/** Writes a program that may import the backend. */
async function program(name: string, code: string): Promise<string> {
  const file = join(folder, `${name}.mjs`);
  writeFileSync(file, await bundle(code, "node"));
  return file;
}

interface Outcome {
  readonly code: number;
  readonly output: string;
}

function run(file: string, env: Record<string, string> = {}): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(process.execPath, ["--expose-gc", file], { env: { ...process.env, ...env }, timeout: 60_000 }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === "number" ? error.code : 255;
      resolve({ code, output: `${stdout}\n${stderr}` });
    });
  });
}

beforeAll(() => {
  mkdirSync(folder, { recursive: true });
});

const REPORT = `
  import { createWebGPUBackend } from "./src/index";
  try { await createWebGPUBackend(); console.log("found"); }
  catch (error) { console.log(error.name, "|", error.message); }
`;

test("without a driver, creating a backend rejects with BackendUnavailableError and says what to install", async () => {
  const { code, output } = await run(await program("no-adapter", REPORT), {
    VK_ICD_FILENAMES: "/nonexistent",
    VK_DRIVER_FILES: "/nonexistent",
  });
  expect(output).toMatch(/BackendUnavailableError \| webgpu: expected a GPU adapter, got none - install a Vulkan driver/);
  expect(code).toBe(0);
});

test("without the package, it says to install it", async () => {
  const file = await program("no-package", REPORT);
  const { output } = await run(file, { NODE_OPTIONS: `--import=${join(root, "test/node/hide-webgpu.mjs")}` });
  expect(output).toMatch(/BackendUnavailableError \| webgpu: expected WebGPU in Node, got none - run `npm install webgpu`/);
});

test("garbage collection takes nothing from under a backend, and a process that is done ends by itself", async () => {
  const file = await program(
    "collected",
    `
    import { createWebGPUBackend } from "./src/index";
    let gpu = await createWebGPUBackend();
    for (let i = 0; i < 20; i++) {
      const handle = gpu.allocate("float32", 1000);
      const storage = { handle, dtype: "float32", length: 1000 };
      gpu.fill({ storage, shape: [1000], strides: [1], offset: 0 }, i);
      globalThis.gc();
      const values = await gpu.read(storage, 0, 1000);
      if (values[999] !== i) throw new Error("wrong");
      gpu.release(handle);
      if (i % 5 === 4) gpu = await createWebGPUBackend(); // the old one is garbage now
    }
    globalThis.gc();
    console.log("done");
  `,
  );
  const { code, output } = await run(file);
  expect(output).toContain("done");
  expect(code).toBe(0);
});

test("a worker that disposes of its backend may end while the device is at work", async () => {
  const file = await program(
    "worker",
    `
    import { isMainThread, Worker } from "node:worker_threads";
    import { createWebGPUBackend } from "./src/index";
    if (isMainThread) {
      for (let i = 0; i < 3; i++) {
        const worker = new Worker(new URL(import.meta.url));
        const code = await new Promise((resolve) => worker.once("exit", resolve));
        if (code !== 0) throw new Error("worker ended with " + code);
      }
      console.log("done");
    } else {
      const gpu = await createWebGPUBackend();
      const operand = () => ({ storage: { handle: gpu.allocate("float32", 2 ** 16), dtype: "float32", length: 2 ** 16 }, shape: [256, 256], strides: [256, 1], offset: 0 });
      const [x, y] = [operand(), operand()];
      gpu.fill(x, 1);
      for (let i = 0; i < 5; i++) gpu.matmul(x, x, y);
      gpu.read(y.storage, 0, 1).catch(() => {});
      gpu.dispose();
    }
  `,
  );
  const { code, output } = await run(file);
  expect(output).toContain("done");
  expect(code).toBe(0);
});
