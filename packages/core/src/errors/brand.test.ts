import { describe, expect, test } from "vitest";
import { BRAND, brandOf, isBranded, isPlainObject, isTensor, Raw, raw } from "./brand";

describe("brands", () => {
  test("tell objects apart whatever copy made them, and nothing else", () => {
    expect(isTensor({ [BRAND]: "Parameter" })).toBe(true);
    expect(isBranded({ [BRAND]: "Module" }, "Generator")).toBe(false);
    for (const value of [null, undefined, 3, "Tensor", {}, () => {}]) {
      expect(isTensor(value)).toBe(false);
      expect(brandOf(value)).toBeUndefined();
    }
  });
});

describe("an object behind proxies", () => {
  class Thing extends Raw {
    #secret = 42;
    secret(): number {
      return raw(this as Thing).#secret;
    }
  }
  const wrap = <T extends object>(value: T): T =>
    new Proxy(value, {
      get: (target, key, receiver) => {
        const inner = Reflect.get(target, key, receiver);
        return typeof inner === "object" && inner !== null ? wrap(inner) : inner;
      },
    });

  test("is found through any number of them, and is itself without one", () => {
    const thing = new Thing();
    expect(raw(thing)).toBe(thing);
    expect(raw(wrap(wrap(thing)))).toBe(thing);
    expect(wrap(thing).secret()).toBe(42);
  });

  test("of another kind is left as it is", () => {
    const plain = { a: 1 };
    expect(raw(plain)).toBe(plain);
  });

  test("tells Vue not to wrap it", () => {
    expect(new Thing().__v_skip).toBe(true);
    expect(Object.keys(new Thing())).toEqual([]);
  });
});

test("plain objects are those of any realm, with or without a prototype, and no instances", () => {
  for (const value of [{}, Object.create(null), JSON.parse("{}")]) expect(isPlainObject(value)).toBe(true);
  for (const value of [[], new Map(), new Date(), new (class {})(), null, 3, () => {}]) expect(isPlainObject(value)).toBe(false);
});
