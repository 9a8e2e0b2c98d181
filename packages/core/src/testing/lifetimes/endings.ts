/** Actions that end a tensor's life, or put its end off. */
import { expect } from "vitest";
import { keep } from "../../index";
import type { Action, Kinds, World } from "./world";

export const endings: Kinds = { dispose: [4, dispose], keep: [1, keepOne], drop: [3, drop], read: [1, read] };

/** Once or, where the tensor is picked again, twice. */
export function dispose(world: World, { a }: Action): void {
  const x = world.pick(a, (y) => !world.isMomentum(y));
  if (x === undefined) return;
  x.tensor.dispose();
  world.shadows.dispose(x);
}

// --- internal helpers ---

function keepOne(world: World, { a }: Action): void {
  const x = world.pick(a, (y) => !y.isDisposed);
  if (x === undefined) return;
  keep(x.tensor);
  x.depth = 0;
}

/** Gives up the only reference, so that the garbage collector frees the tensor. Leaves stay, since a pass still finds them in the graph. */
function drop(world: World, { a }: Action): void {
  const { all, depth } = world.shadows;
  const x = world.pick(a, (y) => !y.isLeaf && !world.isMomentum(y) && !all.some(({ grad }) => grad === y));
  // Inside a tidy the tensor would not be free before its end.
  if (x !== undefined && depth === 0) all.splice(all.indexOf(x), 1);
}

/** Reads while the program goes on: what arrives is what was there, whatever happens to the tensor meanwhile. */
function read(world: World, { a }: Action): void {
  const x = world.pick(a, (y) => !y.isDisposed);
  if (x === undefined) return;
  const { storage } = x.tensor;
  const { version } = storage;
  const expected = world.shadows.values(x);
  const arrival = x.tensor.data();
  world.reads.push(async () => {
    const actual = [...(await arrival)] as number[];
    // A blind backend reads when it comes to it, edits included.
    if (storage.version === version) actual.forEach((value, i) => void expect(value).toBeCloseTo(expected[i] as number, 6));
  });
}
