import { gunzipSync } from "node:zlib";
import { UserError } from "../user-error";

/** An array of bytes in the IDX format, in which MNIST is published. */
export interface IdxArray {
  readonly shape: readonly number[];
  /** Row-major, as many as the product of `shape`. */
  readonly data: Uint8Array;
}

/** The type code of unsigned bytes, the only one that image and label files use. */
const UNSIGNED_BYTE = 0x08;

/** Bounds what a small gzip file can unpack to; MNIST's largest file has 47 MB. */
const MAX_BYTES = 2 ** 30;

/**
 * Decodes an IDX file, gzip-compressed or not (told by its first bytes, not by its name).
 *
 * Layout, all numbers big-endian: two zero bytes, the type code, the number of dimensions, one u32 for the size of each, then the elements.
 *
 * @param name Shown in messages.
 * @throws UserError for anything that is not a whole IDX file of unsigned bytes.
 */
export function parseIdx(file: Uint8Array, name: string): IdxArray {
  const bytes = file[0] === 0x1f && file[1] === 0x8b ? unpack(file, name) : file;
  const rank = bytes[3] ?? 0;
  const start = 4 + 4 * rank;
  if (bytes[0] !== 0 || bytes[1] !== 0 || rank < 1 || bytes.length < start) {
    throw new UserError(`${name}: expected an IDX file, got something else (first bytes ${hex(bytes.subarray(0, 4)) || "none"})`);
  }
  if (bytes[2] !== UNSIGNED_BYTE) throw new UserError(`${name}: expected unsigned bytes (type 08), got type ${hex(bytes.subarray(2, 3))}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const shape = Array.from({ length: rank }, (_, i) => view.getUint32(4 + 4 * i));
  const size = shape.reduce((product, n) => product * n, 1);
  if (bytes.length - start !== size) {
    throw new UserError(
      `${name}: expected ${size} bytes for shape [${shape.join(", ")}], got ${bytes.length - start} - fetch the file again`,
    );
  }
  return { shape, data: bytes.subarray(start) };
}

// --- internal helpers ---

function unpack(file: Uint8Array, name: string): Uint8Array {
  try {
    const { buffer, byteOffset, byteLength } = gunzipSync(file, { maxOutputLength: MAX_BYTES });
    return new Uint8Array(buffer, byteOffset, byteLength);
  } catch (error) {
    throw new UserError(`${name}: expected a whole gzip file, got one that does not unpack (${(error as Error).message})`);
  }
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
}
