/** Signals that end a pass over data. */
import { wrongType } from "../errors/refusal";

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

/** Refuses what is neither a signal nor left out. */
export function checkSignal(op: string, signal: AbortSignalLike | undefined): void {
  if (signal !== undefined && (typeof signal?.aborted !== "boolean" || typeof signal.addEventListener !== "function"))
    throw wrongType(op, "signal to be an AbortSignal", signal, "pass controller.signal");
}

/** Throws the reason of a signal that was given. */
export function throwIfAborted(signal: AbortSignalLike | undefined): void {
  if (signal?.aborted) throw signal.reason;
}

/** What a promise gives, or, as soon as there is a signal, its reason. */
export async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignalLike | undefined): Promise<T> {
  throwIfAborted(signal);
  if (signal === undefined) return promise;
  let stop = () => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
    signal.addEventListener("abort", stop);
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
