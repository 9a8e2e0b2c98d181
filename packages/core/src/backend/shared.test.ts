import { afterEach, describe, expect, test } from "vitest";
import { expectRefusal } from "../testing/refusal";
import { shared } from "./shared";

const holder = globalThis as unknown as Record<symbol, unknown>;
const KEY = Symbol.for("@dropwise/core:1");
const before = holder[KEY];
afterEach(() => {
  holder[KEY] = before;
});

describe("shared state", () => {
  test("is made once, by whoever asks first", () => {
    holder[KEY] = undefined;
    const first = shared("test", () => ({ by: "first" }));
    expect(shared("test", () => ({ by: "second" }))).toBe(first);
    expect(shared("other", () => ({}))).not.toBe(first);
  });

  test("of an incompatible version is refused, with the command that finds the culprit", () => {
    holder[KEY] = { layout: 99, slots: new Map() };
    expectRefusal(
      () => shared("test", () => ({})),
      "Error",
      "@dropwise/core: expected one version per process, got two - see npm ls @dropwise/core",
    );
  });
});
