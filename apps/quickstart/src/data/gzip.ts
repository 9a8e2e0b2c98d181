import { gunzipSync } from "node:zlib";
import { UserError } from "../user-error";

/** Bounds what a small file can unpack to; MNIST's largest has 47 MB. */
const MAX_BYTES = 2 ** 30;

/**
 * The bytes of a file, unpacked if they are gzip, as their first two say, whatever the file is called.
 *
 * @param name Shown in messages.
 * @throws UserError for a gzip file that is not whole.
 */
export function unpacked(file: Uint8Array, name: string): Uint8Array {
  if (file[0] !== 0x1f || file[1] !== 0x8b) return file;
  try {
    const { buffer, byteOffset, byteLength } = gunzipSync(file, { maxOutputLength: MAX_BYTES });
    return new Uint8Array(buffer, byteOffset, byteLength);
  } catch (error) {
    throw new UserError(`${name}: expected a whole gzip file, got one that does not unpack (${(error as Error).message})`);
  }
}
