import { rounded } from "../../words";

/** What became of a column, for people. */
export interface ColumnNote {
  readonly name: string;
  readonly text: string;
  /** Of plain numbers, the least and the most; such neighbours may share a line. */
  readonly range?: readonly [least: number, most: number];
}

/** Tables with more columns than this, such as pictures, get one line for neighbours of which there is the same to say. */
const MANY_COLUMNS = 30;

/** The notes line by line. */
export function noteLines(notes: readonly ColumnNote[]): (readonly [name: string, text: string])[] {
  const runs: ColumnNote[][] = [];
  for (const note of notes) {
    const run = runs.at(-1);
    if (notes.length > MANY_COLUMNS && run?.[0] !== undefined && isAlike(note, run[0])) run.push(note);
    else runs.push([note]);
  }
  return runs.map((run) => {
    const [first, last] = [run[0] as ColumnNote, run.at(-1) as ColumnNote];
    if (run.length === 1) return [first.name, first.text];
    const ranges = run.flatMap(({ range }) => (range === undefined ? [] : [range]));
    const text =
      ranges.length === 0 ? first.text : numbersText([least(ranges.map(([low]) => low)), -least(ranges.map(([, high]) => -high))]);
    return [`${first.name} … ${last.name}`, `${run.length.toLocaleString("en")} columns: ${text}`];
  });
}

/** What there is to say of numbers in a range. */
export function numbersText([least, most]: readonly [number, number]): string {
  return `numbers, ${rounded(least)} to ${rounded(most)}`;
}

// --- internal helpers ---

function isAlike(a: ColumnNote, b: ColumnNote): boolean {
  return a.range !== undefined && b.range !== undefined ? true : a.text === b.text;
}

function least(values: readonly number[]): number {
  return values.reduce((a, b) => Math.min(a, b));
}
