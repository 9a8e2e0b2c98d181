import { describe, expect, test } from "vitest";
import { defaultGenerator, Generator, manualSeed } from "../index";
import { expectRefusal } from "../testing/refusal";
import { stateOf } from "../testing/stream";
import { type OwnSource, takeHostCall } from "./own-source";

/** The default stream of a generator. */
const ownOf = (generator: Generator) => generator.source as OwnSource;

const keyOf = (generator: Generator) => {
  const key = ownOf(generator).nextMaskCall();
  ownOf(generator).take();
  return key;
};

describe("a generator's seed", () => {
  test.each([
    [0, 0n],
    [42, 42n],
    [Number.MAX_SAFE_INTEGER, 2n ** 53n - 1n],
    [2n ** 64n - 1n, 2n ** 64n - 1n],
    [0x123456789abcdef0n, 0x123456789abcdef0n],
  ])("%s is taken as it is", (seed, expected) => {
    expect(new Generator(seed).seed).toBe(expected);
  });

  test.each([
    [-1, 2n ** 64n - 1n],
    [-0, 0n],
    [-(2n ** 63n), 2n ** 63n],
    [Number.MIN_SAFE_INTEGER, 2n ** 64n - (2n ** 53n - 1n)],
  ])("%s counts as two's complement", (seed, expected) => {
    expect(new Generator(seed).seed).toBe(expected);
  });

  test("reaches the key as two words, low first", () => {
    expect(keyOf(new Generator(0x123456789abcdef0n))).toEqual({ seedLo: 0x9abcdef0, seedHi: 0x12345678, callLo: 0, callHi: 0 });
  });

  test.each([2n ** 64n, -(2n ** 63n) - 1n])("outside [-2^63, 2^64) is refused: %s", (seed) => {
    expectRefusal(() => new Generator(seed), "RangeError", "bigint in [-2^63, 2^64)", String(seed));
  });

  test.each([0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])("that is no safe integer is refused: %s", (seed) => {
    expectRefusal(() => new Generator(seed), "RangeError", "expected a safe integer", String(seed), "bigint");
  });

  test.each([["42"], [null], [{}], [true]])("that is no number is refused: %o", (seed) => {
    expectRefusal(() => new Generator(seed as unknown as number), "TypeError", "Generator: expected a number or bigint");
    expectRefusal(() => new Generator(0).manualSeed(seed as unknown as number), "TypeError", "manualSeed: expected a number or bigint");
  });

  test("that is refused leaves the generator as it was", () => {
    const generator = new Generator(7);
    ownOf(generator).take();
    const before = generator.getState();
    expect(() => generator.manualSeed(0.5)).toThrow(RangeError);
    expect(generator.getState()).toEqual(before);
  });

  test("is not asked of crypto by manualSeed, which some runtimes forbid while a program starts", async () => {
    const key = Symbol.for("@dropwise/core:1");
    const scope = globalThis as unknown as Record<symbol, unknown>;
    const state = scope[key];
    const { getRandomValues } = crypto;
    try {
      scope[key] = undefined; // as in a process that has loaded nothing yet
      crypto.getRandomValues = () => {
        throw new Error("not now");
      };
      expect(manualSeed(42).seed).toBe(42n);
    } finally {
      scope[key] = state;
      crypto.getRandomValues = getRandomValues;
    }
  });

  test("comes from crypto when none is given, so that two programs differ", () => {
    expect(new Generator().seed).not.toBe(new Generator().seed);
    expect(new Generator().call).toBe(0n);
  });
});

describe("manualSeed", () => {
  test("returns the default generator, seeded, with both counters at 0", () => {
    const generator = manualSeed(5);
    expect(generator).toBe(defaultGenerator());
    ownOf(generator).take();
    takeHostCall(ownOf(generator));
    expect(manualSeed(6)).toBe(generator);
    expect(generator.getState()).toEqual(stateOf(6n, 0n, 0n));
  });

  test("of a generator returns that generator and leaves the default one alone", () => {
    manualSeed(1);
    const own = new Generator(2);
    expect(own.manualSeed(3)).toBe(own);
    expect(defaultGenerator().seed).toBe(1n);
  });
});

