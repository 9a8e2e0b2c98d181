import { describeBackend } from "@dropwise/conformance";
import { createWebGPUBackend, type WebGPUBackend } from "../src/index";

describeBackend({ name: "webgpu", create, mayFlushSubnormals: true });

/** In a browser, on a device with all that its adapter has; in Node on one with the least that any has, which is what phones give. */
async function create(): Promise<WebGPUBackend> {
  if (!("process" in globalThis)) return createWebGPUBackend();
  const name = "webgpu";
  const { create } = (await import(/* @vite-ignore */ name)) as { create(flags: readonly string[]): GPU };
  const gpu = create([]);
  const device = await (await gpu.requestAdapter())?.requestDevice();
  return createWebGPUBackend({ gpu, device });
}
