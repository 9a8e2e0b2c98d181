/** A zip archive of stored entries, each at a multiple of 64 bytes, as PyTorch maps them. */
import { numbers } from "./bytes";
import { crc32 } from "./crc32";
import { wrongValue } from "./refusal";

/** The archive of these entries, in this order. */
export function zipOf(op: string, entries: readonly (readonly [name: string, bytes: Uint8Array])[]): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  const list: Uint8Array[] = [];
  let at = 0;
  const add = (part: Uint8Array) => {
    parts.push(part);
    at += part.length;
  };
  for (const [text, bytes] of entries) {
    const name = new TextEncoder().encode(text);
    // Names in UTF-8, nothing packed, a day that zip can name, and how many bytes there are of what.
    const common = numbers([0x800, 2], [0, 2], [0, 2], [33, 2], [crc32(bytes), 4], [bytes.length, 4], [bytes.length, 4], [name.length, 2]);
    const padding = 63 - ((at + 33 + name.length) % 64);
    list.push(numbers([0x02014b50, 4], [20, 2], [20, 2]), common, numbers([0, 2], [0, 2], [0, 2], [0, 2], [0, 4], [at, 4]), name);
    add(numbers([0x04034b50, 4], [20, 2]));
    add(common);
    add(numbers([4 + padding, 2]));
    add(name);
    add(numbers([0x4246, 2], [padding, 2]));
    add(new Uint8Array(padding));
    add(bytes);
  }
  const start = at;
  for (const part of list) add(part);
  add(numbers([0x06054b50, 4], [0, 4], [entries.length, 2], [entries.length, 2], [at - start, 4], [start, 4], [0, 2]));
  if (at >= 2 ** 32 || entries.length >= 0xffff)
    throw wrongValue(op, "less than 4 GiB in fewer than 65,535 tensors", at, "write it as several files");
  const file = new Uint8Array(at);
  let next = 0;
  for (const part of parts) {
    file.set(part, next);
    next += part.length;
  }
  return file;
}
