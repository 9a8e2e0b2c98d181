/** One call with wrong values, and everything that must hold after it. */
import { type Backend, cpu, getDefaultBackend, isGradEnabled, isTensor, memory, setDefaultBackend, tidy } from "@dropwise/core";
import { judge, type Outcome } from "./judge";
import { type Kind, NONE } from "./kinds";
import type { Place, Slot } from "./place";
import { elsewhere, World } from "./world";

/** Something to call. */
export interface Target {
  /** What a program did before the call: it set properties of the object whose method it is. */
  readonly arrange: (values: readonly unknown[]) => void;
  /** Calls it with values for all of its places. */
  readonly call: (values: readonly unknown[]) => unknown;
  readonly places: readonly Place[];
  /** True for values that can stand in a place at all: a method's object has the method. */
  readonly fits: (slot: Slot, value: unknown) => boolean;
  /** What its messages may begin with. */
  readonly says: readonly string[];
  /** It gives a promise. */
  readonly isAsync: boolean;
  /** A right call is refused, too. */
  readonly refuses: boolean;
  /** Its result's tensors are not all that it leaves: steps inside are the user's own calls. */
  readonly leavesSteps: boolean;
}

/** A kind of value in a place. */
export type Change = readonly [Slot, Kind];

/** What came of one call. */
export interface Probed {
  /** What is wrong, as short sentences; none when all is right. */
  readonly problems: readonly string[];
  /** How long it took. */
  readonly ms: number;
  /** The error that it threw, if it did. */
  readonly error: unknown;
}

/** Makes one call, with `changes` to its right values; null where there is no such value. */
export async function probe(target: Target, backend: Backend, changes: readonly Change[]): Promise<Probed | null> {
  const backends = [...new Set([backend, elsewhere, cpu])];
  const atStart = usage(backends);
  const depth = scopeDepth();
  const w = new World(backend);
  let probed: Probed | null = null;
  try {
    // What a call in a scope leaves behind can be told from what the garbage collector still has.
    if (target.isAsync) probed = await settle(target, w, backends, changes, () => 0);
    else {
      tidy(() => {
        probed = runOnce(target, w, backends, changes, () => scopeDepth() - depth - 1);
      });
    }
  } finally {
    w.dispose();
    setDefaultBackend(cpu);
    record();
  }
  const left = difference(atStart, usage(backends));
  if (left === null || probed === null || probed.problems.length > 0) return probed;
  return { ...(probed as Probed), problems: [`leaves ${left} after everything was disposed`] };
}

// --- internal helpers ---

interface Prepared {
  readonly values: readonly unknown[];
  readonly mayWork: boolean;
  readonly mustWork: boolean;
  readonly says: readonly string[];
}

/** The call's values, changed; null where there is no such value. */
function prepare({ places, refuses, fits }: Target, w: World, changes: readonly Change[]): Prepared | null {
  const values = places.map((place) => place.valid(w));
  let mayWork = true;
  for (const [slot, kind] of changes) {
    const value = kind.make(w, slot.get(values[slot.index]));
    if (value === NONE || !fits(slot, value)) return null;
    mayWork &&= kind.stands === true || kind.isRight === true || safely(() => slot.place.accepts(value, w));
    values[slot.index] = slot.put(values[slot.index], value);
  }
  const mustWork = !refuses && changes.every(([, kind]) => kind.isRight === true);
  return { values, mayWork, mustWork, says: changes.length === 1 ? changes.flatMap(([, kind]) => kind.says ?? []) : [] };
}

function runOnce(
  target: Target,
  w: World,
  backends: readonly Backend[],
  changes: readonly Change[],
  openScopes: () => number,
): Probed | null {
  const prepared = prepare(target, w, changes);
  if (prepared === null) return null;
  target.arrange(prepared.values);
  const check = checkAfter(target, prepared, w, backends, openScopes);
  const start = performance.now();
  let outcome: Outcome;
  try {
    outcome = { result: drain(target.call(prepared.values)) };
  } catch (error) {
    outcome = { error };
  }
  return check(outcome, performance.now() - start);
}

