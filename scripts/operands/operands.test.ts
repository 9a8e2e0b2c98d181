/** The members of our backends, called with operands that core would never pass on: they compute inside their tensors, or refuse by name. */
import type { Backend, BackendStorage, Kernels } from "@dropwise/core/backend";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { leftOut, workspacePackages } from "../workspace.mjs";
import { storageOf, viewOf, type WildCall, wildCalls } from "./wild";

const FACTORIES = {
  "@dropwise/backend-wasm": async () => (await import("@dropwise/backend-wasm")).createWasmBackend({ threads: 1 }),
  "@dropwise/backend-native": async () => (await import("@dropwise/backend-native")).createNativeBackend({ threads: 1 }),
};
const missing = workspacePackages().flatMap((pkg) => (leftOut(pkg) === undefined ? [] : [pkg.name]));
const present = Object.entries(FACTORIES).filter(([name]) => !missing.includes(name));

/** Lies between tensors, where nobody reads or writes: what is computed from it can be told from what is computed from ones. */
const GUARD = 1e30;
const isGuard = (value: number) => value === Math.fround(GUARD);

describe.each(present)("%s", (_, create) => {
  let backend: Backend;
  let kernels: Kernels;
  beforeAll(async () => {
    backend = (await create()) as Backend;
    kernels = backend as Backend & Kernels;
  });
  afterAll(() => backend.dispose());

  /** Makes the call on tensors with guards before, between and after them; whether it was accepted. */
  function attempt({ name, dtype, lengths, run }: WildCall): boolean {
    const made: BackendStorage[] = [];
    const make = (...args: [Parameters<typeof storageOf>[1], number, number]) => {
      const storage = storageOf(backend, ...args);
      made.push(storage);
      return storage;
    };
    const guard = () => make("float32", 16, GUARD);
    const guards = [guard()];
    const next = <T>(value: T): T => {
      guards.push(guard());
      return value;
    };
    const out = next(make(dtype, lengths[0], 1));
    const x = next(make("float32", lengths[1], 1));
    const y = next(make("float32", lengths[2], 1));
    const values = (storage: BackendStorage) => [...viewOf(backend, storage)];
    let accepted = true;
    try {
      run(kernels, out, x, y);
    } catch (error) {
      const { name: kind, message } = error as Error;
      if (!/^(RangeError|TypeError)$/.test(kind) || !/: expected .+, got |^native: expected /.test(message))
        throw new Error(`${name}: raw ${kind}: ${message}`);
      if (values(out).some((value) => value !== 1)) throw new Error(`${name}: was refused, and has written`);
      accepted = false;
    }
    if (!guards.every((storage) => values(storage).every(isGuard))) throw new Error(`${name}: has written beside its tensors`);
    if (![x, y].every((storage) => values(storage).every((value) => value === 1))) throw new Error(`${name}: has written to an input`);
    // 1e30, its negative, its exponential, or the place of the largest.
    if (!values(out).every((value) => Math.abs(value) < 1e4)) throw new Error(`${name}: has read beside its tensors`);
    for (const { handle } of made) backend.release(handle);
    return accepted;
  }

  test("a kernel reads and writes inside its tensors, or refuses by name and writes nothing, whatever shapes, strides and offsets it is given", () => {
    const seen = new Map<string, Set<boolean>>();
    fc.assert(
      fc.property(wildCalls(backend), (call) => {
        const accepted = attempt(call);
        seen.set(call.name, (seen.get(call.name) ?? new Set()).add(accepted));
      }),
      { numRuns: 3000 },
    );
    // Every kind of call went both ways.
    for (const [name, outcomes] of seen) expect([name, outcomes.size]).toEqual([name, 2]);
  });

  test("an empty view may begin behind the end of its memory, and dimensions of size 1 or 0 may have any stride", () => {
    const x = storageOf(backend, "float32", 16, 1);
    const out = storageOf(backend, "float32", 16, 1);
    for (const stride of [0, 1, -1, 100, 2 ** 40, Number.NaN]) {
      const empty = { storage: x, shape: [0, 2], strides: [stride, stride], offset: 18 };
      const nothing = { storage: out, shape: [0, 2], strides: [2, 1], offset: 99 };
      kernels.unary("neg", empty, nothing);
      kernels.binary("add", empty, empty, nothing);
      backend.copy?.(empty, nothing);
      kernels.matmul({ ...empty, shape: [0, 2] }, { ...empty, shape: [2, 0] }, { ...nothing, shape: [0, 0] });
      const one = { storage: x, shape: [1, 4, 1], strides: [stride, 1, stride], offset: 12 };
      const four = { storage: out, shape: [1, 4, 1], strides: [4, 1, 1], offset: 12 };
      kernels.binary("add", one, one, four);
      expect([...viewOf(backend, out)].slice(12)).toEqual([2, 2, 2, 2]);
      if (backend.copy !== undefined) {
        backend.copy(one, four);
        expect([...viewOf(backend, out)].slice(12)).toEqual([1, 1, 1, 1]);
      }
      kernels.matmul(
        { storage: x, shape: [1, 1], strides: [stride, stride], offset: 15 },
        { storage: x, shape: [1, 4], strides: [stride, 1], offset: 12 },
        { storage: out, shape: [1, 4], strides: [4, 1], offset: 12 },
      );
      expect([...viewOf(backend, out)].slice(12)).toEqual([1, 1, 1, 1]);
    }
  });

  test("each size and stride is read once, so that who changes them meanwhile moves nothing", () => {
    const x = storageOf(backend, "float32", 8, 1);
    const out = storageOf(backend, "float32", 8, 1);
    const guard = storageOf(backend, "float32", 1024, GUARD);
    /** Gives the right values once, and large ones from then on. */
    const turning = (values: readonly number[]) => {
      const left = new Map(values.map((value, i) => [String(i), value]));
      return new Proxy([...values], {
        get: (target, key) => {
          if (typeof key !== "string" || !/^\d+$/.test(key)) return Reflect.get(target, key);
          const value = left.get(key) ?? 16;
          left.delete(key);
          return value;
        },
      });
    };
    const calls: (() => void)[] = [
      () => kernels.unary("neg", operandOf(x, [8], [1]), operandOf(out, turning([8]), [1])),
      () => kernels.binary("add", operandOf(x, [2, 4], turning([4, 1])), 1, operandOf(out, turning([2, 4]), [4, 1])),
      () => backend.copy?.(operandOf(x, [2, 4], turning([4, 1])), operandOf(out, turning([2, 4]), turning([1, 2]))),
      () =>
        kernels.matmul(
          operandOf(x, turning([2, 4]), turning([4, 1])),
          operandOf(x, [4, 2], turning([2, 1])),
          operandOf(out, turning([2, 2]), [2, 1]),
        ),
    ];
    for (const call of calls) {
      try {
        call();
      } catch {
        // What was read twice did not fit the second time: that is as good.
      }
      for (const value of viewOf(backend, out)) expect(Math.abs(value)).toBeLessThan(1e4);
      expect([...viewOf(backend, guard)].every(isGuard)).toBe(true);
    }
  });

  test("storage of another backend, of another dtype than it says, or released, is refused by name", async () => {
    const other = (await create()) as Backend;
    const right = storageOf(backend, "float32", 4, 1);
    const foreign = storageOf(other, "float32", 4, 1);
    const words = { ...storageOf(backend, "int32", 4, 1), dtype: "float32" as const };
    const bytes = { ...storageOf(backend, "bool", 4, 1), dtype: "float32" as const };
    const gone = storageOf(backend, "float32", 4, 1);
    backend.release(gone.handle);
    const none = { ...right, handle: undefined };
    const forged = { ...right, handle: { dtype: "float32", length: 4, address: 0 } };
    for (const wrong of [foreign, words, bytes, gone, none, forged]) {
      for (const [x, out] of [
        [wrong, right],
        [right, wrong],
      ] as const) {
        const [from, to] = [operandOf(x, [4], [1]), operandOf(out, [4], [1])];
        for (const call of [() => kernels.unary("neg", from, to), () => kernels.binary("add", from, 1, to)])
          expect(call).toThrow(/expected .*, got /);
        expect([...viewOf(backend, right)]).toEqual([1, 1, 1, 1]);
      }
    }
    for (const wrong of [foreign, none, forged]) expect(() => backend.view?.(wrong)).toThrow(/another's/);
    other.dispose();
  });

  test("memory for what is no dtype or no length is refused by name, and nothing is lost", () => {
    for (const length of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY])
      expect(() => backend.allocate("float32", length)).toThrow(/allocate: expected a dtype and a length, got/);
    expect(() => backend.allocate("float16" as never, 1)).toThrow(/allocate: expected a dtype and a length, got/);
    expect(storageOf(backend, "float32", 4, 1).length).toBe(4);
  });
});

const operandOf = (storage: BackendStorage, shape: readonly number[], strides: readonly number[]) => ({
  storage,
  shape,
  strides,
  offset: 0,
});
