import { cpu, Generator, rand, tidy } from "@dropwise/core";

/** Rows of a table, each in one of some classes. */
export interface Rows {
  readonly count: number;
  readonly features: number;
  /** Row-major, `count * features` numbers. */
  readonly inputs: Float32Array;
  /** The class of each row: its place in the source's `classes`. */
  readonly targets: Int32Array;
}

/** Rows to learn from and rows kept aside to judge by. */
export interface Split {
  readonly train: Rows;
  readonly test: Rows;
  /** What became of each column of a person's table, by its name; runs of like columns may share a line. */
  readonly columns?: readonly (readonly [name: string, note: string])[];
}

/** A question with two answers, for models with one output. */
export interface Question {
  /** Ends in a question mark. */
  readonly text: string;
  /** The classes whose answer is yes. */
  readonly yes: readonly number[];
}

/** A place that rows come from. */
export interface DataSource {
  readonly name: string;
  /** What classes 0, 1, … are called. */
  readonly classes: readonly string[];
  /** What the three programs answer, which tell two classes apart. */
  readonly question: Question;
  /** A sentence or two for people: what the rows are and how rows are kept aside. */
  readonly about: string;
  /** The share of training labels known to be wrong; 0 if nothing is known. */
  readonly labelNoise: number;
  /** At most so many rows of each kind; the same seed gives the same rows. */
  split(seed: bigint, size: { readonly train: number; readonly test: number }): Split;
}

/** A source whose rows are pictures: brightness from 0 to 1, row by row. */
export interface ImageSource extends DataSource {
  /** What the pictures show, for a heading. */
  readonly title: string;
  readonly height: number;
  readonly width: number;
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
  indices.forEach((from, to) => {
    inputs.set(rows.inputs.subarray(from * features, (from + 1) * features), to * features);
  });
  return { count: indices.length, features, inputs, targets: Int32Array.from(indices, (row) => rows.targets[row] as number) };
}

/** The same rows with the answers to a question as classes: 1 for yes, 0 for no. */
export function ask({ yes }: Question, { train, test }: Split): Split {
  const answered = (rows: Rows): Rows => ({ ...rows, targets: rows.targets.map((label) => (yes.includes(label) ? 1 : 0)) });
  return { train: answered(train), test: answered(test) };
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
