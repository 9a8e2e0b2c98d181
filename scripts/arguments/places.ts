/** The places that calls are made of: plain values, things of the library, and places with places inside. */
import { isTensor, nn, type Tensor } from "@dropwise/core";
import type { Part, Place } from "./place";
import type { World } from "./world";

// --- other places of the same kind ---

/** May be left out. */
export const optional = (place: Place): Place => ({ ...place, accepts: (value, w) => value === undefined || place.accepts(value, w) });

/** May be null. */
export const nullable = (place: Place): Place => ({ ...place, accepts: (value, w) => value === null || place.accepts(value, w) });

/** Takes what another place takes, too. */
export const or = (place: Place, other: Place): Place => ({
  ...place,
  accepts: (value, w) => place.accepts(value, w) || other.accepts(value, w),
});

// --- plain values ---

/** Whatever it is, the call may work. */
export const anything = (valid: unknown = 1): Place => ({ valid: () => valid, accepts: () => true });

/** A number that passes a test; by default any, with NaN and the infinities. */
export const number = (valid: number, test: (value: number) => boolean = () => true): Place => ({
  valid: () => valid,
  accepts: (value) => typeof value === "number" && test(value),
});

/** An integer in [low, high]. */
export const integer = (valid: number, low = Number.NEGATIVE_INFINITY, high = Number.POSITIVE_INFINITY): Place =>
  number(valid, (n) => Number.isInteger(n) && n >= low && n <= high);

/** A finite number of 0 or more. */
export const amount = (valid: number): Place => number(valid, (n) => n >= 0 && n < Number.POSITIVE_INFINITY);

/** A number in [0, 1]. */
export const fraction = (valid: number): Place => number(valid, (n) => n >= 0 && n <= 1);

/** True or false. */
export const flag = (valid = true): Place => ({ valid: () => valid, accepts: (value) => typeof value === "boolean" });

/** One of some words. */
export const word = (valid: string, ...others: readonly string[]): Place => ({
  valid: () => valid,
  accepts: (value) => [valid, ...others].includes(value as string),
});

/** A seed of a generator. */
export const seed: Place = { valid: () => 3, accepts: (value) => typeof value === "bigint" || Number.isSafeInteger(value) };

// --- tensors ---

/** A tensor; live ones of any kind may do. */
export const tensor = (shape: readonly number[] = [2, 3], options: Parameters<World["tensor"]>[1] = {}): Place => ({
  valid: (w) => w.tensor(shape, options),
  accepts: isLive,
});

/** A tensor that meets another one, and so is of its backend. */
export const operand = (shape?: readonly number[], options?: Parameters<World["tensor"]>[1]): Place => ({
  ...tensor(shape, options),
  accepts: (value, w) => isLive(value) && (value as Tensor).backend === w.backend,
});

/** Such a tensor, or a number. */
export const operandOrNumber = (valid: number): Place => or(number(valid), operand());

/** A leaf that requires a gradient. */
export const parameter = (shape?: readonly number[]): Place => ({ valid: (w) => w.parameter(shape), accepts: isTrainable });

/** What `grad` computes by. */
export const leaf: Place = { valid: leafOf, accepts: isLive };

/** A scalar that was computed from that leaf. */
export const loss: Place = { valid: (w) => leafOf(w).mul(2).sum(), accepts: isLive };

// --- other things of the library ---

/** A backend. */
export const backend: Place = { valid: (w) => w.backend, accepts: has("allocate") };

/** A generator. */
export const generator: Place = { valid: (w) => w.generator, accepts: has("manualSeed") };

/** A module of one tensor. */
export const module: Place = { valid: (w) => w.module(new nn.ReLU()), accepts: (value) => value instanceof nn.Module };

/** A dataset: arrays are, too. */
export const dataset: Place = {
  valid: (w) => w.dataset(),
  accepts: (value) => typeof value === "object" && (has("batch")(value) || has("at")(value)),
};

/** What only a world can make, and no kind of value stands for. */
export const made = (valid: Place["valid"]): Place => ({ valid, accepts: () => false });

/** The object of a method. What else has the very method may do. */
export const receiver = (valid: Place["valid"]): Place => ({ valid, accepts: () => true });

// --- places with places inside ---

