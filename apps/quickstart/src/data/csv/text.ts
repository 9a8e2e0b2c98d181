import { readFileSync } from "node:fs";
import { fileError, UserError } from "../../user-error";
import { unpacked } from "../gzip";

/**
 * The text of a file as people's programs write it: UTF-8, UTF-16 with a byte order mark ("Unicode text" of spreadsheets), or else
 * Windows-1252, which has a letter for every byte; each as it is or in gzip. A byte order mark is left out.
 *
 * @throws UserError for a file that cannot be read or holds no text.
 */
export function readText(file: string): string {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    throw fileError(file, error);
  }
  const text = decode(unpacked(bytes, file));
  if (text.startsWith("PK\u0003\u0004")) {
    throw new UserError(`${file}: expected a table as text, got a zip file - if it is a spreadsheet, save it as CSV`);
  }
  if (text.includes("\0")) throw new UserError(`${file}: expected a table as text, got bytes that are none - save it as CSV in UTF-8`);
  return text;
}

// --- internal helpers ---

function decode(bytes: Uint8Array): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder("utf-16le").decode(bytes);
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return new TextDecoder("utf-16be").decode(bytes);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder("windows-1252").decode(bytes);
  }
}
