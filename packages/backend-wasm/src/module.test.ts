import { BackendUnavailableError } from "@dropwise/core/backend";
import { afterEach, expect, test, vi } from "vitest";
import wabt from "wabt";
import { createWasmBackend } from "./backend";
import { builtInModule, compile, forSharedMemory } from "./module";

afterEach(() => vi.restoreAllMocks());

test("the multiplications of Philox are extmul instructions, and none is the full 64-bit multiply that clang likes to make of them", async () => {
  const { readWasm } = await wabt();
  const module = readWasm(builtInModule(), { readDebugNames: true, simd: true });
  const text = module.toText({});
  module.destroy();
  // A step: nine rounds' worth of two multiplications, each of a low and a high half. The default stream's comes first; of the layouts one has a counter of which more is constant.
  const steps = text.split("(func ").map((body) => body.match(/i64x2\.extmul_(low|high)_i32x4_u/g)?.length ?? 0);
  expect(steps.filter((count) => count > 0)).toEqual([36, 36, 32, 36, 36, 36]);
  expect(text).not.toContain("i64x2.mul");
});

test("one binary serves plain and shared memory: the two forms differ in one bit", async () => {
  const plain = builtInModule();
  const shared = forSharedMemory(plain);
  const differing = [...plain.keys()].filter((at) => plain[at] !== shared[at]);
  expect(differing).toHaveLength(1);
  expect((plain[differing[0] as number] as number) ^ (shared[differing[0] as number] as number)).toBe(2);

  const env = (isShared: boolean) => ({ env: { memory: new WebAssembly.Memory({ initial: 2, maximum: 65536, shared: isShared }) } });
  await WebAssembly.instantiate(await compile(plain), env(false));
  await WebAssembly.instantiate(await compile(shared), env(true));
  await expect(WebAssembly.instantiate(await compile(plain), env(true))).rejects.toThrow(WebAssembly.LinkError);
  await expect(WebAssembly.instantiate(await compile(shared), env(false))).rejects.toThrow(WebAssembly.LinkError);
});

test("other bytes than the kernels cannot be turned to shared memory", () => {
  expect(() => forSharedMemory(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0))).toThrow(TypeError);
  // A module whose first import is a function.
  const functionImport = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 2, 7, 1, 1, 0x61, 1, 0x62, 0, 0];
  expect(() => forSharedMemory(Uint8Array.from(functionImport))).toThrow(/import its memory first/);
});

test("a runtime without SIMD is told apart, with what to do", async () => {
  vi.spyOn(WebAssembly, "validate").mockReturnValue(false);
  await expect(createWasmBackend()).rejects.toThrow(BackendUnavailableError);
  await expect(createWasmBackend()).rejects.toThrow(/128-bit SIMD.*cpu backend/);
});

test("where compiling is forbidden the message names the compiled module", async () => {
  vi.spyOn(WebAssembly, "compile").mockRejectedValue(new WebAssembly.CompileError("code generation disallowed"));
  await expect(createWasmBackend()).rejects.toThrow(BackendUnavailableError);
  await expect(createWasmBackend()).rejects.toThrow(/kernels\.wasm/);
});
