import { describe, expect, it } from "vitest";
import { BACKEND_NAMES } from "./cases/backends";
import { parseOptions } from "./options";
import { OPS, USUAL_OPS } from "./task";

const parse = (...argv: string[]) => parseOptions(argv, () => {});

describe("parseOptions", () => {
  it("measures everything by default", () => {
    expect(parse()).toMatchObject({
      command: "bench",
      backends: BACKEND_NAMES,
      ops: USUAL_OPS,
      sizes: undefined,
      quick: false,
      smoke: false,
      peers: false,
      name: undefined,
    });
  });

  it("reads every flag", () => {
    const argv = "--backend cpu,wasm --op dropout,matmul --size 16,64k,1M --threads 1,4 --quick --peers --name mine".split(" ");
    expect(parse(...argv)).toEqual({
      command: "bench",
      backends: ["cpu", "wasm"],
      ops: ["dropout", "matmul"],
      sizes: [16, 65_536, 1_048_576],
      threads: [1, 4],
      quick: true,
      smoke: false,
      peers: true,
      name: "mine",
    });
  });

  it("reads a comparison", () => {
    expect(parse("compare", "a.json", "b")).toEqual({ command: "compare", before: "a.json", after: "b" });
    expect(() => parse("compare", "a.json")).toThrow(/missing required argument/);
  });

  it.each([
    [["--backend", "cuda"], /Expected backends out of cpu/],
    [["--backend", ""], /Expected backends/],
    [["--op", "dropout,conv"], /Expected ops out of dropout/],
    [["--size", "0"], /sizes from 1/],
    [["--size", "1G"], /sizes from 1/],
    [["--size", "1.5k"], /sizes from 1/],
    [["--size", "512M"], /sizes from 1/],
    [["--threads", "0"], /numbers from 1/],
    [["--threads", "two"], /numbers from 1/],
    [["--name", "../up"], /letters, digits/],
    [["--fast"], /unknown option/],
    [["extra"], /too many arguments|unknown command/],
  ])("refuses %j in one line", (argv, message) => {
    expect(() => parse(...argv)).toThrow(message);
    expect(() => parse(...argv)).toThrow(/^[^\n]+$/);
  });

  it("writes help and asks for nothing more", () => {
    let text = "";
    expect(parseOptions(["--help"], (part) => (text += part))).toBeNull();
    for (const op of OPS) expect(text).toContain(op);
  });
});