/** An object of options, each with its place; those that are `required` cannot be left out. */
export function options(places: Readonly<Record<string, Place>>, required: readonly string[] = []): Place {
  const parts = Object.entries(places).map(
    ([name, place]) => [`.${name}`, property(name, required.includes(name) ? place : optional(place))] as const,
  );
  return {
    valid: (w) => Object.freeze(Object.fromEntries(Object.entries(places).map(([name, place]) => [name, place.valid(w)]))),
    accepts: (value) => required.length === 0 && (value === undefined || isEmptyObject(value)),
    options: Object.keys(places),
    parts: Object.fromEntries(parts),
  };
}

/** An array of what belongs in a place. */
export function list(item: Place, length = 1): Place {
  return {
    valid: (w) => Object.freeze(Array.from({ length }, () => item.valid(w))),
    accepts: (value, w) => isArrayOf(value, (inner) => item.accepts(inner, w)),
    parts: {
      "[0]": { place: item, get: (outer) => (outer as unknown[])[0], put: (outer, inner) => [inner, ...(outer as unknown[]).slice(1)] },
    },
  };
}

/** Anything that can be looped over and gives what belongs in a place; strings and typed arrays do, as long as they are empty. */
export function iterable(item: Place): Place {
  const array = list(item);
  return or(array, { ...array, accepts: (value) => value === "" || (ArrayBuffer.isView(value) && (value as Uint8Array).length === 0) });
}

/** A function, and what it returns. */
export function callback(result: Place, valid: (w: World) => (...args: never[]) => unknown = (w) => () => result.valid(w)): Place {
  return {
    valid,
    accepts: (value, w) => typeof value === "function" && !/^(class|async)\b/.test(String(value)) && result.accepts(undefined, w),
    parts: { "()": { place: result, get: () => undefined, put: (_, inner) => () => inner } },
  };
}

/** An object with some properties that have places. */
export function object(
  valid: (w: World) => object,
  places: Readonly<Record<string, Place>>,
  accepts: Place["accepts"] = () => false,
): Place {
  return { valid, accepts, parts: Object.fromEntries(Object.entries(places).map(([name, place]) => [`.${name}`, property(name, place)])) };
}

// --- shapes and dimensions ---

/** Sizes; -1 among them only where `low` says so. */
export function shape(valid: readonly number[] = [2, 3], low = 0): Place {
  const array = list(integer(valid[0] ?? 1, low, MAX_SIZE));
  return { ...array, valid: () => Object.freeze([...valid]) };
}

/** A dimension of something with `rank` dimensions. */
export const dim = (valid = 0, rank = 2): Place => integer(valid, -rank, rank - 1);

/** One dimension or several. */
export const dims: Place = or(list(dim()), dim());

/** Two dimensions in another order. */
export const permutation: Place = {
  ...list(number(1, (n) => n === 1 || n === -1)),
  valid: () => Object.freeze([1, 0]),
  accepts: () => false,
};

// --- internal helpers ---

/** Sizes that a test can afford. */
const MAX_SIZE = 1000;

/** Lists that a test can afford to go through. */
const MAX_LENGTH = 1000;

function property(name: string, place: Place): Part {
  return {
    place,
    get: (outer) => (outer as Record<string, unknown>)[name],
    put: (outer, inner) => ({ ...(outer as object), [name]: inner }),
  };
}

function leafOf(w: World): Tensor {
  return w.once("leaf", () => w.tensor([2, 3], { requiresGrad: true }));
}

function isLive(value: unknown): boolean {
  return isTensor(value) && !value.isDisposed;
}

function isTrainable(value: unknown): boolean {
  return isTensor(value) && !value.isDisposed && value.requiresGrad && value.isLeaf;
}

function has(method: string): (value: unknown) => boolean {
  return (value) => typeof (value as Partial<Record<string, unknown>> | null | undefined)?.[method] === "function";
}

/** True for a short array all of whose places, the empty ones included, pass. */
export function isArrayOf(value: unknown, test: (item: unknown) => boolean): boolean {
  return Array.isArray(value) && value.length <= MAX_LENGTH && Array.from(value).every(test);
}

/** True for an object without properties that is of no class. */
export function isEmptyObject(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return (prototype === Object.prototype || prototype === null) && Object.keys(value).length === 0;
}
