import { UserError } from "../user-error";
import { unpacked } from "./gzip";

/** An array of bytes in the IDX format, in which MNIST is published. */
export interface IdxArray {
  readonly shape: readonly number[];
  /** Row-major, as many as the product of `shape`. */
  readonly data: Uint8Array;
}

/** The type code of unsigned bytes, the only one that image and label files use. */
const UNSIGNED_BYTE = 0x08;

/**
 * Decodes an IDX file, gzip-compressed or not (told by its first bytes, not by its name).
 *
 * Layout, all numbers big-endian: two zero bytes, the type code, the number of dimensions, one u32 for the size of each, then the elements.
 *
 * @param name Shown in messages.
 * @throws UserError for anything that is not a whole IDX file of unsigned bytes.
 */
export function parseIdx(file: Uint8Array, name: string): IdxArray {
  const bytes = unpacked(file, name);
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

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
}
