/** What a reader tells on its way, and what stops it. */
import { wrongType } from "./refusal";

/** What an `AbortSignal` has, for programs that know no such type. */
export interface AbortSignalLike {
  /** True once it was given. */
  readonly aborted: boolean;
  /** Why. */
  readonly reason: unknown;
  /**
   * Has a function called when it is given.
   *
   * @param type "abort".
   * @param listener The function.
   */
  addEventListener(type: "abort", listener: () => void): void;
  /**
   * Takes that back.
   *
   * @param type "abort".
   * @param listener The function.
   */
  removeEventListener(type: "abort", listener: () => void): void;
}

/** How far a reader is. */
export interface Progress {
  /** Bytes read so far. */
  readonly read: number;
  /** Bytes that will be read in all; undefined where a server does not tell. */
  readonly total: number | undefined;
}

/** Options of all readers. */
export interface ReadOptions {
  /** Called whenever bytes have come, some MB at a time. What it throws ends the reading. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /** Ends the reading: the promise is rejected with the signal's reason. */
  readonly signal?: AbortSignalLike | undefined;
}

/** The options of a call, of which `names` are known. Each is read once; unknown names are refused. */
export function optionsOf<T extends object>(op: string, options: T | undefined, names: readonly (keyof T & string)[]): Partial<T> {
  const given: Partial<T> = {};
  if (options === undefined) return given;
  if (!isPlainObject(options as unknown)) throw wrongType(op, "options as { name: value }", options);
  for (const name in options as T) {
    if (!(names as readonly string[]).includes(name)) {
      const near = names.find((known) => isWithin(2, name.slice(0, 40).toLowerCase(), known.toLowerCase()));
      throw wrongType(op, `the options ${names.join(", ")}`, name, near === undefined ? "leave it out" : `did you mean ${near}?`);
    }
    given[name] = options[name];
  }
  return given;
}

/** The options that all readers have, checked. */
export function readOptionsOf<T extends ReadOptions>(op: string, options: T | undefined, ...more: (keyof T & string)[]): Partial<T> {
  const given = optionsOf(op, options, ["onProgress", "signal", ...more]);
  const { onProgress, signal } = given;
  if (onProgress !== undefined && typeof onProgress !== "function") throw wrongType(op, "onProgress to be a function", onProgress);
  if (signal !== undefined && (typeof signal?.aborted !== "boolean" || typeof signal.addEventListener !== "function"))
    throw wrongType(op, "signal to be an AbortSignal", signal, "pass controller.signal");
  return given;
}

/** Throws the reason of a signal that was given. */
export function throwIfAborted(signal: AbortSignalLike | undefined): void {
  if (signal?.aborted) throw signal.reason;
}

/** An object of no class, of whichever realm. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  try {
    const prototype = Object.getPrototypeOf(value);
    return prototype === null || Object.getPrototypeOf(prototype) === null;
  } catch {
    return false; // a proxy that was revoked
  }
}

// --- internal helpers ---

/** True when `slips` letters inserted, dropped or changed make one word of the other. */
function isWithin(slips: number, a: string, b: string): boolean {
  if (a === b) return true;
  const [restA, restB] = [a.slice(1), b.slice(1)];
  if (a[0] === b[0]) return isWithin(slips, restA, restB);
  return slips > 0 && (isWithin(slips - 1, restA, b) || isWithin(slips - 1, a, restB) || isWithin(slips - 1, restA, restB));
}
