/**
 * How the objects of this library are recognised: by brand, never by `instanceof`, since a process may load core twice (as ESM and as
 * CommonJS), and through the transparent proxies that reactive state puts around what it holds.
 */

import type { Tensor } from "../tensor/tensor";

/** The property by which objects of this library are recognised; its value says which kind. */
export const BRAND: unique symbol = Symbol.for("@dropwise/core:brand") as never;

/** Where an object refers to itself. */
const SELF: unique symbol = Symbol.for("@dropwise/core:self") as never;

/** The kinds of branded objects. */
export type Brand =
  | "Tensor"
  | "Parameter"
  | "Buffer"
  | "Module"
  | "Generator"
  | "Optimizer"
  | "LRScheduler"
  | "Dataset"
  | "DataLoader"
  | "Sampler";

/** True when `value` is an object of the kind, from whichever copy of core. */
export function isBranded(value: unknown, brand: Brand): boolean {
  return brandOf(value) === brand;
}

/** True for a `value` that is a tensor, a parameter or a buffer, from whichever copy of core (a process may load it as ESM and as CommonJS). */
export function isTensor(value: unknown): value is Tensor {
  if (typeof value !== "object" || value === null) return false;
  // The first asks no prototype: every operation asks for each of its operands.
  if (RawTensor.is(value)) return true;
  return ["Tensor", "Parameter", "Buffer"].includes(brandOf(value) as string);
}

/** The kind of a branded object; undefined for anything else. */
export function brandOf(value: unknown): Brand | undefined {
  return typeof value === "object" && value !== null ? (value as { [BRAND]?: Brand })[BRAND] : undefined;
}

/**
 * The base of what has private fields, which cannot be read through a proxy: methods start from `raw(this)`, and functions from `raw` of
 * what they are given. Vue leaves such objects alone; other transparent proxies hand out the property descriptor of their target.
 */
export abstract class Raw {
  /** @internal */
  readonly [SELF]: unknown = this;
  readonly #isRaw = true;

  /** @internal Vue's mark for what it must not wrap. */
  get __v_skip(): boolean {
    return true;
  }

  /** @internal True for the object itself, as made by this copy of core. */
  static is(value: object): boolean {
    return #isRaw in value;
  }
}

/**
 * The same for tensors. A class of their own: a constructor that makes every layer, too, meets objects of many forms, and takes twice as long for each
 * of the tensors, of which an operation makes one.
 */
export abstract class RawTensor {
  /** @internal */
  readonly [SELF]: unknown;
  readonly #isRaw = true;

  /** @internal */
  constructor() {
    this[SELF] = this; // as a field with a value it would cost as much as the rest of a tensor
  }

  /** @internal Vue's mark for what it must not wrap. */
  get __v_skip(): boolean {
    return true;
  }

  /** @internal True for the tensor itself, as made by this copy of core. */
  static is(value: object): boolean {
    return #isRaw in value;
  }
}

/** The object itself, where `value` may be a transparent proxy around it. */
export function raw<T extends object>(value: T): T {
  // Never a get: a proxy would wrap what it gives.
  return RawTensor.is(value) || Raw.is(value) ? value : ((Object.getOwnPropertyDescriptor(value, SELF)?.value as T | undefined) ?? value);
}

/** True for a promise, of whichever realm or library. */
export function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === "function";
}

/** True for `{}` and the like, of whichever realm. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
