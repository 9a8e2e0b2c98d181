import { execFile } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, describe, expect, it } from "vitest";
import { readResult } from "./report/result";

const program = fileURLToPath(new URL("../dist/main.js", import.meta.url));
const run = promisify(execFile);
const name = `test-${process.pid}`;
const fileOf = (extension: string) => fileURLToPath(new URL(`../results/${name}.${extension}`, import.meta.url));

afterAll(() => {
  for (const extension of ["json", "html"]) rmSync(fileOf(extension), { force: true });
});

describe("the built program", () => {
  it("measures every op on the reference backend, and writes JSON and a page", async () => {
    const argv = ["--smoke", "--quick", "--backend", "cpu,wasm", "--threads", "1", "--size", "16,1k", "--name", name];
    // The larger model takes seconds a step on the reference backend.
    const ops = "dropout,dropout-backward,dropout-inplace,dropout-feature,matmul,train-tiny,loader,train-loader,latency,bundle-size";
    const { stdout } = await run(process.execPath, [program, ...argv, "--op", ops]);
    expect(stdout).toContain("ns/element");
    const result = readResult(fileOf("json"));
    const onCpu = result.figures.filter(({ competitor }) => competitor === "cpu");
    expect(onCpu.map(({ op, size }) => `${op} ${size}`)).toEqual([
      ...["dropout", "dropout-backward", "dropout-inplace", "dropout-feature"].flatMap((op) => [`${op} 16`, `${op} 1k`]),
      "matmul 128x784x1024 NN",
      "train-tiny 10-20-1",
      ...["loader 64x10 in order", "loader 64x10 shuffled"],
      ...["ready", "in order", "shuffled"].map((source) => `train-loader 64x10 ${source}`),
      "latency 4",
      "latency 16",
    ]);
    expect(result.skipped).toEqual([]);
    expect(onCpu.every(({ min, median, copy, ratio }) => min > 0 && median >= min && copy > 0 && ratio > 0)).toBe(true);
    expect(result.bundles?.map(({ name }) => name)).toContain("core: dropout alone");
    expect(result.bundles?.every(({ bytes, limit }) => bytes > 1000 && bytes < limit)).toBe(true);
    const html = readFileSync(fileOf("html"), "utf8");
    expect(html).toContain("core: dropout alone");
    expect(html).toContain("</html>");
  });

  it("compares a result with itself and finds that nothing moved", async () => {
    const { stdout } = await run(process.execPath, [program, "compare", fileOf("json"), name]);
    expect(stdout).toMatch(/0 faster, 0 slower, \d+ within the spread/);
  });

  it("finds three tensors at the peak of forward and backward, no mask among them", async () => {
    const peak = fileURLToPath(new URL("../dist/peak.js", import.meta.url));
    const elements = 2 ** 24;
    const { stdout } = await run(process.execPath, [peak, "cpu", "1", String(elements), "sum"]);
    const tensors = (JSON.parse(stdout) as { bytes: number }).bytes / (4 * elements);
    // A fourth tensor would show; half of one is room for everything that is no tensor.
    expect(tensors).toBeGreaterThan(2.5);
    expect(tensors).toBeLessThan(3.5);
  });

  it("ends with one line and exit code 2 for a wrong flag", async () => {
    await expect(run(process.execPath, [program, "--size", "many"])).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^bench: [^\n]+\n$/),
    });
  });
});
