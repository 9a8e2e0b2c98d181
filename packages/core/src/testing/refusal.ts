import { expect } from "vitest";

/** Expects `fn` to throw an error of exactly this name whose message contains all `parts`, and returns it. */
export function expectRefusal(fn: () => unknown, name: string, ...parts: readonly string[]): Error {
  let caught: unknown;
  try {
    fn();
  } catch (error) {
    caught = error;
  }
  return checkRefusal(caught, name, parts);
}

/** The same for a promise. */
export async function expectRejection(promise: Promise<unknown>, name: string, ...parts: readonly string[]): Promise<Error> {
  const caught = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  return checkRefusal(caught, name, parts);
}

function checkRefusal(caught: unknown, name: string, parts: readonly string[]): Error {
  expect(caught, `expected ${name}, nothing was thrown`).toBeInstanceOf(Error);
  const error = caught as Error;
  expect(error.name, error.message).toBe(name);
  for (const part of parts) expect(error.message).toContain(part);
  return error;
}
