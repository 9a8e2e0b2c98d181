import fc from "fast-check";
import { expect, test } from "vitest";
import { memory } from "../index";
import { eventually } from "../testing/garbage";
import { programs, run } from "../testing/lifetimes/program";

/** `DROPWISE_FUZZ_RUNS=10000 npx vitest run lifetimes` looks for longer, and elsewhere each time. Otherwise the programs are the same in every run. */
const LONG = process.env.DROPWISE_FUZZ_RUNS;
const RUNS = Number(LONG ?? 150);
const TIMEOUT = 120_000 + 200 * RUNS;

test(
  "whatever a program does, live tensors keep their values, all memory comes back, and no error is unexpected",
  async () => {
    const property = fc.asyncProperty(programs, async (program) => {
      const backends = await run(program);
      const left = () => backends.map((backend) => memory(backend)).map(({ tensors, bytes }) => ({ tensors, bytes }));
      await eventually(() => left().every(({ tensors, bytes }) => tensors === 0 && bytes === 0));
      expect(left()).toEqual(backends.map(() => ({ tensors: 0, bytes: 0 })));
    });
    // A failure is told before the time is up, however far it is shrunk by then.
    await fc.assert(property, {
      numRuns: RUNS,
      ...(LONG === undefined && { seed: 1 }),
      interruptAfterTimeLimit: TIMEOUT - 30_000,
      markInterruptAsFailure: true,
    });
  },
  TIMEOUT,
);
