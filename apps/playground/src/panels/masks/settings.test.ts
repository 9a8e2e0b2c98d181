import { describe, expect, test } from "vitest";
import { DEFAULTS, fromQuery, parseSettings, toQuery } from "./settings";

describe("mask settings", () => {
  test("survive the way through an address", () => {
    const typed = {
      kind: "shared",
      shape: "3, 4, 5",
      noiseShape: "3, 1, 5",
      p: "0.125",
      seed: "-9223372036854775808",
      call: "77",
      input: "normal",
    };
    expect(fromQuery(toQuery(typed))).toEqual(typed);
    expect(toQuery(DEFAULTS)).toBe("");
    expect(fromQuery("")).toEqual(DEFAULTS);
  });

  test("of an address that names an unknown kind or input are the defaults", () => {
    expect(fromQuery("?kind=nonsense&input=%3Cb%3E&p=0.1")).toEqual({ ...DEFAULTS, p: "0.1" });
  });

  test("are read with their full 64 bits", () => {
    const parsed = parseSettings({ ...DEFAULTS, seed: "18446744073709551615", call: "4611686018427387903" });
    expect(parsed).toMatchObject({ settings: { seed: 2n ** 64n - 1n, call: 2n ** 62n - 1n } });
  });

  test.each([
    ["p", ["", "x", "-0.1", "1.01", "NaN"]],
    ["shape", ["", "0", "1.5", "2, -3", "a", "1,1,1,1,1,1,1", "4194305"]],
    ["seed", ["", "1.5", "18446744073709551616", "-9223372036854775809", "seven"]],
    ["call", ["", "-1", "4611686018427387904"]],
    ["kind", ["dropout9d"]],
  ] as const)("with a wrong %s are refused at that field", (name, values) => {
    for (const value of values) {
      const parsed = parseSettings({ ...DEFAULTS, [name]: value });
      expect([value, "errors" in parsed && Object.keys(parsed.errors)]).toEqual([value, [name]]);
    }
  });
});