async function settle(
  target: Target,
  w: World,
  backends: readonly Backend[],
  changes: readonly Change[],
  openScopes: () => number,
): Promise<Probed | null> {
  const prepared = prepare(target, w, changes);
  if (prepared === null) return null;
  target.arrange(prepared.values);
  const check = checkAfter(target, prepared, w, backends, openScopes);
  const start = performance.now();
  let outcome: Outcome;
  try {
    outcome = { result: await target.call(prepared.values) };
  } catch (error) {
    outcome = { error };
  }
  return check(outcome, performance.now() - start);
}

/** Looks at everything before the call; what it returns looks again after it. */
function checkAfter(
  target: Target,
  { mayWork, mustWork, says }: Prepared,
  w: World,
  backends: readonly Backend[],
  openScopes: () => number,
) {
  const before = usage(backends);
  const changed = w.look();
  return (outcome: Outcome, ms: number): Probed => {
    const problems = judge(outcome, { names: target.says, mayWork, mustWork, says });
    if (!isGradEnabled()) problems.push("leaves recording off");
    if (openScopes() !== 0) problems.push("leaves a tidy scope open");
    if ("error" in outcome) {
      const leak = difference(before, usage(backends));
      if (leak !== null) problems.push(`leaks ${leak}`);
      problems.push(...[...new Set(changed())].map((what) => `changes ${what}`));
      if (getDefaultBackend() !== w.backend) problems.push("changes the default backend");
      return { problems, ms, error: outcome.error };
    }
    free(outcome.result, w, backends, new Set());
    w.freeGrads();
    // Over all backends: what moved from one to another is not left behind.
    if (total(usage(backends), "tensors") > total(before, "tensors") && !target.leavesSteps)
      problems.push("works, and leaves tensors that are not in its result");
    return { problems, ms, error: undefined };
  };
}

interface Usage {
  readonly tensors: number;
  readonly bytes: number;
}

function usage(backends: readonly Backend[]): readonly Usage[] {
  return backends.map((backend) => memory(backend));
}

function total(list: readonly Usage[], key: keyof Usage): number {
  return list.reduce((sum, item) => sum + item[key], 0);
}

function difference(before: readonly Usage[], after: readonly Usage[]): string | null {
  const tensors = total(after, "tensors") - total(before, "tensors");
  const bytes = total(after, "bytes") - total(before, "bytes");
  // Fewer means that the garbage collector was at older ones.
  return tensors <= 0 && bytes <= 0 ? null : `${tensors} tensors and ${bytes} bytes`;
}

/** What all copies of core in a process share; not public. */
function shared<T>(slot: string): T | undefined {
  const state = (globalThis as unknown as Record<symbol, { slots: Record<string, T> } | undefined>)[Symbol.for("@dropwise/core:1")];
  return state?.slots[slot];
}

/** How many `tidy` scopes are open. */
function scopeDepth(): number {
  return shared<unknown[]>("scopes")?.length ?? 0;
}

/** Puts recording on again, for the calls that follow one that left it off. */
function record(): void {
  const mode = shared<{ enabled: boolean }>("gradMode");
  if (mode !== undefined) mode.enabled = true;
}

function safely(test: () => boolean): boolean {
  try {
    return test();
  } catch {
    return false; // a value that throws when it is touched
  }
}

/** Runs what a call only began: a method that is a generator function. */
function drain(result: unknown): unknown {
  if (Object.prototype.toString.call(result) !== "[object Generator]") return result;
  let count = 0;
  for (const _ of result as Iterable<unknown>) if (++count === 100) break;
  return undefined;
}

/** Frees what a result holds, but for what is the world's own. */
function free(result: unknown, w: World, backends: readonly Backend[], seen: Set<unknown>): void {
  if (typeof result !== "object" || result === null || seen.has(result) || seen.size > 100 || w.owns(result)) return;
  seen.add(result);
  try {
    const value = result as { dispose?: () => void; allocate?: unknown; paramGroups?: unknown; stateDict?: () => unknown };
    if (isTensor(value)) value.dispose();
    else if (value.paramGroups !== undefined) value.dispose?.();
    else if (value.allocate !== undefined) backends.includes(result as Backend) || value.dispose?.();
    else
      for (const inner of Object.values(typeof value.stateDict === "function" ? (value.stateDict() as object) : value))
        free(inner, w, backends, seen);
  } catch {
    // A value that throws when it is touched holds nothing.
  }
}
