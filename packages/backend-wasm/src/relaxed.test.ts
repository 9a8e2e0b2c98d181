/** The module for relaxed SIMD: who gets it, what it computes, and what it never touches. */
import { setFlagsFromString } from "node:v8";
import { functional as F, Generator, nn, ones, randn, type Tensor, tensor, zeros } from "@dropwise/core";
import { type Backend, BackendUnavailableError, type Kernels } from "@dropwise/core/backend";
import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { contents, numbers, operand, output } from "../test/operands";
import { createWasmBackend } from "./backend";
import { builtInModule, builtInRelaxedModule, compile } from "./module";
import { useTiles } from "./tiles";

// Node 20 has it behind a flag, which later ones do not know.
beforeAll(() => {
  if (!WebAssembly.validate(builtInRelaxedModule())) setFlagsFromString("--experimental-wasm-relaxed-simd");
});
afterEach(() => vi.restoreAllMocks());

/** Whether a function of a module reads or writes a global, as each does that has a stack. There are no bytes of such an instruction elsewhere: its operand is padded. */
function globalsUsed(bytes: Uint8Array): boolean {
  return [0x23, 0x24].some((instruction) => Buffer.from(bytes).includes(Buffer.from([instruction, 0x80, 0x80, 0x80, 0x80, 0x00])));
}

/** Where relaxed SIMD is missing. */
function withoutRelaxed(): void {
  const { validate } = WebAssembly;
  const size = builtInRelaxedModule().length;
  vi.spyOn(WebAssembly, "validate").mockImplementation((bytes) => bytes.byteLength !== size && validate(bytes));
}

test("the module has the tiles, and neither data nor a stack that would lie over the first module's", async () => {
  const bytes = builtInRelaxedModule();
  const module = await compile(bytes);
  expect(WebAssembly.Module.imports(module)).toEqual([{ module: "env", name: "memory", kind: "memory" }]);
  const exports = WebAssembly.Module.exports(module).map(({ name }) => name);
  expect(exports.sort()).toEqual(["__indirect_function_table", "tiles"]);
  expect(globalsUsed(bytes)).toBe(false);
  // An instance writes nothing: not one byte of the memory differs.
  const memory = new WebAssembly.Memory({ initial: 2, maximum: 65536 });
  const all = new Uint8Array(memory.buffer).fill(7);
  await WebAssembly.instantiate(module, { env: { memory } });
  expect(all.every((byte) => byte === 7)).toBe(true);
});

test("every function that is called by its place in the first module's table is taken from the second", async () => {
  const memory = new WebAssembly.Memory({ initial: 64, maximum: 65536 });
  const [first, second] = (await Promise.all(
    [builtInModule(), builtInRelaxedModule()].map(async (bytes) => {
      const { exports } = await WebAssembly.instantiate(await compile(bytes), { env: { memory } });
      return exports;
    }),
  )) as [WebAssembly.Exports, WebAssembly.Exports];
  const entries = (exports: WebAssembly.Exports) => {
    const table = exports.__indirect_function_table as WebAssembly.Table;
    return Array.from({ length: table.length }, (_, i) => table.get(i));
  };
  const before = entries(first);
  useTiles([first, second], memory, 3 * 65536);
  const [after, given] = [entries(first), entries(second)];
  expect(new Set(after)).toEqual(new Set(given));
  expect(after.filter((entry, i) => entry !== null && entry === before[i])).toEqual([]);
});