describe("a generator's calls", () => {
  test("are counted, and the offset is four times the count, as in PyTorch", () => {
    const generator = new Generator(0);
    for (let i = 0; i < 5; i++) expect(keyOf(generator)).toMatchObject({ callLo: i, callHi: 0 });
    expect(generator.call).toBe(5n);
    expect(generator.offset).toBe(20n);
  });

  test("carry from the low word to the high one at 2^32", () => {
    const generator = new Generator(0).setState(stateOf(0n, (2n ** 32n - 1n) * 4n));
    expect(keyOf(generator)).toMatchObject({ callLo: 0xffffffff, callHi: 0 });
    expect(keyOf(generator)).toMatchObject({ callLo: 0, callHi: 1 });
    expect(generator.call).toBe(2n ** 32n + 1n);
  });

  test("end after 2^62, with an error that changes nothing", () => {
    const generator = new Generator(0).setState(stateOf(0n, (2n ** 62n - 1n) * 4n));
    expect(keyOf(generator)).toMatchObject({ callLo: 0xffffffff, callHi: 2 ** 30 - 1 });
    expectRefusal(() => ownOf(generator).nextMaskCall(), "RangeError", "none left");
    expect(generator.call).toBe(2n ** 62n);
  });

  test("that are used up have no state to save: their offset would wrap to 0 and repeat masks", () => {
    const generator = new Generator(0).setState(stateOf(0n, (2n ** 62n - 1n) * 4n));
    ownOf(generator).take();
    expectRefusal(() => generator.getState(), "RangeError", "none left");
    expectRefusal(() => generator.clone(), "RangeError", "none left");
  });

  test("of host draws have the top bit set and their own counter", () => {
    const generator = new Generator(9);
    expect(takeHostCall(ownOf(generator))).toEqual({ seedLo: 9, seedHi: 0, callLo: 0, callHi: 0x80000000 });
    expect(takeHostCall(ownOf(generator))).toMatchObject({ callLo: 1, callHi: 0x80000000 });
    expect(generator.call).toBe(0n);
  });

  test("of host draws carry at 2^32 and end after 2^63", () => {
    const carried = new Generator(0).setState(stateOf(0n, 0n, 2n ** 32n - 1n));
    takeHostCall(ownOf(carried));
    expect(takeHostCall(ownOf(carried))).toMatchObject({ callLo: 0, callHi: 0x80000001 });
    const last = new Generator(0).setState(stateOf(0n, 0n, 2n ** 63n - 1n));
    expect(takeHostCall(ownOf(last))).toMatchObject({ callLo: 0xffffffff, callHi: 0xffffffff });
    expectRefusal(() => takeHostCall(ownOf(last)), "RangeError", "none left");
  });
});

describe("a generator's state", () => {
  test("is 24 bytes: seed, offset and host call, little-endian", () => {
    const generator = new Generator(0x0102030405060708n);
    ownOf(generator).take();
    takeHostCall(ownOf(generator));
    takeHostCall(ownOf(generator));
    expect([...generator.getState()]).toEqual([8, 7, 6, 5, 4, 3, 2, 1, 4, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0]);
  });

  test("is a copy: writing to it changes nothing", () => {
    const generator = new Generator(1);
    generator.getState().fill(255);
    expect(generator.getState()).toEqual(stateOf(1n, 0n));
  });

  test("restores what follows, for masks and host draws", () => {
    const generator = new Generator(3);
    ownOf(generator).take();
    takeHostCall(ownOf(generator));
    const state = generator.getState();
    const next = [keyOf(generator), takeHostCall(ownOf(generator))];
    expect(generator.setState(state)).toBe(generator);
    expect([keyOf(generator), takeHostCall(ownOf(generator))]).toEqual(next);
  });

  test("in PyTorch's CUDA form, 16 bytes, puts the host counter to 0", () => {
    const generator = new Generator(3);
    takeHostCall(ownOf(generator));
    generator.setState(stateOf(11n, 28n).slice(0, 16));
    expect(generator.getState()).toEqual(stateOf(11n, 28n, 0n));
  });

  test("may be part of a larger buffer", () => {
    const large = new Uint8Array(40);
    large.set(stateOf(5n, 8n, 3n), 7);
    expect(new Generator(0).setState(large.subarray(7, 31)).getState()).toEqual(stateOf(5n, 8n, 3n));
  });

  test.each([0, 8, 15, 17, 23, 25, 5056])("of %i bytes is refused", (length) => {
    expectRefusal(() => new Generator(0).setState(new Uint8Array(length)), "RangeError", "setState: expected 24 bytes", `got ${length}`);
  });

  test.each([[[1, 2, 3]], ["abc"], [undefined], [new Float32Array(6)], [new ArrayBuffer(24)]])(
    "that is no Uint8Array is refused",
    (state) => {
      expectRefusal(() => new Generator(0).setState(state as unknown as Uint8Array), "TypeError", "setState: expected a Uint8Array");
    },
  );

  test("with an offset that is no multiple of 4, or a host call of 2^63, is refused and nothing changes", () => {
    const generator = new Generator(6);
    ownOf(generator).take();
    takeHostCall(ownOf(generator));
    const before = generator.getState();
    for (const offset of [1n, 2n, 3n, 2n ** 64n - 1n]) {
      expectRefusal(() => generator.setState(stateOf(1n, offset)), "RangeError", "multiple of 4", String(offset));
    }
    expectRefusal(() => generator.setState(stateOf(1n, 0n, 2n ** 63n)), "RangeError", "host call below 2^63");
    expect(generator.getState()).toEqual(before);
  });

  test("is the same in a clone, which then goes its own way", () => {
    const generator = new Generator(-5);
    ownOf(generator).take();
    const twin = generator.clone();
    expect(twin.getState()).toEqual(generator.getState());
    ownOf(twin).take();
    expect(generator.call).toBe(1n);
    expect(twin.call).toBe(2n);
  });
});
