import { expect } from "vitest";

/** Fails with the first element that is further off than `atol + rtol * |expected|`, naming both values and the distance. */
export function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, { rtol = 1e-5, atol = 1e-6 } = {}, label = ""): void {
  expect(actual.length, `${label} length`).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) {
    const a = actual[i] as number;
    const e = expected[i] as number;
    if (Object.is(a, e) || (Number.isNaN(a) && Number.isNaN(e)) || a === e) continue;
    const distance = Math.abs(a - e);
    if (!(distance <= atol + rtol * Math.abs(e))) {
      expect.fail(`${label} element ${i}: expected ${e}, got ${a}, off by ${distance} of ${atol + rtol * Math.abs(e)} allowed`);
    }
  }
}
