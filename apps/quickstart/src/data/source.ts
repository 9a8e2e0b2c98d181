import { cpu, Generator, rand, tidy } from "@dropwise/core";

/** Rows of a table with two classes. */
export interface Rows {
  readonly count: number;
  readonly features: number;
  /** Row-major, `count * features` numbers. */
  readonly inputs: Float32Array;
  /** The class of each row, 0 or 1. */
  readonly targets: Float32Array;
}

/** Rows to learn from and rows kept aside to judge by. */
export interface Split {
  readonly train: Rows;
  readonly test: Rows;
}

/** A place that rows come from. */
export interface DataSource {
  readonly name: string;
  readonly features: number;
  /** A sentence or two for people: what the rows are, what the two classes mean, and how rows are kept aside. */
  readonly about: string;
  /** The share of training labels known to be wrong; 0 if nothing is known. */
  readonly labelNoise: number;
  /** At most so many rows of each kind; the same seed gives the same rows. */
  split(seed: bigint, size: { readonly train: number; readonly test: number }): Split;
}

/** A random order of `0 .. count - 1`, from one host draw of the generator. */
export function randomOrder(count: number, generator: Generator): number[] {
  const keys = tidy(() => rand([count], { generator, backend: cpu }).dataSync());
  return Array.from(keys.keys()).sort((a, b) => (keys[a] as number) - (keys[b] as number) || a - b);
}

/** The chosen rows, copied. */
export function takeRows(rows: Rows, indices: readonly number[]): Rows {
  const { features } = rows;
  const inputs = new Float32Array(indices.length * features);
  const targets = new Float32Array(indices.length);
  indices.forEach((from, to) => {
    inputs.set(rows.inputs.subarray(from * features, (from + 1) * features), to * features);
    targets[to] = rows.targets[from] as number;
  });
  return { count: indices.length, features, inputs, targets };
}

/** The parts of the work that draw on the host beside the model, whose draws come from the plain seed. */
const PARTS = { rows: 1n, shuffle: 2n } as const;

/** The generator for one part of the work: a stream of its own, so that rows have nothing in common with the initial weights. */
export function generatorFor(seed: bigint, part: keyof typeof PARTS): Generator {
  return new Generator(BigInt.asUintN(64, seed + (PARTS[part] << 32n)));
}

/** `seed + n` in 64 bits, so that it stays a seed at both ends of the range. */
export function seedPlus(seed: bigint, n: number): bigint {
  return BigInt.asUintN(64, seed + BigInt(n));
}
