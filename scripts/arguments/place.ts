/** An argument's place: what belongs there, what else a call may work with there, and the places inside it. */
import type { World } from "./world";

/** Where one value goes: a positional argument, an option, an element of a list, what a callback returns, a property, a method's own object. */
export interface Place {
  /** A value that belongs here. */
  readonly valid: (w: World) => unknown;
  /** True for a value with which the call may work. All others must be refused. */
  readonly accepts: (value: unknown, w: World) => boolean;
  /** Places inside this one, by how they are written after its name: ".dim", "[0]", "()". */
  readonly parts?: Readonly<Record<string, Part>>;
  /** The names of all options, where an object of them belongs here: any other name is refused. */
  readonly options?: readonly string[];
}

/** A place inside another, and the way to it. */
export interface Part {
  readonly place: Place;
  /** What lies there in `outer`. */
  readonly get: (outer: unknown) => unknown;
  /** `outer` with `inner` there; `outer` itself stays as it is. */
  readonly put: (outer: unknown, inner: unknown) => unknown;
}

/** One of the places of a call, at any depth, and the way to it from the outermost place that it is in. */
export interface Slot extends Part {
  /** Such as "argument 1.dim". */
  readonly path: string;
  /** The number of that outermost place. */
  readonly index: number;
}

/** A place and all places inside it. */
export function slotsOf(place: Place, path: string, index: number): Slot[] {
  return inside({ place, path, index, get: (outer) => outer, put: (_, inner) => inner });
}

// --- internal helpers ---

function inside(slot: Slot): Slot[] {
  const parts = Object.entries(slot.place.parts ?? {}).map(([name, { place, get, put }]) => ({
    place,
    path: slot.path + name,
    index: slot.index,
    get: (outer: unknown) => get(slot.get(outer)),
    put: (outer: unknown, inner: unknown) => slot.put(outer, put(slot.get(outer), inner)),
  }));
  return [slot, ...parts.flatMap(inside)];
}
