import { UserError } from "../../user-error";
import { counted, listed, quoted } from "../../words";
import { booleanWords, type DecimalMark, isMissing, toNumbers } from "./cells";
import type { CsvTable } from "./table";

/** Fewer rows than this cannot be split into a part to learn from and a part to judge by. */
const MIN_ROWS = 10;

/** More texts than this name rows, not classes; more numbers than this are a quantity. */
const MAX_CLASSES = 20;

/** What the models are to find out. */
export interface Target {
  /** The table with those rows alone that say what they are. */
  readonly table: CsvTable;
  readonly classes: readonly string[];
  /** The class of each row of `table`. */
  readonly labels: Int32Array;
  /** What the last class is, as a question. */
  readonly question: string;
  /** What became of the column, for people. */
  readonly note: string;
}

/**
 * Makes classes of a column: one for each of its values, numbers by size and texts by alphabet; of a quantity two, small and large. Rows
 * without a value are left out.
 *
 * @throws UserError for a column that is not there or makes no classes.
 */
export function readTarget(all: CsvTable, target: string, mark: DecimalMark): Target {
  const index = all.names.indexOf(target);
  if (index < 0) throw unknownColumn(all, target);
  if (all.names.length < 2) throw new UserError(`${all.name}: expected a column beside the target, got only ${quoted(target)}`);
  if (all.records.length < MIN_ROWS) {
    throw new UserError(
      `${all.name}: expected at least ${MIN_ROWS} rows below the header, got ${all.records.length || "none"} - add rows to learn from`,
    );
  }
  const records = all.records.filter(({ cells }) => !isMissing(cells[index] as string));
  const table = { ...all, records };
  const place = `${all.name}: column ${quoted(target)} (--target)`;
  const without = all.records.length - records.length;
  if (records.length < MIN_ROWS) {
    const first = all.records.find(({ cells }) => isMissing(cells[index] as string))?.line;
    throw new UserError(
      `${place}: expected a value in at least ${MIN_ROWS} rows, got ${records.length || "none"} (line ${first} is the first without) - fill it in`,
    );
  }

  const { classes, labels, question, kind } = makeClasses(
    records.map(({ cells }) => cells[index] as string),
    { target, mark, place },
  );
  const counts = classes.map((_, label) => labels.reduce((count, other) => count + (other === label ? 1 : 0), 0));
  const rare = counts.findIndex((count) => count < 2);
  if (rare >= 0) {
    throw new UserError(
      `${all.name}:${records[labels.indexOf(rare)]?.line}: expected at least two rows of each class in column ${quoted(target)}, ` +
        `got one of ${quoted(classes[rare] as string)} - correct a slip, or remove the row`,
    );
  }
  const sizes = listed(
    classes.map((name, label) => `${name} (${counts[label]})`),
    MAX_CLASSES,
  );
  const left = without === 0 ? "" : `; ${counted(without, "row")} without a value left out`;
  return { table, classes, labels, question, note: `the target, ${kind}: ${sizes}${left}` };
}

// --- internal helpers ---

interface Classes {
  readonly classes: readonly string[];
  readonly labels: Int32Array;
  readonly question: string;
  readonly kind: string;
}

function makeClasses(cells: readonly string[], about: { target: string; mark: DecimalMark; place: string }): Classes {
  const { target, mark, place } = about;
  const numbers = toNumbers(cells, mark);
  if (!numbers.some(Number.isNaN)) {
    const different = [...new Set(numbers)].sort((a, b) => a - b);
    if (different.length > MAX_CLASSES || different.length > cells.length / 2) return quantity(numbers, different, target);
    return classesOf([...numbers], different, about);
  }
  const values = booleanWords(cells) === undefined ? cells : cells.map((cell) => cell.toLowerCase());
  const different = [...new Set(values)].sort();
  if (different.length > MAX_CLASSES) {
    throw new UserError(
      `${place}: expected at most ${MAX_CLASSES} classes, got ${different.length} different texts (${listed(different.map(quoted), 3)}) - ` +
        "choose a column that holds classes",
    );
  }
  return classesOf(values, different, about);
}

function classesOf<T extends string | number>(
  values: readonly T[],
  different: readonly T[],
  { target, place }: { target: string; place: string },
): Classes {
  if (different.length < 2) {
    throw new UserError(
      `${place}: expected at least two classes, got ${quoted(String(different[0]))} in every row that has a value - choose another column`,
    );
  }
  const numberOf = new Map(different.map((value, label) => [value, label]));
  return {
    classes: different.map(String),
    labels: Int32Array.from(values, (value) => numberOf.get(value) as number),
    question: `is ${target} = ${different.at(-1)}?`,
    kind: `${different.length} classes`,
  };
}

/** Two classes, cut where they come closest to equal size. */
function quantity(values: Float64Array, different: readonly number[], target: string): Classes {
  const upTo = new Map(different.map((value) => [value, 0]));
  for (const value of values) upTo.set(value, (upTo.get(value) as number) + 1);
  let below = 0;
  let cut = different[0] as number;
  let best = Number.POSITIVE_INFINITY;
  for (const value of different.slice(0, -1)) {
    below += upTo.get(value) as number;
    const uneven = Math.abs(2 * below - values.length);
    if (uneven < best) [cut, best] = [value, uneven];
  }
  return {
    classes: [`up to ${cut}`, `above ${cut}`],
    labels: Int32Array.from(values, (value) => (value > cut ? 1 : 0)),
    question: `is ${target} above ${cut}?`,
    kind: `a quantity of ${different.length.toLocaleString("en")} different numbers, cut in the middle`,
  };
}

function unknownColumn({ name, names }: CsvTable, target: string): UserError {
  const plain = (text: string): string => text.toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");
  const near = names.find((candidate) => plain(candidate) === plain(target));
  const fix = near === undefined ? "name one of them; the first line must hold the names" : `did you mean ${quoted(near)}?`;
  return new UserError(`${name}: expected a column ${quoted(target)} (--target), got ${listed(names.map(quoted))} - ${fix}`);
}
