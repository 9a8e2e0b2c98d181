import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { run } from "./run";
import { writeMnistPart } from "./testing/mnist-files";

const folder = mkdtempSync(join(tmpdir(), "dropwise-run-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs the program and catches what it writes. */
async function capture(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  const out: string[] = [];
  const err: string[] = [];
  const code = await run(argv, { stdout: { write: (text) => out.push(text) }, stderr: { write: (text) => err.push(text) } });
  return { code, out: out.join(""), err: err.join("") };
}

/** Writes a file and returns its path. */
function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** Two overlapping classes in two columns. */
const table = ["x,y,label", ...Array.from({ length: 80 }, (_, i) => `${(i % 2) + Math.sin(i)},${Math.cos(3 * i)},${i % 2}`)].join("\n");

/** Small enough for a test: every part runs, in few epochs. */
const quick = ["--epochs", "2", "--seeds", "2", "--backend", "cpu"];

describe("run", () => {
  it("shows the three programs, the experiments, the backends and, last, the digits, and ends with 0", async () => {
    const { code, out, err } = await capture(...quick);
    expect(code).toBe(0);
    expect(err).toBe("");
    const headings = out.split("\n").filter((line) => /^\S/.test(line));
    expect(headings).toEqual([
      "Dropwise quickstart",
      expect.stringMatching(/^Program 1/),
      expect.stringMatching(/^Program 2/),
      expect.stringMatching(/^Program 3/),
      "What repeats",
      "What dropout is for: a wide model on few rows",
      "How sure is the model? Monte-Carlo dropout",
      "The three programs on every backend present",
      "Real data: handwritten digits",
      "Which ones is the model unsure about?",
      "Next",
    ]);
    expect(out.split("\n").filter((line) => line.length > 79)).toEqual([]);
    expect(out).not.toContain("\u001b"); // no colours where there is no terminal
    expect(out).toMatch(/█{4}/); // digits are drawn
    expect(out).toMatch(/passes: +\d+ x \d/);
  });

  it("trains on a table of one's own, all of its classes, and says first what became of each column", async () => {
    const lines = ["x;size;kind", ...Array.from({ length: 60 }, (_, i) => `${(i % 3) + Math.sin(i)};${["S", "M"][i % 2]};${"abc"[i % 3]}`)];
    const { code, out } = await capture(...quick, "--csv", file("good.csv", lines.join("\r\n")), "--target", "kind");
    expect(code).toBe(0);
    const text = out.replace(/\s+/g, " ");
    expect(text).toContain('size text, 2 columns of 0 and 1: "M", "S" kind the target, 3 classes: a (20), b (20), c (20)');
    expect(text).toContain("is kind = c?");
    expect(text.indexOf("What became of each column")).toBeLessThan(text.indexOf("Program 1"));
    expect(text).not.toContain("digits");
  });

  it("writes one JSON object to stdout with --json, and nothing else; --mnist trains a class for each label", async () => {
    writeMnistPart(folder, "train", 100);
    writeMnistPart(folder, "t10k", 40);
    const { code, out, err } = await capture(...quick, "--json", "--seed", "18446744073709551615", "--mnist", folder);
    expect([code, err]).toEqual([0, ""]);
    const result = JSON.parse(out);
    const classes = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];
    expect(result).toMatchObject({
      seed: "18446744073709551615",
      backend: "cpu",
      rows: { source: folder, classes, question: "is the label odd?", features: 4, train: 100, test: 40 },
      digits: { epochs: 2, rows: { source: folder, train: 100, test: 40 } },
      rounding: null,
    });
    expect(result.programs.map(({ losses }: { losses: number[] }) => losses.length)).toEqual([2, 2, 2]);
    for (const { seeds, summary } of [result.overfit, result.digits]) {
      expect(seeds).toHaveLength(2);
      expect(["helped", "hurt", "unclear"]).toContain(summary.accuracy.outcome);
    }
    expect(result.digits.drawn.map(({ votes }: { votes: number[] }) => votes.length)).toEqual(Array(10).fill(10));
    expect(result.backends).toHaveLength(1);
  });

  it("shows help on stdout and ends with 0", async () => {
    const { code, out, err } = await capture("--help");
    expect([code, err]).toEqual([0, ""]);
    expect(out).toContain("--mnist");
  });

  it.each([
    ["an unknown backend", ["--backend", "gpu"], /gpu/],
    ["a missing file", ["--csv", join(folder, "none.csv"), "--target", "y"], /none\.csv: no such file/],
    ["a folder for a file", ["--csv", folder, "--target", "y"], /expected a file, got a folder/],
    ["a missing folder", ["--mnist", join(folder, "none")], /no such folder/],
    ["a bad cell", ["--csv", file("bad.csv", table.replace("\n1", "\nmany")), "--target", "label"], /bad\.csv:\d+: .*column "x"/],
    ["an unknown target", ["--csv", file("fine.csv", table), "--target", "kind"], /"kind" \(--target\)/],
    ["a quote that stays open", ["--csv", file("open.csv", table.replace("\n1", '\n"1')), "--target", "label"], /open\.csv:\d+: .*quote/],
    ["an empty file", ["--csv", file("empty.csv", ""), "--target", "y"], /empty\.csv: .*empty file/],
  ])("answers %s with one line on stderr and exit code 2", async (_name, argv, message) => {
    const { code, out, err } = await capture(...argv);
    expect([code, out]).toEqual([2, ""]);
    expect(err).toMatch(message);
    expect(err).toMatch(/^quickstart: [^\n]+\n$/);
  });
});
