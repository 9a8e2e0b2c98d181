import { counted, listed, quoted, rounded } from "../../words";
import type { Rows } from "../source";
import { type Column, FEW_TEXTS } from "./columns";
import { numbersText } from "./notes";

/** How the rows of one column become numbers, and a note about it for people. */
export interface Encoding {
  /** Columns of numbers that it makes. */
  readonly width: number;
  readonly note: string;
  /** Of plain numbers, the least and the most. */
  readonly range?: readonly [least: number, most: number];
  /** Writes the numbers of a row. */
  write(row: number, out: Float32Array, at: number): void;
}

/**
 * Learns from the training rows how to make numbers of a column: the mean and deviation that it is scaled by, the median that stands for
 * a missing value, the texts that there are. Test rows teach nothing, since a model would not know them in use either.
 */
export function encodingOf(column: Exclude<Column, { kind: "left out" }>, train: readonly number[]): Encoding {
  if (column.kind === "number") return numberEncoding(column.values, train);
  if (column.kind === "boolean") return booleanEncoding(column.values, column.words);
  return textEncoding(column.values, train);
}

/** The chosen rows of all columns, side by side. */
export function encodeRows(encodings: readonly Encoding[], labels: Int32Array, indices: readonly number[]): Rows {
  const features = encodings.reduce((sum, { width }) => sum + width, 0);
  const inputs = new Float32Array(indices.length * features);
  indices.forEach((row, to) => {
    let at = to * features;
    for (const encoding of encodings) {
      encoding.write(row, inputs, at);
      at += encoding.width;
    }
  });
  return { count: indices.length, features, inputs, targets: Int32Array.from(indices, (row) => labels[row] as number) };
}

// --- internal helpers ---

/** Farther than this from the mean, in deviations, a number of a test row counts as this far, so that none overflows. */
const FARTHEST = 1e6;

/** Mean 0 and deviation 1 over the training rows; one that is the same in all of them becomes 0. */
function numberEncoding(values: Float64Array, train: readonly number[]): Encoding {
  const known = train.map((row) => values[row] as number).filter((value) => !Number.isNaN(value));
  const median = medianOf(known);
  const filled = train.map((row) => (Number.isNaN(values[row]) ? median : (values[row] as number)));
  const mean = filled.reduce((sum, value) => sum + value / filled.length, 0);
  const deviation = Math.sqrt(filled.reduce((sum, value) => sum + (value - mean) ** 2 / filled.length, 0));
  const isConstant = !(deviation > 0) || filled.every((value) => value === filled[0]); // rounding may leave a constant some deviation

  const all = values.filter((value) => !Number.isNaN(value));
  const missing = values.length - all.length;
  const range = [all.reduce((a, b) => Math.min(a, b)), all.reduce((a, b) => Math.max(a, b))] as const;
  const more = [
    ...(missing === 0 ? [] : [`; ${missing.toLocaleString("en")} missing: they count as the median, ${rounded(median)}`]),
    ...(isConstant ? ["; the same in all rows that are learned from, so they teach nothing"] : []),
  ];
  return {
    width: 1,
    note: numbersText(range) + more.join(""),
    ...(more.length === 0 && { range }),
    write(row, out, at) {
      const value = Number.isNaN(values[row]) ? median : (values[row] as number);
      out[at] = isConstant ? 0 : Math.max(-FARTHEST, Math.min(FARTHEST, (value - mean) / deviation));
    },
  };
}

/** The middle value, 0 if there is none. */
function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return sorted.length === 0 ? 0 : ((sorted[Math.floor(middle)] as number) + (sorted[Math.ceil(middle)] as number)) / 2;
}

function booleanEncoding(values: Float64Array, [no, yes]: readonly [string, string]): Encoding {
  return {
    width: 1,
    note: `${yes} or ${no}: 1 or 0`,
    write(row, out, at) {
      out[at] = values[row] as number;
    },
  };
}

/** A column of 0 and 1 for each of a few texts, one of codes for more. */
function textEncoding(values: readonly (string | null)[], train: readonly number[]): Encoding {
  const seen = new Set(train.map((row) => values[row] ?? null));
  const texts = [...seen].filter((value) => value !== null).sort();
  const missing = values.reduce((count, value) => count + (value === null ? 1 : 0), 0);
  // A missing value is a value of its own, the last one.
  const all: (string | null)[] = seen.has(null) ? [...texts, null] : texts;
  const places = new Map(all.map((value, place) => [value, place]));
  const gaps = missing === 0 ? "" : `; ${missing.toLocaleString("en")} missing: a value of its own`;
  if (all.length > FEW_TEXTS) {
    // Numbers of their places, so that texts that sort well, such as dates, keep their order; 0 is for what no training row has.
    const codes = Float64Array.from(values, (value) => (places.get(value) ?? -1) + 1);
    const { width, write } = numberEncoding(codes, train);
    return { width, write, note: `text, ${counted(all.length, "value")}: codes from 1, in alphabetical order${gaps}` };
  }
  const names = listed(
    all.map((value) => (value === null ? "missing" : quoted(value))),
    FEW_TEXTS,
  );
  return {
    width: all.length,
    note: `text, ${counted(all.length, "column")} of 0 and 1: ${names}${gaps}`,
    write(row, out, at) {
      const place = places.get(values[row] ?? null);
      if (place !== undefined) out[at + place] = 1;
    },
  };
}
