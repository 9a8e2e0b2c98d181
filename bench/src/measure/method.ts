/**
 * How everything here is measured. The rest of the program only says what is run.
 *
 * Entries of a group (the same work, done by several competitors) take turns: a disturbance that lasts hits all of them. Each turn of an entry is a
 * copy of as many bytes and then the work itself, so that a figure can be held against the memory of that very moment.
 */
import { type Summary, summarise, WIDE_SPREAD } from "./statistics";

/** The method in sentences, printed with every result so that a figure never stands alone. */
export const METHOD: readonly string[] = [
  "Entries of a group take turns round by round, in an order that moves on by one each round; a round that others disturb disturbs all entries.",
  "Before the first round each entry is warmed up until its code is compiled and its memory is there; a turn then makes as many calls as fill a few milliseconds.",
  "Beside every figure stands a copy of the same bytes between two arrays of this process (for a GPU: between two of its buffers), made right before it in the same round, on one thread; a ratio is the median of the ratios of the rounds.",
  "Input values and the seed change between rounds, and every call draws another mask: no branch predictor can learn one.",
  "Outputs are reused: each is released before the next call, and the library takes its memory again. Changing the inputs is not timed.",
  "Shown are the fastest and the median round. The spread is the width of the middle half of the rounds, as a share of the median; a spread above " +
    `${100 * WIDE_SPREAD}% is marked with "~", and such a figure should not be compared.`,
  "An entry whose first call takes more than thirty seconds, or its first two more than five each, is left out, with that time as the reason.",
  "A device that queues its work (WebGPU) is waited for at the end of each turn, and the wait is part of the time.",
];

/** A piece of work by one competitor. */
export interface Entry {
  readonly competitor: string;
  /** Makes the inputs of a round ready. Not timed. */
  prepare?(round: number): void | Promise<void>;
  /** Does the work `calls` times. Returns a promise only where the work cannot be done without waiting. */
  run(calls: number): void | Promise<void>;
  /** Copies the bytes of one call `calls` times. */
  copy(calls: number): void | Promise<void>;
  dispose?(): void;
}

/** How long to measure. */
export interface Effort {
  readonly minRounds: number;
  readonly maxRounds: number;
  /** Milliseconds after which a group ends, once it has its rounds. */
  readonly budget: number;
  /** Milliseconds that one turn should take at least. */
  readonly turn: number;
  /** Milliseconds of warm-up for each entry, at least one call. */
  readonly warmup: number;
}

export const FULL: Effort = { minRounds: 7, maxRounds: 41, budget: 4000, turn: 5, warmup: 200 };
export const QUICK: Effort = { minRounds: 5, maxRounds: 21, budget: 500, turn: 1.5, warmup: 60 };
/** For the tests of this program itself; its figures say little. */
export const SMOKE: Effort = { minRounds: 2, maxRounds: 2, budget: 1, turn: 0.05, warmup: 0 };

/** What was found for one entry. Times are nanoseconds per call. */
export interface Measured extends Summary {
  readonly competitor: string;
  readonly rounds: number;
  readonly calls: number;
  /** The copy beside it: the median over the rounds, per call. */
  readonly copy: number;
  /** Time over copy: median over the rounds, and its spread. */
  readonly ratio: number;
  readonly ratioSpread: number;
  /** The spread is too wide for comparisons. */
  readonly wide: boolean;
}

/** An entry that could not do its work. */
export interface Refused {
  readonly competitor: string;
  readonly reason: string;
}

/** Milliseconds since some moment. Tests pass their own. */
export type Clock = () => number;

/**
 * Measures the entries of one group, in turns. An entry that throws is left out with its reason; the others go on. Disposes all.
 *
 * @param onRound Called after each round with the share of the work that is done, in (0, 1].
 */
