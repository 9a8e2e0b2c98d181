import { cpu, DataLoader, Generator, TensorDataset, tensor } from "@dropwise/core";
import { appFile } from "../files";
import { parseTable } from "./csv/table";
import { readText } from "./csv/text";
import { type ImageSource, type Rows, takeRows } from "./source";

/** Rows to learn from; the other 797 judge. */
const LEARNED = 1000;

const SIZE = 8;

/** The largest pixel in the file. */
const BLACK = 16;

/**
 * 1,797 handwritten digits of 8 x 8 pixels, brought to [0, 1], with one split for all seeds and all programs that use them, so that what
 * they report can be compared: the first 1,000 rows in the order of `digitOrder` are learned from, the other 797 judge.
 *
 * Source: E. Alpaydin and C. Kaynak, "Optical Recognition of Handwritten Digits", UCI Machine Learning Repository, 1998 (CC BY 4.0).
 */
export function digitsSource(): ImageSource {
  const rows = readDigits();
  const order = digitOrder(rows.count);
  return {
    name: "digits",
    title: "handwritten digits",
    height: SIZE,
    width: SIZE,
    classes: Array.from({ length: 10 }, (_, digit) => String(digit)),
    question: { text: "is the digit odd?", yes: [1, 3, 5, 7, 9] },
    about:
      `${rows.count.toLocaleString("en")} digits that people wrote by hand, scanned to ${SIZE} x ${SIZE} pixels: ` +
      `${LEARNED.toLocaleString("en")} to learn from, the other ${rows.count - LEARNED} to judge by, the same ones for every seed.`,
    labelNoise: 0,
    split: (_seed, size) => ({
      train: takeRows(rows, order.slice(0, LEARNED).slice(0, size.train)),
      test: takeRows(rows, order.slice(LEARNED).slice(0, size.test)),
    }),
  };
}

/**
 * The order of the rows of the file: the first pass of a `DataLoader` that shuffles by `new Generator(0)`. That is `shuffle(0n, 0n, count)`
 * of `docs/random-stream.md`; it begins 1546, 1071, 1421, 333, 708.
 */
export function digitOrder(count: number): number[] {
  const places = tensor(
    Int32Array.from({ length: count }, (_, place) => place),
    { backend: cpu },
  );
  const loader = new DataLoader(new TensorDataset(places), { batchSize: count, shuffle: true, generator: new Generator(0) });
  const order: number[] = [];
  for (const [batch] of loader) order.push(...(batch.dataSync() as Int32Array));
  places.dispose();
  return order;
}

// --- internal helpers ---

function readDigits(): Rows {
  const file = appFile("data/digits.csv.gz");
  const { records } = parseTable(readText(file), file);
  const features = SIZE * SIZE;
  const pixels = records.flatMap(({ cells }) => cells.slice(0, features).map((cell) => Number(cell) / BLACK));
  return {
    count: records.length,
    features,
    inputs: Float32Array.from(pixels),
    targets: Int32Array.from(records, ({ cells }) => Number(cells[features])),
  };
}
