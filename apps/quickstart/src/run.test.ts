import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { run } from "./run";

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
  it("shows the three programs, the experiments and the backends, and ends with 0", async () => {
    const { code, out, err } = await capture(...quick);
    expect(code).toBe(0);
    expect(err).toBe("");
    for (const part of ["Program 1", "Program 2", "Program 3", "What repeats", "Monte-Carlo", "What dropout is for", "on every backend"]) {
      expect(out).toContain(part);
    }
    expect(out.split("\n").filter((line) => line.length > 100)).toEqual([]);
    expect(out).not.toContain("\u001b"); // no colours where there is no terminal
  });

  it("writes one JSON object to stdout with --json, and nothing else", async () => {
    const { code, out, err } = await capture(...quick, "--json", "--seed", "18446744073709551615");
    expect([code, err]).toEqual([0, ""]);
    const result = JSON.parse(out);
    expect(result).toMatchObject({ seed: "18446744073709551615", backend: "cpu", rows: { source: "two moons", features: 10 } });
    expect(result.programs.map(({ losses }: { losses: number[] }) => losses.length)).toEqual([2, 2, 2]);
    expect(result.overfit.seeds).toHaveLength(2);
    expect(["helped", "hurt", "unclear"]).toContain(result.overfit.summary.outcome);
    expect(result.backends).toHaveLength(1);
  });

  it("trains on a table of one's own", async () => {
    const { code, out } = await capture(...quick, "--csv", file("good.csv", table), "--target", "label");
    expect(code).toBe(0);
    expect(out.replace(/\s+/g, " ")).toContain('80 rows, 2 columns beside the target. The models answer "label = 1?"');
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
  ])("answers %s with one line on stderr and exit code 2", async (_name, argv, message) => {
    const { code, out, err } = await capture(...argv);
    expect([code, out]).toEqual([2, ""]);
    expect(err).toMatch(message);
    expect(err).toMatch(/^quickstart: [^\n]+\n$/);
  });
});
