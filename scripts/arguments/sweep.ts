/** All wrong calls of one export, and what was wrong with them: a line for each distinct problem. */
import type { Backend } from "@dropwise/core";
import type { Prepared } from "./case";
import { kinds } from "./kinds";
import type { Slot } from "./place";
import { type Change, probe } from "./probe";

/** Told of each call before it is made, so that one that never ends can be named. */
export type Announce = (call: string) => void;

/** How a sweep is made. */
export interface SweepOptions {
  readonly backend: Backend;
  readonly announce?: Announce;
  /** Two wrong values at a time, too. */
  readonly pairs?: boolean;
  /** Longer than any call may take, in milliseconds. */
  readonly limit?: number;
}

/** What a sweep found. */
export interface Sweep {
  /** A line for each distinct problem. */
  readonly lines: readonly string[];
  /** How many calls it made. */
  readonly calls: number;
  /** Why it made none: the backend has not what a right call needs. */
  readonly unsupported: string | null;
}

/** Generous: nothing here is timed, but a call that takes this long three times is stuck in what it should have refused. */
const LIMIT_MS = 1000;

/** Calls an export with every kind of value in every place. */
export async function sweep({ id, target, slots }: Prepared, options: SweepOptions): Promise<Sweep> {
  const { backend, announce = () => {}, pairs = false, limit = LIMIT_MS } = options;
  const findings = new Findings(id);
  let calls = 0;
  const attempt = async (changes: readonly Change[]): Promise<unknown> => {
    announce(`${id}: ${changes.map(([slot, kind]) => `${slot.path} <- ${kind.name}`).join(" and ")}`);
    let probed = await probe(target, backend, changes);
    for (let i = 0; i < 2 && probed !== null && probed.ms > limit; i++) probed = await probe(target, backend, changes);
    if (probed === null) return undefined;
    calls++;
    findings.add(changes, probed.problems);
    if (probed.ms > limit) findings.add(changes, [`takes more than ${limit} ms`]);
    return probed.error;
  };

  // Nobody reads the stacks of refusals, and they cost more than the calls.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    const error = await attempt([]).catch((thrown: unknown) => (isUnsupported(thrown) ? thrown : Promise.reject(thrown)));
    if (isUnsupported(error)) return { lines: [], calls, unsupported: error.message };
    // What it says of wrong calls would mean nothing where a right one is refused.
    if (error === undefined || target.refuses) {
      const changes = slots.map((slot) => [...kinds.map((kind): Change => [slot, kind]), ...misspelt(slot)]);
      for (const change of changes.flat()) await attempt([change]);
      if (pairs) for (const pair of pairsOf(changes)) await attempt(pair);
    }
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
  return { lines: findings.lines(), calls, unsupported: null };
}

// --- internal helpers ---

function isUnsupported(error: unknown): error is Error {
  return error instanceof Error && error.name === "UnsupportedOpError";
}

/** The most kinds that a line names. */
const MAX_NAMES = 12;

/** What is wrong, each thing once, with the kinds of values that show it. */
class Findings {
  readonly #found = new Map<string, { readonly problem: string; readonly names: string[] }>();
  constructor(readonly id: string) {}

  add(changes: readonly Change[], problems: readonly string[]): void {
    const where = changes.map(([slot]) => slot.path).join(" and ") || "a right call";
    for (const problem of problems) {
      const key = `${where}: ${problem.replace(/, got [\s\S]*/, "")}`;
      if (!this.#found.has(key)) this.#found.set(key, { problem: `${where}: ${problem.replaceAll("\n", " ").slice(0, 300)}`, names: [] });
      this.#found.get(key)?.names.push(changes.map(([, kind]) => kind.name).join(" and "));
    }
  }

  lines(): string[] {
    return [...this.#found.values()].map(({ problem, names }) => {
      const rest = names.length > MAX_NAMES ? ` and ${names.length - MAX_NAMES} more` : "";
      return `${this.id}: ${problem} <- ${names.slice(0, MAX_NAMES).join("; ")}${rest}`;
    });
  }
}

/** Objects with an option that is not there: one that is nearly there, for each that is, and one that is like none. */
function misspelt(slot: Slot): Change[] {
  const names = slot.place.options ?? [];
  const [first] = names;
  if (first === undefined) return [];
  const typos = names.map((name) => [`${name}${name.at(-1)}`, `did you mean ${name}?`] as const);
  const place = { ...slot, path: `${slot.path} with an unknown option` };
  return [...typos, ["zzzzzz", first] as const].map(([typo, says]) => [
    place,
    { name: typo, make: (_, right) => ({ ...(right as object), [typo]: 1 }), says },
  ]);
}

/** For each two places that are apart, each kind of the one with one of the other, another each time. */
function pairsOf(changes: readonly (readonly Change[])[]): Change[][] {
  return changes.flatMap((list, i) =>
    changes.slice(i + 1).flatMap((others) => {
      const [a, b] = [list[0]?.[0].path as string, others[0]?.[0].path as string];
      if (a.startsWith(b) || b.startsWith(a)) return [];
      // A step that has no factor in common with the number of kinds meets all of them.
      return list.map((change, k) => [change, others[(k * 53 + i) % others.length] as Change]);
    }),
  );
}
