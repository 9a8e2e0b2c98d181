import { cpu, functional as F, manualSeed, ones, rand, tidy } from "@dropwise/core";
import { onBackend, type PresentBackend } from "../backends";
import { generatorFor, type Rows, seedPlus } from "../data/source";
import { PROGRAMS, type Program, trainProgram } from "../programs/programs";
import type { Progress } from "../terminal/progress";
import { type Agreement, alikeFor, EARLY_EPOCHS, type RoundingTest, relativeDifference } from "./agreement";
import { measureSpeed, type Speed } from "./speed";

/** How one backend did on the three programs, beside the first one in the list. */
export interface BackendResult extends Agreement {
  readonly device: string;
  readonly threads: number;
  /** Each program's loss in its last epoch. */
  readonly finalLosses: readonly number[];
  /** The largest relative difference from the reference's losses in the epochs that are alike. */
  readonly lossDifference: number;
  readonly speed: Speed;
}

/** What the comparison found. */
export interface BackendComparison {
  readonly results: readonly BackendResult[];
  /** Looked at only if the losses of a backend parted from the reference's. */
  readonly rounding: RoundingTest | null;
}

/** Elements of the mask that is compared. */
const MASK_SIZE = 10_000;

/** Trainings with changed inputs, at most: the first that parts from the unchanged one has shown what rounding does. */
const ROUNDING_TRAININGS = 5;

interface Settings {
  readonly seed: bigint;
  readonly epochs: number;
  readonly progress: Progress;
}

/** Trains the three programs on each backend with the same seed. The first entry is the reference for all. Advances once per epoch. */
export async function compareBackends(entries: readonly PresentBackend[], rows: Rows, settings: Settings): Promise<BackendComparison> {
  const runs: Run[] = [];
  for (const { backend } of entries) runs.push(await onBackend(backend, () => runOnDefault(rows, settings)));
  const reference = runs[0] as Run;
  const alike = runs.map(({ losses }) => losses.map((own, i) => alikeFor(own, reference.losses[i] as number[])));
  const results = runs.map((run, i): BackendResult => {
    const { name, backend } = entries[i] as PresentBackend;
    const alikeEpochs = Math.min(...(alike[i] as number[]));
    return {
      name,
      device: backend.info.device,
      threads: backend.info.threads,
      finalLosses: run.losses.map((losses) => losses.at(-1) as number),
      lossDifference: largestDifference(run, reference, alikeEpochs),
      sameMask: run.mask.every((value, e) => value === reference.mask[e]),
      alikeEpochs,
      earlyDifference: largestDifference(run, reference, EARLY_EPOCHS),
      speed: run.speed,
    };
  });
  const parted = PROGRAMS.findIndex((_, program) => alike.some((epochs) => (epochs[program] as number) < settings.epochs));
  if (parted < 0) return { results, rounding: null };
  const { backend } = entries[0] as PresentBackend;
  const losses = reference.losses[parted] as number[];
  return { results, rounding: await onBackend(backend, () => testRounding(PROGRAMS[parted] as Program, losses, rows, settings)) };
}

/** Trains a program again on the default backend, each time with every input moved up or down by its last bit or two, until one parts. */
export async function testRounding(
  program: Program,
  losses: readonly number[],
  rows: Rows,
  { seed, epochs }: Omit<Settings, "progress">,
): Promise<RoundingTest> {
  for (let training = 1; training <= ROUNDING_TRAININGS; training++) {
    const signs = rand([rows.inputs.length], { generator: generatorFor(seedPlus(seed, training), "rows"), backend: cpu }).dataSync();
    const inputs = rows.inputs.map((value, i) => value * (1 + ((signs[i] as number) < 0.5 ? -1 : 1) * 2 ** -23));
    const changed = await trainProgram(program, { ...rows, inputs }, { seed, epochs });
    const alike = alikeFor(changed.losses, losses);
    if (alike < epochs) return { trainings: training, partedIn: alike + 1 };
  }
  return { trainings: ROUNDING_TRAININGS, partedIn: null };
}

// --- internal helpers ---

interface Run {
  /** Of each program, the loss of each epoch. */
  readonly losses: number[][];
  readonly mask: ArrayLike<number> & { every(test: (value: number, index: number) => boolean): boolean };
  readonly speed: Speed;
}

async function runOnDefault(rows: Rows, { seed, epochs, progress }: Settings): Promise<Run> {
  const losses: number[][] = [];
  for (const program of PROGRAMS) {
    const trained = await trainProgram(program, rows, { seed, epochs, onEpoch: () => progress.advance() });
    losses.push(trained.losses);
  }
  manualSeed(seed);
  const masked = tidy(() => F.dropout(ones([MASK_SIZE]), { p: 0.5 }));
  const mask = await masked.data();
  masked.dispose();
  return { losses, mask, speed: await measureSpeed(rows, seed) };
}

function largestDifference(run: Run, reference: Run, epochs: number): number {
  const differences = run.losses.flatMap((losses, program) =>
    losses.slice(0, epochs).map((loss, epoch) => relativeDifference(loss, reference.losses[program]?.[epoch] as number)),
  );
  return Math.max(0, ...differences);
}
