/** What lies in a file, as a table. */

import type { ByteSource } from "./byte-source";
import { readNpy } from "./numpy/npy";
import { readNpz } from "./numpy/npz";
import { WeightFileError } from "./refusal";
import { readHeader } from "./safetensors/header";
import { type ReadOptions, readOptionsOf } from "./signal";
import { openSource, type Source } from "./source";
import { readTorch } from "./torch/read";
import { BYTES, type Weight } from "./weight";
import { zipEntries } from "./zip";

/**
 * What lies in a file of weights, as a table to print: a line for each tensor, with its shape, dtype and size, and a last one with the totals. The kind of file is
 * told by its first bytes: safetensors, of which only the header is read, PyTorch's files, NumPy's arrays and archives. A tensor inside of dicts and lists has its path for a name.
 *
 * @param source The file: a path, a URL, a `Blob`, a `Response` or bytes.
 * @param options `onProgress`: told as bytes come. `signal`: ends the reading.
 * @returns The table. Characters that a terminal could take for commands are written as escapes.
 * @throws WeightFileError for what is none of the files it knows; TypeError for what is no source.
 * @example
 * ```ts
 * const file = await writeSafetensors({ "0.weight": { shape: [2, 3], dtype: "float32", data: new Float32Array(6) } });
 * const [names, first, total] = (await describe(file)).split("\n");
 * console.log(names); // name      shape   dtype    size
 * console.log(first); // 0.weight  [2, 3]  float32  24 B
 * console.log(total); // 1 tensor, 6 elements, 24 B (safetensors)
 * ```
 */
export async function describe(source: Source, options?: ReadOptions): Promise<string> {
  const op = "describe";
  const opened = await openSource(op, source, readOptionsOf(op, options));
  try {
    const first = await opened.read(0, Math.min(16, opened.size));
    if (isSafetensors(first)) return table("safetensors", await safetensorsRows(op, opened));
    const whole = () => opened.read(0, opened.size);
    if (startsWith(first, NUMPY)) return table("NumPy", rowsOf({ array: await readNpy(await whole()) }));
    if (startsWith(first, ZIP)) {
      const names = [...(await zipEntries(op, opened)).keys()];
      const isTorch = names.some((name) => name.endsWith("/data.pkl"));
      return isTorch ? table("PyTorch", rowsOf(await readTorch(await whole()))) : table("NumPy", rowsOf(await readNpz(await whole())));
    }
    if (startsWith(first, PICKLE)) return table("PyTorch", rowsOf(await readTorch(await whole())));
    throw new WeightFileError(
      op,
      "a safetensors file, one of PyTorch's or of NumPy's",
      "something else",
      "its first bytes are none of such a file",
    );
  } finally {
    await opened.close();
  }
}

// --- internal helpers ---

/** A tensor as the table tells of it. */
interface Row {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly bytes: number;
}

const ZIP = [0x50, 0x4b, 3, 4];
const NUMPY = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
const PICKLE = [0x80, 2, 0x8a, 10];

function startsWith(bytes: Uint8Array, magic: readonly number[]): boolean {
  return magic.every((byte, i) => bytes[i] === byte);
}

/** A header begins behind its length, which is less than 2^40. */
function isSafetensors(first: Uint8Array): boolean {
  return first[8] === 0x7b && first[5] === 0 && first[6] === 0 && first[7] === 0;
}

/** The tensors in dicts and lists, by their paths. The readers bound how deep these are. */
function rowsOf(value: unknown, path = ""): Row[] {
  if (typeof value !== "object" || value === null) return [];
  const { shape, dtype, data } = value as Partial<Weight>;
  if (Array.isArray(shape) && dtype !== undefined && ArrayBuffer.isView(data)) {
    return [{ name: path, shape, dtype, bytes: data.length * BYTES[dtype] }];
  }
  if (ArrayBuffer.isView(value)) return [];
  const entries = value instanceof Map ? [...value] : Object.entries(value);
  return entries.flatMap(([key, inner]) => rowsOf(inner, path === "" ? String(key) : `${path}.${String(key)}`));
}

async function safetensorsRows(op: string, source: ByteSource): Promise<Row[]> {
  const { entries } = await readHeader(op, source);
  return [...entries.values()].map(({ name, shape, dtype, start, end }) => ({ name, shape, dtype, bytes: end - start }));
}

function table(format: string, rows: readonly Row[]): string {
  const cells = [
    ["name", "shape", "dtype", "size"],
    ...rows.map(({ name, shape, dtype, bytes }) => [shown(name), `[${shape.join(", ")}]`, dtype, sizeOf(bytes)]),
  ];
  const widths = [0, 1, 2].map((column) => cells.reduce((widest, cell) => Math.max(widest, (cell[column] as string).length), 0));
  const lines = cells.map((cell) => cell.map((text, column) => text.padEnd(widths[column] ?? 0)).join("  "));
  const elements = rows.reduce((sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1), 0);
  const bytes = rows.reduce((sum, row) => sum + row.bytes, 0);
  return [...lines, `${rows.length} ${rows.length === 1 ? "tensor" : "tensors"}, ${elements} elements, ${sizeOf(bytes)} (${format})`].join(
    "\n",
  );
}

/** A name without characters that move a cursor or turn text around. */
function shown(name: string): string {
  return name.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (character) => `\\u{${(character.codePointAt(0) as number).toString(16)}}`);
}

function sizeOf(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  const power = Math.min(4, Math.floor(Math.log2(bytes) / 10));
  return `${(bytes / 1024 ** power).toFixed(1)} ${"KMGT"[power - 1]}iB`;
}
