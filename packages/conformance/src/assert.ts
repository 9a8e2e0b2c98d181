/** Assertions that need no test runner, so that the suite can also be run by a program. */
import type { Tolerance } from "./tolerance";

/** The smallest normal float32. */
const SMALLEST_NORMAL = 2 ** -126;

/** Fails with `message` unless `condition` holds. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(message);
}

/** Fails unless both are the same value, or arrays of the same values. */
export function assertSame(got: unknown, expected: unknown, what: string): void {
  const show = (value: unknown) => (Array.isArray(value) ? `[${value.join(", ")}]` : String(value));
  const same =
    Array.isArray(got) && Array.isArray(expected)
      ? got.length === expected.length && got.every((value, i) => Object.is(value, expected[i]))
      : Object.is(got, expected);
  assert(same, `${what}: expected ${show(expected)}, got ${show(got)}`);
}

/**
 * Fails unless all elements agree within the tolerance; NaN agrees with NaN. The message has the first index that does not, both values, their
 * distance and what was allowed, and how many are off in all.
 */
export function assertClose(got: ArrayLike<number>, expected: ArrayLike<number>, tolerance: Tolerance, what: string): void {
  assertSame(got.length, expected.length, `${what}, length`);
  let first = -1;
  let count = 0;
  for (let i = 0; i < expected.length; i++) {
    if (agree(got[i] as number, expected[i] as number, tolerance)) continue;
    if (first < 0) first = i;
    count++;
  }
  if (first < 0) return;
  const [x, y] = [got[first] as number, expected[first] as number];
  const { name, rtol, atol } = tolerance;
  throw new Error(
    `${what}: element ${first} of ${expected.length}: expected ${show(y)}, got ${show(x)}, off by ${Math.abs(x - y)} where ` +
      `${allowed(y, tolerance)} is allowed (${name}: rtol ${rtol}, atol ${atol}); ${count} elements are off`,
  );
}

/** Fails unless `fn` throws, or its promise rejects with, an error of that name; gives the error. */
export async function assertThrows(name: string, fn: () => unknown, what: string): Promise<Error> {
  let result: unknown;
  try {
    result = await fn();
  } catch (error) {
    const got = (error as Error | undefined)?.name;
    assert(got === name, `${what}: expected ${name}, got ${got}: ${(error as Error | undefined)?.message}`);
    return error as Error;
  }
  throw new Error(`${what}: expected ${name}, got ${result === undefined ? "no error" : String(result)}`);
}

// --- internal helpers ---

function agree(x: number, y: number, tolerance: Tolerance): boolean {
  if (Object.is(x, y)) return true;
  if (x === y) return !tolerance.signedZero;
  if (tolerance.flushes && x === 0 && Math.abs(y) < SMALLEST_NORMAL) return true;
  // Infinities agree with themselves only: their distance to anything is no measure.
  return Number.isFinite(y) && Math.abs(x - y) <= allowed(y, tolerance);
}

function allowed(expected: number, { rtol, atol }: Tolerance): number {
  return atol + rtol * Math.abs(expected);
}

function show(value: number): string {
  return Object.is(value, -0) ? "-0" : String(value);
}
