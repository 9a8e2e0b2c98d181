import type { Generator } from "@dropwise/core";
import { type Rows, randomOrder, type Split, takeRows } from "./source";

/** The share of rows that is kept aside to judge by. */
const TEST_SHARE = 0.25;

/**
 * Keeps a quarter of each class aside as test rows, at least one; both parts are shuffled and then cut to `size`.
 * Each class needs two rows or more.
 */
export function splitStratified(rows: Rows, generator: Generator, size: { readonly train: number; readonly test: number }): Split {
  const order = randomOrder(rows.count, generator);
  const train: number[] = [];
  const test: number[] = [];
  for (const label of [0, 1]) {
    const members = order.filter((row) => rows.targets[row] === label);
    const held = Math.max(1, Math.round(members.length * TEST_SHARE));
    test.push(...members.slice(0, held));
    train.push(...members.slice(held));
  }
  return { train: takeRows(rows, mixed(train, size.train, generator)), test: takeRows(rows, mixed(test, size.test, generator)) };
}

/** Brings each column to mean 0 and standard deviation 1 over the training rows, which alone may set the scale. Constant columns become 0. */
export function standardize({ train, test }: Split): Split {
  const { features } = train;
  const mean = new Float64Array(features);
  const square = new Float64Array(features);
  train.inputs.forEach((value, i) => {
    mean[i % features] = (mean[i % features] as number) + value / train.count;
  });
  train.inputs.forEach((value, i) => {
    square[i % features] = (square[i % features] as number) + (value - (mean[i % features] as number)) ** 2 / train.count;
  });
  const scale = square.map((variance, i) => {
    // Rounding leaves a constant column a variance of about 1e-32 times its square, which must not be blown up to 1.
    const floor = 1e-12 * (mean[i] as number) ** 2;
    return variance > floor ? 1 / Math.sqrt(variance) : 0;
  });
  const apply = (rows: Rows): Rows => ({
    ...rows,
    inputs: rows.inputs.map((value, i) => (value - (mean[i % features] as number)) * (scale[i % features] as number)),
  });
  return { train: apply(train), test: apply(test) };
}

// --- internal helpers ---

/** The indices in a new random order, cut to `limit`. */
function mixed(indices: readonly number[], limit: number, generator: Generator): number[] {
  return randomOrder(indices.length, generator)
    .slice(0, limit)
    .map((i) => indices[i] as number);
}
