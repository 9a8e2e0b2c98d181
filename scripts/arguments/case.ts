/** A case: how one export is called rightly. A table of them stands beside each package's name in `cases/`. */
import type { Callable } from "./exports";
import { type Place, type Slot, slotsOf } from "./place";
import type { Target } from "./probe";

/** The places of a call's arguments, or these and more. */
export type Case = readonly Place[] | FullCase;

/** A case with more to say. */
export interface FullCase {
  readonly args?: readonly Place[];
  /** The object whose method it is. Default: its class's, from the table of receivers. */
  readonly on?: Place;
  /** Properties of that object that a program may set before; with dots, of objects inside. */
  readonly settings?: Readonly<Record<string, Place>>;
  /** What its messages may begin with, beside its own name and its class's. */
  readonly says?: readonly string[];
  /** It gives a promise. */
  readonly isAsync?: boolean;
  /** It refuses every call. */
  readonly refuses?: boolean;
  /** The tensors between its steps are the user's, who called `forward` of what is inside. */
  readonly leavesSteps?: boolean;
  /** What is called in its place: a subclass of an abstract class, say. */
  readonly as?: (value: never) => unknown;
}

/** Cases by id; a string is the reason why something has none. */
export type Cases = Readonly<Record<string, Case | string>>;

/** A case that can be probed: the object itself and its properties are places, too. */
export interface Prepared {
  readonly id: string;
  readonly target: Target;
  readonly slots: readonly Slot[];
}

/** Makes a case ready. `receivers` are the objects of classes whose cases name none. */
export function prepare(callable: Callable, given: Case, receivers: Readonly<Record<string, Place>>): Prepared {
  const full: FullCase = isPlaces(given) ? { args: given } : given;
  const { args = [], says = [], isAsync = false, refuses = false, leavesSteps = false } = full;
  const { id, owner } = callable;
  const name = id.replace(/=$/, "").split(/[.#]/).at(-1) as string;
  const names = [name, owner?.split(".").at(-1) ?? name, ...says];
  const common = { says: names, isAsync, refuses, leavesSteps };
  if (owner === null) {
    const slots = args.flatMap((place, i) => slotsOf(place, `argument ${i + 1}`, i));
    return { id, target: { ...common, places: args, arrange: () => {}, call: caller(callable, full), fits: () => true }, slots };
  }
  const on = full.on ?? receivers[owner];
  if (on === undefined) throw new Error(`${id}: expected a receiver for ${owner}, got none`);
  const settings = Object.entries(full.settings ?? {});
  const object = callable.kind === "getter" ? { ...on, accepts: () => true } : on;
  const places = [object, ...settings.map(([, place]) => place), ...args];
  const call = memberCaller(callable, settings.length);
  const arrange = ([object, ...values]: readonly unknown[]): void =>
    settings.forEach(([path], i) => {
      assign(object as Record<PropertyKey, unknown>, path.split("."), values[i]);
    });
  const pathOf = (i: number) =>
    i === 0 ? THIS : i <= settings.length ? `${THIS}.${settings[i - 1]?.[0]}` : `argument ${i - settings.length}`;
  const slots = places.flatMap((place, i) => slotsOf(place, pathOf(i), i));
  const fits = (slot: Slot, value: unknown) => slot.path !== THIS || hasMember(value, callable);
  return { id, target: { ...common, places, arrange, call, fits }, slots };
}

// --- internal helpers ---

/** How the object of a method is written. */
const THIS = "this";

type Call = (values: readonly unknown[]) => unknown;

function isPlaces(given: Case): given is readonly Place[] {
  return Array.isArray(given);
}

function caller({ kind, value }: Callable, { as }: FullCase): Call {
  const called = (as === undefined ? value : as(value as never)) as new (...values: unknown[]) => unknown;
  if (kind === "class") return (values) => new called(...values);
  return (values) => (called as unknown as (...values: unknown[]) => unknown)(...values);
}

/** The values are the object, as many `settings` of it, and the arguments. */
function memberCaller({ kind, key }: Callable, settings: number): Call {
  return ([receiver, ...rest]) => {
    const object = receiver as Record<PropertyKey, unknown>;
    const args = rest.slice(settings);
    if (kind === "method") return (object[key] as (...args: unknown[]) => unknown)(...args);
    if (kind === "getter") return object[key];
    object[key] = args[0];
    return undefined;
  };
}

function assign(holder: Record<PropertyKey, unknown>, [name, ...rest]: readonly string[], value: unknown): void {
  if (rest.length === 0) holder[name as string] = value;
  else assign(holder[name as string] as Record<PropertyKey, unknown>, rest, value);
}

/** True for an object of the member's class, or of one below that has not its own. */
function hasMember(object: unknown, { key, value }: Callable): boolean {
  try {
    for (let level = object; level !== null && typeof level === "object"; level = Object.getPrototypeOf(level)) {
      const found = Object.getOwnPropertyDescriptor(level, key);
      if (found !== undefined) return [found.value, found.get, found.set].includes(value);
    }
  } catch {
    // A value that throws when it is touched is no object of ours.
  }
  return false;
}
