import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { alone, LAUNCHERS, launch } from "./launch";
import { isInstalled } from "./launchers.mjs";

const isRequired = (process.env.DROPWISE_REQUIRE ?? "").split(",").includes("mpi");
const example = fileURLToPath(new URL("../../../examples/digits-parallel.mjs", import.meta.url));

for (const launcher of LAUNCHERS) {
  const isThere = isInstalled(launcher.command);
  test.runIf(isRequired && !isThere)(`${launcher.name} is there, where DROPWISE_REQUIRE says so`, () => {
    expect.fail(`expected ${launcher.command}, found none - install it, or take mpi out of DROPWISE_REQUIRE`);
  });

  describe.skipIf(!isThere)(launcher.name, () => {
    test.each([2, 3])("all calls give what they should, on %i processes", async (ranks) => {
      const { status, output, left } = await launch(launcher, ranks, "calls.mjs", [String(ranks)]);
      expect([status, left], output).toEqual([0, 0]);
      expect(output.match(/right/g)).toHaveLength(ranks);
    });

    describe("training", () => {
      let whole: string;
      beforeAll(async () => {
        whole = (await alone("train.mjs")).output.trim();
        expect(whole).toMatch(/^\d\.\d+ [0-9a-f]{64}$/);
      });

      test.each([2, 3, 8])("has the loss and the weights, bit for bit, of one process alone, on %i", async (ranks) => {
        const { status, output } = await launch(launcher, ranks, "train.mjs");
        expect([status, output.trim()]).toEqual([0, whole]);
      });
    });

    test("the example prints the same SHA-256 on three processes as on one", async () => {
      const [one, three] = [await alone(example), await launch(launcher, 3, example)];
      expect(three.status, three.output).toBe(0);
      expect(three.output.trim().split("\n").slice(-11)).toEqual(one.output.trim().split("\n").slice(-11));
    });

    test("a run whose process was killed goes on from its last checkpoint with another number of them, to the bits of a run that nothing disturbed", async () => {
      const folder = mkdtempSync(join(tmpdir(), "dropwise-resume-"));
      try {
        const whole = (await alone("resume.mjs", [join(folder, "whole"), "20"])).output.trim();
        expect(whole).toMatch(/^[0-9a-f]{64}$/);
        const file = join(folder, "run");
        const stopped = await launch(launcher, 2, "resume.mjs", [file, "20", "12"]);
        expect([stopped.status === 0, stopped.left, existsSync(file)]).toEqual([false, 0, true]);
        const resumed = await launch(launcher, 3, "resume.mjs", [file, "20"]);
        expect([resumed.status, resumed.output.trim()]).toEqual([0, whole]);
      } finally {
        rmSync(folder, { recursive: true });
      }
    });

    test("weights that one process changes by itself are noticed, and so is another model", async () => {
      const changed = await launch(launcher, 2, "differ.mjs");
      expect(changed.status).not.toBe(0);
      expect(changed.output).toContain("GroupError: dataParallel: expected equal weights on all ranks after step 4, got others on rank 1");
      const other = await launch(launcher, 2, "differ.mjs", ["shape"]);
      expect(other.output).toContain("GroupError: dataParallel: expected the same model in all processes, got another on rank 1");
    });

    test.each([
      ["shards", /GroupError: dataParallel: expected the same options in all processes, got others than the first one's on rank 1/],
      ["rows", /GroupError: step: expected batches of as many rows on all ranks, got [89] on rank [01], and 8.5 in the mean/],
      [
        "count",
        /GroupError: orderedSum: .* rank 0 called orderedSum of 4 float32 over 2 parts, rank 1 orderedSum of 4 float32 over 3 parts/,
      ],
    ])("other %s on one process are noticed before anything is added up", async (what, message) => {
      const { status, output } = await launch(launcher, 2, "differ.mjs", [what]);
      expect(status).not.toBe(0);
      expect(output).toMatch(message);
    });

    test("the other library is refused: each process would be a group of its own", async () => {
      const { status, output } = await launch(launcher, 2, "calls.mjs", ["2"], { DROPWISE_MPI: launcher.strangers });
      expect(status).not.toBe(0);
      expect(output).toMatch(/MpiUnavailableError: connect: expected rank [01] of 2, as .* launcher says, got rank 0 of 1/);
    });

    test("a library that is not there is named", async () => {
      const { status, output } = await launch(launcher, 2, "calls.mjs", ["2"], { DROPWISE_MPI: "libnone.so" });
      expect(status).not.toBe(0);
      expect(output).toContain("MpiUnavailableError: connect: expected a library of MPI");
      expect(output).toContain("libnone.so");
    });

    test.each([
      ["dies", "kill", /.*/],
      ["throws", "throw", /Error: own fault/],
      ["goes silent", "silent", /PeerTimeoutError: allReduce: expected all processes of the group within 3 s/],
      // Open MPI's launcher may notice it first.
      [
        "ends without coming",
        "absent",
        /PeerTimeoutError: connect: expected all processes of the group within 3 s|did not call "init" before exiting/,
      ],
      ["does not come", "hung", /PeerTimeoutError: connect: expected all processes of the group within 3 s/],
    ])("a process that %s ends the run within 10 s, with an error, and none is left", async (_, what, message) => {
      const { status, output, seconds, left } = await launch(launcher, 2, "faults.mjs", [what]);
      expect(status, output).not.toBe(0);
      expect(output).toMatch(message);
      expect(seconds).toBeLessThan(10);
      expect(left).toBe(0);
    });

    test("a slow process is waited for without work, and a group that nobody closes ends with its processes", async () => {
      const slow = await launch(launcher, 2, "faults.mjs", ["slow"]);
      expect(slow.status, slow.output).toBe(0);
      const work = Number(/rank 0 waited with (\d+) ms/.exec(slow.output)?.[1]);
      expect(work).toBeLessThan(750); // of the 1,500 ms that it waited
      const { status, output, left } = await launch(launcher, 2, "faults.mjs", ["unclosed"]);
      expect([status, left], output).toEqual([0, 0]);
    });
  });
}
