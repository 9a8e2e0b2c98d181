/** Numbers as integers that are added exactly: sums of floats would depend on how batches are cut. */
import type { Tensor } from "../../tensor/tensor";

/** The base, and the most that a digit is: the first one of 1. */
export const DIGIT = 256;

/** The first digits of numbers in [0, 1], int32; of NaN, 0. Exact in float32: each step takes bits away and adds none. */
export function digitsOf(x: Tensor, count: number): Tensor[] {
  const digits: Tensor[] = [];
  let rest = x;
  for (let i = 0; i < count; i++) {
    const scaled = rest.mul(DIGIT);
    const digit = scaled.type("int32");
    digits.push(digit);
    rest = scaled.sub(digit);
  }
  return digits;
}

/** The number that digits, or sums of them, stand for. */
export function fromDigits(digits: readonly number[]): number {
  return digits.reduceRight((sum, digit) => (sum + digit) / DIGIT, 0);
}
