/** The errors for arguments, in the one form they have: `op: expected X, got Y - what to do`. */
import { describe } from "./describe";

/**
 * For a value of a wrong type.
 *
 * @param op The call as its caller wrote it.
 * @param expected What would have been right.
 * @param value What came.
 * @param advice What to do.
 */
export function wrongType(op: string, expected: string, value: unknown, advice?: string): TypeError {
  return new TypeError(message(op, expected, describe(value), advice));
}

/** For what came in the words of the caller, such as a dtype. */
export function refusal(op: string, expected: string, got: string, advice?: string): TypeError {
  return new TypeError(message(op, expected, got, advice));
}

/**
 * For a value of the right type that cannot be.
 *
 * @param op The call as its caller wrote it.
 * @param expected What would have been right.
 * @param value What came.
 * @param advice What to do.
 */
export function wrongValue(op: string, expected: string, value: unknown, advice?: string): RangeError {
  return new RangeError(message(op, expected, describe(value), advice));
}

// --- internal helpers ---

function message(op: string, expected: string, got: string, advice: string | undefined): string {
  return `${op}: expected ${expected}, got ${got}${advice === undefined ? "" : ` - ${advice}`}`;
}
