/** What only a whole browser shows: its GPU process crashing, workers, and WebGPU being switched off. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type Browser, chromium } from "playwright";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CHROMIUM_ARGS, findChromium } from "../../../../vitest.chromium.mjs";
import { bundle } from "../support/bundle";

const executablePath = findChromium();

const HELPERS = `
  import { createWebGPUBackend } from "./src/index";
  async function compute(gpu) {
    const storage = { handle: gpu.allocate("float32", 4), dtype: "float32", length: 4 };
    gpu.fill({ storage, shape: [4], strides: [1], offset: 0 }, 7);
    return [...(await gpu.read(storage, 0, 4))];
  }
  const outcome = (promise) => promise.then((value) => ({ value }), (error) => ({ name: error.name, message: error.message }));
`;

const PAGE = `${HELPERS}
  Object.assign(globalThis, {
    open: async () => {
      globalThis.gpu = await createWebGPUBackend();
      return { device: gpu.info.device, values: await compute(gpu) };
    },
    refusals: async () => {
      await gpu.device.lost;
      let allocate;
      try { gpu.allocate("float32", 1); } catch (error) { allocate = { name: error.name, message: error.message }; }
      return { allocate, read: await outcome(gpu.read({}, 0, 1)) };
    },
    create: () => outcome(createWebGPUBackend().then(compute)),
    inWorker: () => new Promise((resolve) => {
      const worker = new Worker("/worker.js", { type: "module" });
      worker.onmessage = ({ data }) => { worker.terminate(); resolve(data); };
    }),
  });
`;

const WORKER = `${HELPERS} postMessage(await outcome(createWebGPUBackend().then(compute)));`;

/** What the page puts on its global object. */
interface PageFunctions {
  open(): Promise<{ device: string; values: number[] }>;
  refusals(): Promise<{ allocate: { name: string; message: string }; read: { name: string } }>;
  create(): Promise<unknown>;
  inWorker(): Promise<unknown>;
}

describe.skipIf(executablePath === undefined)("in Chromium", () => {
  let server: Server;
  let address: string;
  beforeAll(async () => {
    const files: Record<string, string> = { "/page.js": await bundle(PAGE, "browser"), "/worker.js": await bundle(WORKER, "browser") };
    server = createServer((request, response) => {
      const script = files[request.url ?? ""];
      response.setHeader("Content-Type", script === undefined ? "text/html" : "text/javascript");
      response.end(script ?? '<!doctype html><script type="module" src="/page.js"></script>');
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  });
  afterAll(() => server?.close());

  /** Opens the page in a browser of its own. */
  async function withPage(
    args: readonly string[],
    use: (call: <K extends keyof PageFunctions>(name: K) => ReturnType<PageFunctions[K]>, browser: Browser) => Promise<void>,
  ) {
    const browser = await chromium.launch({ executablePath: executablePath as string, headless: true, args: [...args] });
    try {
      const page = await browser.newPage();
      await page.goto(address);
      await page.waitForFunction("globalThis.open !== undefined && globalThis.create !== undefined");
      await use((name) => page.evaluate(`globalThis.${name}()`) as never, browser);
    } finally {
      await browser.close();
    }
  }

  test("after the GPU process has crashed every call throws DeviceLostError, and a new backend works", async () => {
    await withPage(CHROMIUM_ARGS, async (call, browser) => {
      const opened = await call("open");
      expect(opened).toEqual({ device: expect.stringMatching(/swiftshader/), values: [7, 7, 7, 7] });
      const session = await browser.newBrowserCDPSession();
      await session.send("Browser.crashGpuProcess" as never);
      const { allocate, read } = await call("refusals");
      expect(allocate.name).toBe("DeviceLostError");
      expect(allocate.message).toMatch(/^webgpu: expected a live device, got one that was lost \(unknown: /);
      expect(read.name).toBe("DeviceLostError");
      expect(await call("create")).toEqual({ value: [7, 7, 7, 7] });
    });
  });

  test("a dedicated worker has a backend of its own", async () => {
    await withPage(CHROMIUM_ARGS, async (call) => {
      expect(await call("inWorker")).toEqual({ value: [7, 7, 7, 7] });
    });
  });

  test("without an adapter, creating a backend rejects with BackendUnavailableError and says what to switch on", async () => {
    await withPage(["--no-sandbox"], async (call) => {
      expect(await call("create")).toEqual({
        name: "BackendUnavailableError",
        message: expect.stringMatching(/^webgpu: expected a GPU adapter, got none - switch on hardware acceleration/),
      });
    });
  });
});
