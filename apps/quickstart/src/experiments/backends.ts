import { functional as F, manualSeed, ones, tidy } from "@dropwise/core";
import { type BackendEntry, onBackend, type PresentBackend } from "../backends";
import type { Rows } from "../data/source";
import { PROGRAMS, trainProgram } from "../programs/programs";
import type { Progress } from "../terminal/progress";
import type { Screen } from "../terminal/screen";

/** How one backend did on the three programs, beside the first one in the list. */
export interface BackendResult {
  readonly name: string;
  readonly device: string;
  readonly threads: number;
  /** Each program's loss in its last epoch. */
  readonly finalLosses: readonly number[];
  /** The largest relative difference of any epoch's loss from the reference's. */
  readonly lossDifference: number;
  /** A mask of the same seed has the same bits as the reference's. */
  readonly sameMask: boolean;
  readonly stepsPerSecond: number;
}

/** Losses are sums in float32, which backends add up in their own order; hundreds of steps let the last digits drift apart. */
const LOSS_TOLERANCE = 1e-3;

/** Elements of the mask that is compared. */
const MASK_SIZE = 10_000;

/** Trains the three programs on each backend with the same seed. The first entry is the reference for all. Advances once per epoch. */
export async function compareBackends(
  entries: readonly PresentBackend[],
  rows: Rows,
  { seed, epochs, progress }: { seed: bigint; epochs: number; progress: Progress },
): Promise<BackendResult[]> {
  const runs: Run[] = [];
  for (const { backend } of entries) {
    runs.push(await onBackend(backend, () => runOnDefault(rows, { seed, epochs, progress })));
  }
  const reference = runs[0] as Run;
  return runs.map((run, i) => {
    const { name, backend } = entries[i] as PresentBackend;
    return {
      name,
      device: backend.info.device,
      threads: backend.info.threads,
      finalLosses: run.losses.map((losses) => losses.at(-1) as number),
      lossDifference: largestDifference(run.losses.flat(), reference.losses.flat()),
      sameMask: run.mask.every((value, e) => value === reference.mask[e]),
      stepsPerSecond: run.steps / run.seconds,
    };
  });
}

/** Compares all backends that are present and shows the table, with a line for each that is not. */
export async function showBackends(
  entries: readonly BackendEntry[],
  rows: Rows,
  { seed, epochs, screen }: { seed: bigint; epochs: number; screen: Screen },
): Promise<BackendResult[]> {
  const present = entries.filter((entry): entry is PresentBackend => entry.backend !== null);
  screen.heading("The three programs on every backend present");
  screen.text("Losses are those of the last epoch of programs 1 to 3, trained again with the same seed.");
  const progress = screen.progress("training", present.length * PROGRAMS.length * epochs);
  const results = await compareBackends(present, rows, { seed, epochs, progress });
  progress.done();

  const reference = results[0] as BackendResult;
  screen.line();
  screen.table(
    ["backend", "runs on", "loss 1", "loss 2", "loss 3", `off ${reference.name}`, "mask", "steps/s"],
    results.map((result) => [
      result.name,
      result.threads > 1 ? `${result.device} x${result.threads}` : result.device,
      ...result.finalLosses.map((loss) => loss.toFixed(4)),
      result === reference ? "-" : result.lossDifference.toExponential(0),
      result === reference ? "-" : result.sameMask ? "same" : "DIFFERS",
      Math.round(result.stepsPerSecond).toLocaleString("en"),
    ]),
  );
  for (const entry of entries) if (entry.backend === null) screen.line(`${entry.name.padEnd(6)}   left out: ${entry.reason}`);
  if (results.length > 1) screen.notice(verdict(results));
  return results;
}

// --- internal helpers ---

interface Run {
  /** Of each program, the loss of each epoch. */
  readonly losses: number[][];
  readonly mask: ArrayLike<number> & { every(test: (value: number, index: number) => boolean): boolean };
  readonly steps: number;
  readonly seconds: number;
}

async function runOnDefault(rows: Rows, { seed, epochs, progress }: { seed: bigint; epochs: number; progress: Progress }): Promise<Run> {
  const [first] = PROGRAMS;
  if (first !== undefined) await trainProgram(first, rows, { seed, epochs: 1 }); // compiles kernels before the clock runs
  const losses: number[][] = [];
  let steps = 0;
  let seconds = 0;
  for (const program of PROGRAMS) {
    const trained = await trainProgram(program, rows, { seed, epochs, onEpoch: () => progress.advance() });
    losses.push(trained.losses);
    steps += trained.steps;
    seconds += trained.seconds;
  }
  manualSeed(seed);
  const masked = tidy(() => F.dropout(ones([MASK_SIZE]), { p: 0.5 }));
  const mask = await masked.data();
  masked.dispose();
  return { losses, mask, steps, seconds };
}

function largestDifference(values: readonly number[], reference: readonly number[]): number {
  return Math.max(
    ...values.map((value, i) => Math.abs(value - (reference[i] as number)) / Math.max(Math.abs(reference[i] as number), 1e-6)),
  );
}

function verdict(results: readonly BackendResult[]): string {
  const others = results.slice(1);
  const masks = others.filter((result) => !result.sameMask).map((result) => result.name);
  const losses = others.filter((result) => !(result.lossDifference <= LOSS_TOLERANCE)).map((result) => result.name);
  const maskPart =
    masks.length === 0 ? "The same seed gives the same mask, bit for bit, on all of them" : `THE MASK DIFFERS on ${masks.join(" and ")}`;
  const lossPart =
    losses.length === 0
      ? `and the same losses to within ${LOSS_TOLERANCE} of their size`
      : `and losses differ by more than ${LOSS_TOLERANCE} on ${losses.join(" and ")}`;
  return `${maskPart}, ${lossPart}. So small a model measures the cost of a call more than that of a kernel.`;
}