describe("products", () => {
  const shapes = [
    [1, 1, 1],
    [1, 300, 17],
    [5, 7, 9],
    [6, 128, 8],
    [13, 129, 33],
    [187, 40, 70],
    [37, 513, 10],
  ] as const;

  test.each(shapes)(
    "%i x %i x %i are right for operands of any orientation, and the same bits for any number of threads",
    async (m, k, n) => {
      const one = (await createWasmBackend({ threads: 1, relaxedSimd: true })) as Backend & Kernels;
      const many = (await createWasmBackend({ threads: 3, relaxedSimd: true })) as Backend & Kernels;
      expect(one.info.device).toBe("relaxed-simd");
      const [x, y] = [numbers(m * k, 1, false), numbers(k * n, 2, false)];
      for (const xTurned of [false, true]) {
        for (const yTurned of [false, true]) {
          const [first, second] = [one, many].map((wasm) => {
            const a = operand(wasm, x, [m, k], xTurned ? [1, m] : [k, 1]);
            const b = operand(wasm, y, [k, n], yTurned ? [1, k] : [n, 1]);
            const out = output(wasm, "float32", [m, n]);
            wasm.matmul(a, b, out);
            return contents(wasm, out);
          }) as [Float32Array, Float32Array];
          expect(second).toEqual(first);
          for (let i = 0; i < m; i++) {
            for (let j = 0; j < n; j++) {
              let [sum, size] = [0, 0];
              for (let l = 0; l < k; l++) {
                const term = (x[xTurned ? l * m + i : i * k + l] as number) * (y[yTurned ? j * k + l : l * n + j] as number);
                sum += term;
                size += Math.abs(term);
              }
              expect(Math.abs((first[i * n + j] as number) - sum)).toBeLessThanOrEqual(size * 1e-6);
            }
          }
        }
      }
      for (const wasm of [one, many]) wasm.dispose();
    },
  );
});

/** What a kernel for whole models gives: without relaxed SIMD, with it, and with it on several threads. */
async function threeWays(run: (wasm: Backend) => Tensor[]): Promise<Float32Array[][]> {
  const results: Float32Array[][] = [];
  for (const options of [
    { relaxedSimd: false, threads: 1 },
    { relaxedSimd: true, threads: 1 },
    { relaxedSimd: true, threads: 3 },
  ]) {
    const wasm = await createWasmBackend(options);
    results.push(run(wasm).map((result) => result.dataSync() as Float32Array));
    wasm.dispose();
  }
  return results;
}

describe("kernels for whole models", () => {
  const make = (backend: Backend, shape: number[], seed: number) =>
    randn(shape, { backend, generator: new Generator(seed), requiresGrad: true });
  const withGradients = (out: Tensor, ...inputs: Tensor[]) => {
    out.mul(out).sum().backward();
    return [out, ...inputs.map((input) => input.grad as Tensor)];
  };

  test.each([
    [
      "attention",
      (wasm: Backend) => {
        const [q, k, v] = [1, 2, 3].map((seed) => make(wasm, [2, 3, 37, 13], seed)) as [Tensor, Tensor, Tensor];
        return withGradients(F.scaledDotProductAttention(q, k, v, { dropoutP: 0.2, isCausal: true, generator: new Generator(4) }), q, k, v);
      },
    ],
    [
      "convolution",
      (wasm: Backend) => {
        const [x, weight] = [make(wasm, [2, 6, 9, 11], 1), make(wasm, [7, 6, 3, 3], 2)];
        return withGradients(F.conv2d(x, weight, { padding: 1 }), x, weight);
      },
    ],
    [
      "depthwise convolution",
      (wasm: Backend) => {
        const [x, weight] = [make(wasm, [2, 6, 9, 11], 1), make(wasm, [6, 1, 3, 3], 2)];
        return withGradients(F.conv2d(x, weight, { padding: 1, groups: 6 }), x, weight);
      },
    ],
    [
      "lstm",
      (wasm: Backend) => {
        const layer = new nn.LSTM(5, 7, { backend: wasm, generator: new Generator(3) });
        const x = make(wasm, [4, 3, 5], 1);
        return withGradients(layer.forward(x)[0], x, ...layer.parameters());
      },
    ],
  ])("%s is nearly what it is without, and the same bits for any number of threads", async (_, run) => {
    const [plain, one, many] = (await threeWays(run)) as [Float32Array[], Float32Array[], Float32Array[]];
    expect(many).toEqual(one);
    for (const [i, values] of plain.entries()) {
      const size = Math.max(...values.map(Math.abs));
      expect(size).toBeGreaterThan(0);
      for (const [j, value] of values.entries()) expect(Math.abs((one[i]?.[j] as number) - value)).toBeLessThanOrEqual(size * 1e-5);
    }
  });

  test("the mask of attention has the same bits", async () => {
    const keys = 40;
    const run = (wasm: Backend) => {
      const q = zeros([2, 2, keys, 8], { backend: wasm });
      const identity = tensor(
        Array.from({ length: keys }, (_, i) => Array.from({ length: keys }, (_, j) => Number(i === j))),
        { backend: wasm },
      );
      const v = identity.expand([2, 2, keys, keys]);
      return [F.scaledDotProductAttention(q, q, v, { dropoutP: 0.4, generator: new Generator(9) })];
    };
    const [plain, one, many] = (await threeWays(run)) as [Float32Array[], Float32Array[], Float32Array[]];
    expect(plain[0]?.some((value) => value === 0)).toBe(true);
    expect(one).toEqual(plain);
    expect(many).toEqual(plain);
  });
});