export async function measureGroup(
  entries: readonly Entry[],
  effort: Effort,
  onRound: (share: number) => void = () => {},
  clock: Clock = () => performance.now(),
): Promise<{ measured: Measured[]; refused: Refused[] }> {
  const refused: Refused[] = [];
  let runners: Runner[] = [];
  const guard = async (entry: Entry, work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      refused.push({ competitor: entry.competitor, reason: firstLine(error) });
      runners = runners.filter((runner) => runner.entry !== entry);
    }
  };

  for (const entry of entries) {
    await guard(entry, async () => {
      runners.push(await warmUp(entry, effort, clock));
    });
  }
  const start = clock();
  for (let round = 1; round <= effort.maxRounds && runners.length > 0; round++) {
    const shift = round % runners.length;
    for (const runner of [...runners.slice(shift), ...runners.slice(0, shift)]) {
      await guard(runner.entry, () => takeTurn(runner, round, clock));
    }
    const spent = clock() - start;
    onRound(Math.min(1, Math.max(round / effort.maxRounds, Math.min(round / effort.minRounds, spent / effort.budget))));
    if (round >= effort.minRounds && spent >= effort.budget) break;
  }
  for (const entry of entries) entry.dispose?.();
  const order = entries.map((entry) => entry.competitor);
  const measured = runners.map(toMeasured).sort((a, b) => order.indexOf(a.competitor) - order.indexOf(b.competitor));
  return { measured, refused };
}

// --- internal helpers ---

interface Runner {
  readonly entry: Entry;
  readonly calls: number;
  readonly copies: number;
  /** Nanoseconds per call, one for each round. */
  readonly times: number[];
  readonly copyTimes: number[];
}

/** A bound for entries so fast that the clock sees nothing. */
const MOST_CALLS = 2 ** 20;

/** Milliseconds that a call may take; longer ones would hold up everybody's turns. */
const LONGEST_CALL = 2000;
/** The same for the first call, in which code may be compiled. */
const LONGEST_FIRST_CALL = 30_000;

async function warmUp(entry: Entry, effort: Effort, clock: Clock): Promise<Runner> {
  await entry.prepare?.(0);
  await refuseLongCalls(entry, clock);
  const calls = await callsFor((count) => entry.run(count), effort, clock);
  const copies = await callsFor((count) => entry.copy(count), { ...effort, warmup: effort.warmup / 4 }, clock);
  return { entry, calls, copies, times: [], copyTimes: [] };
}

/** Throws for an entry whose second call is too long, or its first beyond what compiling takes. */
async function refuseLongCalls(entry: Entry, clock: Clock): Promise<void> {
  const call = (): Promise<number> => timed((count) => entry.run(count), 1, clock);
  const first = await call();
  const time = first > LONGEST_CALL && first <= LONGEST_FIRST_CALL ? await call() : first;
  if (time > LONGEST_CALL) throw new Error(`a call takes ${Math.round(time / 1000)} s`);
}

/** Runs for at least the warm-up, and returns how many calls fill a turn. */
async function callsFor(run: (calls: number) => void | Promise<void>, { turn, warmup }: Effort, clock: Clock): Promise<number> {
  const start = clock();
  let calls = 1;
  for (;;) {
    const time = await timed(run, calls, clock);
    if (time < turn && calls < MOST_CALLS) {
      // Grows by no more than 8 at once: the first calls are slow, and a guess from them alone is far off.
      calls = Math.min(MOST_CALLS, Math.max(calls + 1, Math.ceil(Math.min(8, (1.1 * turn) / Math.max(time, 1e-3)) * calls)));
      continue;
    }
    if (clock() - start >= warmup) return Math.max(1, Math.ceil((calls * turn) / Math.max(time, turn)));
  }
}

async function takeTurn({ entry, calls, copies, times, copyTimes }: Runner, round: number, clock: Clock): Promise<void> {
  await entry.prepare?.(round);
  const copy = (await timed((count) => entry.copy(count), copies, clock)) / copies;
  const time = (await timed((count) => entry.run(count), calls, clock)) / calls;
  copyTimes.push(copy * 1e6);
  times.push(time * 1e6);
}

/** Milliseconds. Awaits only where there is a promise, since awaiting alone costs more than a small call. */
async function timed(run: (calls: number) => void | Promise<void>, calls: number, clock: Clock): Promise<number> {
  const start = clock();
  const pending = run(calls);
  if (pending !== undefined) await pending;
  return clock() - start;
}

function toMeasured({ entry, calls, times, copyTimes }: Runner): Measured {
  const summary = summarise(times);
  const ratios = summarise(times.map((time, round) => time / Math.max(copyTimes[round] as number, Number.MIN_VALUE)));
  return {
    competitor: entry.competitor,
    rounds: times.length,
    calls,
    ...summary,
    copy: summarise(copyTimes).median,
    ratio: ratios.median,
    ratioSpread: ratios.spread,
    wide: summary.spread > WIDE_SPREAD,
  };
}

function firstLine(error: unknown): string {
  return ((error instanceof Error ? error.message : String(error)).split("\n", 1)[0] ?? "").trim() || "no reason given";
}
