/** What lies in a file, as a table. */
import { WeightFileError } from "./refusal";
import { readHeader } from "./safetensors/header";
import { type ReadOptions, readOptionsOf } from "./signal";
import { type ByteSource, openSource, type Source } from "./source";

/**
 * What lies in a file of weights, as a table to print: a line for each tensor, with its shape, dtype and size, and a last one with the totals. The kind of file is
 * told by its first bytes. Of a safetensors file only the header is read.
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
    const format = formatOf(await opened.read(0, Math.min(16, opened.size)));
    switch (format) {
      case "safetensors":
        return table(format, await safetensorsRows(op, opened));
      default:
        throw new WeightFileError(op, "a safetensors file", "something else", "its first bytes are none of such a file");
    }
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

/** The kind of a file, by its first bytes. */
function formatOf(first: Uint8Array): "safetensors" | undefined {
  return first[8] === 0x7b && first[5] === 0 && first[6] === 0 && first[7] === 0 ? "safetensors" : undefined;
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