test("dropout has the same bits with it and without", async () => {
  const results = await Promise.all(
    [true, false].map(async (relaxedSimd) => {
      const wasm = await createWasmBackend({ relaxedSimd, threads: 1 });
      const y = F.dropout(ones([1000], { backend: wasm }), { p: 0.3, generator: new Generator(5) }).dataSync();
      wasm.dispose();
      return [wasm.info.device, y];
    }),
  );
  expect(results.map(([device]) => device)).toEqual(["relaxed-simd", "simd128"]);
  expect(results[0]?.[1]).toEqual(results[1]?.[1]);
});

describe("who gets it", () => {
  const deviceOf = async (options: Parameters<typeof createWasmBackend>[0]) => {
    const wasm = await createWasmBackend({ threads: 1, ...options });
    expect(ones([3], { backend: wasm }).sum().itemSync()).toBe(3);
    wasm.dispose();
    return `${wasm.info.device} with ${wasm.info.threads}`;
  };

  test("whoever does not say otherwise, where the engine has it", async () => {
    expect(await deviceOf({})).toBe("relaxed-simd with 1");
    expect(await deviceOf({ threads: 2 })).toBe("relaxed-simd with 2");
    expect(await deviceOf({ relaxedSimd: false })).toBe("simd128 with 1");
    expect(await deviceOf({ memory: new WebAssembly.Memory({ initial: 1, maximum: 1000 }) })).toBe("relaxed-simd with 1");
    withoutRelaxed();
    expect(await deviceOf({})).toBe("simd128 with 1");
  });

  test("whoever asks for it where the engine lacks it is told so", async () => {
    withoutRelaxed();
    const creating = createWasmBackend({ relaxedSimd: true });
    await expect(creating).rejects.toThrow(BackendUnavailableError);
    await expect(creating).rejects.toThrow(/expected a runtime with relaxed SIMD, got one without - leave relaxedSimd out/);
  });

  test("with a module of one's own, whoever gives both", async () => {
    const [module, relaxedModule] = [builtInModule(), builtInRelaxedModule()];
    expect(await deviceOf({ module })).toBe("simd128 with 1");
    expect(await deviceOf({ module, relaxedModule })).toBe("relaxed-simd with 1");
    expect(await deviceOf({ module, relaxedModule, threads: 2 })).toBe("relaxed-simd with 2");
    expect(await deviceOf({ module, relaxedModule, relaxedSimd: false })).toBe("simd128 with 1");
    expect(await deviceOf({ module: await compile(module), relaxedModule: await compile(relaxedModule) })).toBe("relaxed-simd with 1");
    expect(await deviceOf({ module, relaxedModule: await compile(relaxedModule), threads: 2 })).toBe("relaxed-simd with 1");
    await expect(createWasmBackend({ module, relaxedSimd: true })).rejects.toThrow(/expected relaxedModule beside module, got none/);
  });

  test("another module in its place is refused by name", async () => {
    const wrong = createWasmBackend({ relaxedModule: Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0), threads: 1 });
    await expect(wrong).rejects.toThrow(/expected relaxedModule to export tiles.*kernels-relaxed\.wasm/);
    await expect(createWasmBackend({ relaxedModule: 3 as never })).rejects.toThrow(/relaxedModule to be a WebAssembly.Module/);
    await expect(createWasmBackend({ relaxedSimd: 1 as never })).rejects.toThrow(TypeError);
  });
});
