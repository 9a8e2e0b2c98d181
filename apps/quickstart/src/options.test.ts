import { describe, expect, it } from "vitest";
import { parseOptions } from "./options";

const parse = (...argv: string[]) => parseOptions(argv, () => {});

describe("parseOptions", () => {
  it("fills in defaults", () => {
    expect(parse()).toEqual({ seed: 42n, epochs: undefined, seeds: 5, backend: "all", json: false, data: { kind: "moons" } });
  });

  it("reads every flag", () => {
    const argv = "--seed 7 --epochs 3 --seeds 2 --backend cpu --json --csv rows.csv --target y".split(" ");
    expect(parse(...argv)).toEqual({
      seed: 7n,
      epochs: 3,
      seeds: 2,
      backend: "cpu",
      json: true,
      data: { kind: "csv", file: "rows.csv", target: "y" },
    });
    expect(parse("--mnist", "digits")?.data).toEqual({ kind: "mnist", folder: "digits" });
  });

  it("takes seeds from the whole 64-bit range", () => {
    expect(parse("--seed", "-9223372036854775808")?.seed).toBe(-(2n ** 63n));
    expect(parse("--seed", "18446744073709551615")?.seed).toBe(2n ** 64n - 1n);
    expect(() => parse("--seed", "18446744073709551616")).toThrow(/2\^64/);
  });

  it("writes help and asks for nothing more", () => {
    let help = "";
    expect(
      parseOptions(["--help"], (text) => {
        help += text;
      }),
    ).toBeNull();
    for (const flag of ["--seed", "--epochs", "--seeds", "--backend", "--json", "--csv", "--target", "--mnist"])
      expect(help).toContain(flag);
  });

  it.each([
    [["--backend", "gpu"], /gpu.*cpu, wasm, webgpu, native, all/],
    [["--seed", "1.5"], /1\.5.*integer/],
    [["--epochs", "0"], /integer from 1/],
    [["--seeds", "many"], /integer from 1/],
    [["--speed", "9"], /unknown option '--speed'/],
    [["rows.csv"], /too many arguments/],
    [["--seed"], /argument missing/],
    [["--csv", "rows.csv"], /--target COLUMN/],
    [["--target", "y"], /--csv FILE/],
    [["--csv", "rows.csv", "--target", "y", "--mnist", "digits"], /got both/],
  ])("refuses %j in one line", (argv, message) => {
    let thrown: Error | undefined;
    try {
      parse(...argv);
    } catch (error) {
      thrown = error as Error;
    }
    expect(thrown?.name).toBe("UserError");
    expect(thrown?.message).toMatch(message);
    expect(thrown?.message).not.toContain("\n");
  });
});
