/** Random programs: each action runs on real tensors and on their shadows, and after each they are compared. */
import fc from "fast-check";
import { expect } from "vitest";
import { type Backend, tidy } from "../../index";
import { collectGarbage } from "../garbage";
import { endings } from "./endings";
import { operations } from "./operations";
import { passes } from "./passes";
import type { Shadow } from "./shadows";
import { move, training } from "./training";
import { type Action, type Kinds, World } from "./world";

/** What runs at once, inside every `tidy`, too. */
const inner: Kinds = { ...operations, ...passes, ...training, ...endings };
/** What waits, and so only runs outside. */
const outer: Kinds<Promise<void>> = { move: [2, move], collect: [1, collectGarbage] };
const brackets = { tidy: 4, close: 3 };

const weights = { ...brackets, ...Object.fromEntries(Object.entries({ ...inner, ...outer }).map(([kind, [weight]]) => [kind, weight])) };
const kinds = fc.oneof(...Object.entries(weights).map(([kind, weight]) => ({ arbitrary: fc.constant(kind), weight })));
const numbers = fc.nat(4095);

export interface Program {
  readonly actions: readonly Action[];
  /** Whether all memory that nobody holds is overwritten after each action; else it is there to be used again. */
  readonly emptyPools: boolean;
  /** Whether the tensors are disposed at the end; else the garbage collector has to free them all. */
  readonly disposes: boolean;
}

export const programs: fc.Arbitrary<Program> = fc.record({
  actions: fc.array(fc.record({ kind: kinds, a: numbers, b: numbers, c: numbers }), { maxLength: 60, size: "max" }),
  emptyPools: fc.boolean(),
  disposes: fc.boolean(),
});

/** Runs a program; nothing refers to its tensors afterwards. */
export async function run({ actions, emptyPools, disposes }: Program): Promise<readonly Backend[]> {
  const world = new World();
  const { shadows } = world;
  const rest = actions.values();
  for (const action of rest) {
    if (action.kind === "tidy") runTidy(world, action, rest, emptyPools);
    else await (outer[action.kind] ?? inner[action.kind])?.[1](world, action);
    shadows.verify(emptyPools);
  }
  for (const arrives of world.reads) await arrives();
  if (disposes) for (const { tensor } of shadows.all) tensor.dispose();
  return shadows.backends;
}

// --- internal helpers ---

class Thrown extends Error {}

/** A `tidy` around the actions up to its `close`. It ends with an error one time in four, and returns some of the latest tensors otherwise. */
function runTidy(world: World, { a, b, c }: Action, rest: Iterator<Action>, emptyPools: boolean): void {
  const { shadows } = world;
  const before = shadows.uncollected();
  let returned: readonly Shadow[] = [];
  shadows.depth++;
  try {
    tidy(() => {
      for (let next = rest.next(); !next.done && next.value.kind !== "close"; next = rest.next()) {
        const action = next.value;
        if (action.kind === "tidy") runTidy(world, action, rest, emptyPools);
        else inner[action.kind]?.[1](world, action);
        shadows.verify(emptyPools);
      }
      if (a % 4 === 0) throw new Thrown();
      returned = shadows.all.slice(-6).filter((_, i) => ((b >> i) & 1) === 1);
      const [first, ...others] = returned.map(({ tensor }) => tensor);
      return c % 2 === 0 ? first : { first, others: [{ others }, c] };
    });
  } catch (error) {
    if (!(error instanceof Thrown)) throw error;
  }
  if (c % 2 === 0) returned = returned.slice(0, 1);
  const closed = shadows.depth--;
  for (const x of shadows.live().filter(({ depth }) => depth === closed)) {
    if (returned.includes(x)) x.depth = shadows.depth;
    else shadows.dispose(x);
  }
  // A gradient that a pass handed on may be the node of an operation outside.
  for (const step of world.steps.filter(({ depth }) => depth === closed)) step.released = step.isPass ? 1 : 2;
  world.steps = world.steps.filter(({ depth }) => depth < closed);
  // Nothing is left for the garbage collector.
  expect(shadows.uncollected()).toEqual(before);
}
