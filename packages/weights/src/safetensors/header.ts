/** The header of a safetensors file, read as strictly as the format's text is written. */
import { quoted, WeightFileError } from "../refusal";
import type { ByteSource } from "../source";
import type { WeightDType } from "../weight";
import { HeaderText } from "./header-text";
import { KINDS, MAX_HEADER, METADATA, type OtherDType } from "./kinds";

/** A tensor as the header tells of it. */
export interface Entry {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: WeightDType | OtherDType;
  /** Its first byte in the file. */
  readonly start: number;
  /** The first byte behind it. */
  readonly end: number;
}

/** All of it. */
export interface Header {
  /** In the order of the header. */
  readonly entries: ReadonlyMap<string, Entry>;
  readonly metadata: Readonly<Record<string, string>>;
  /** The first byte behind it. */
  readonly end: number;
}

/** Reads the header. Nothing else of the file is read, and no more memory taken than the header has bytes. */
export async function readHeader(op: string, source: ByteSource): Promise<Header> {
  const { size } = source;
  if (size < 8) throw new WeightFileError(op, "the 8 bytes of a header's length", `a file of ${size}`);
  const first = await source.read(0, 8);
  const length = Number(new DataView(first.buffer, first.byteOffset, 8).getBigUint64(0, true));
  if (length > MAX_HEADER) throw new WeightFileError(op, `a header of at most ${MAX_HEADER} bytes`, `${length}`, NO_FILE);
  if (length > size - 8) throw new WeightFileError(op, `a header that lies in the file's ${size} bytes`, `one of ${length}`, NO_FILE);
  const text = new HeaderText(op, decoded(op, await source.read(8, 8 + length)));
  const header = parsed(op, text, 8 + length);
  checkCovered(op, header.entries, 8 + length, size);
  return header;
}

// --- internal helpers ---

const NO_FILE = "is it a safetensors file, and a whole one?";

function decoded(op: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new WeightFileError(op, "a header in UTF-8", "other bytes", undefined, { cause });
  }
}

function parsed(op: string, text: HeaderText, base: number): Header {
  const entries = new Map<string, Entry>();
  const metadata: Record<string, string> = Object.create(null);
  text.begin();
  text.object((name) => {
    if (name !== METADATA) entries.set(name, entryOf(op, text, name, base));
    else
      text.object((key) => {
        metadata[key] = text.string();
      });
  });
  text.end();
  return { entries, metadata, end: base };
}

function entryOf(op: string, text: HeaderText, name: string, base: number): Entry {
  const what = quoted(name);
  let kind: string | undefined;
  let shape: number[] | undefined;
  let offsets: number[] | undefined;
  text.object((key) => {
    if (key === "dtype") kind = text.string();
    else if (key === "shape") shape = text.integers();
    else if (key === "data_offsets") offsets = text.integers();
    else throw new WeightFileError(op, `dtype, shape and data_offsets of ${what}`, quoted(key));
  });
  if (kind === undefined || shape === undefined || offsets === undefined) {
    throw new WeightFileError(op, `dtype, shape and data_offsets of ${what}`, "fewer");
  }
  if (!Object.hasOwn(KINDS, kind)) throw new WeightFileError(op, `a dtype of the format for ${what}`, quoted(kind));
  const [dtype, bits] = KINDS[kind] as (typeof KINDS)[string];
  const [start, end] = offsets as [number, number];
  if (offsets.length !== 2 || start > end)
    throw new WeightFileError(op, `data_offsets of ${what} as [begin, end]`, `[${offsets.slice(0, 4)}]`);
  const bytes = bytesOf(shape, bits);
  if (bytes !== end - start) {
    const needed = Number.isSafeInteger(bytes) ? `${bytes} bytes` : "a whole number of bytes that a file can have";
    throw new WeightFileError(op, `${needed} for ${what}, ${kind} [${shape.slice(0, 16)}]`, `${end - start}`);
  }
  return { name, shape, dtype, start: base + start, end: base + end };
}

/** The bytes of a shape; NaN where they cannot be counted, or are no whole number. */
function bytesOf(shape: readonly number[], bits: number): number {
  let elements = 1;
  for (const size of shape) {
    elements *= size;
    if (!Number.isSafeInteger(elements)) return Number.NaN;
  }
  const bytes = (elements * bits) / 8;
  return Number.isSafeInteger(elements * bits) && Number.isInteger(bytes) ? bytes : Number.NaN;
}

/** All bytes behind the header belong to one tensor each. */
function checkCovered(op: string, entries: ReadonlyMap<string, Entry>, base: number, size: number): void {
  let at = base;
  for (const { name, start, end } of [...entries.values()].sort((a, b) => a.start - b.start || a.end - b.end)) {
    if (start !== at) {
      const got = `${start - base}, which leaves ${start > at ? "a hole" : "an overlap"}`;
      throw new WeightFileError(op, `${quoted(name)} to begin at byte ${at - base} of the data`, got);
    }
    at = end;
  }
  if (at !== size)
    throw new WeightFileError(op, `${at - base} bytes of data`, `${size - base}`, at > size ? "the file is torn" : undefined);
}
