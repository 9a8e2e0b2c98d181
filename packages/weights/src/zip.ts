/** Zip archives, as PyTorch and NumPy write them: the list at the end is what counts, and no two entries share a byte. */

import type { ByteSource } from "./byte-source";
import { u16, u32, u64 } from "./bytes";
import { WeightFileError } from "./refusal";

/** An entry, as the archive's list tells it. */
export interface ZipEntry {
  /** Its whole name, folders and all. It is only ever compared. */
  readonly name: string;
  /** 0: stored; 8: deflated. */
  readonly method: number;
  /** What its bytes sum up to. */
  readonly crc: number;
  /** Bytes in the file. */
  readonly packed: number;
  /** Bytes when unpacked. */
  readonly size: number;
  /** Where it begins, and where at the latest it ends: at what follows it. */
  readonly start: number;
  readonly end: number;
}

/** An archive's entries by name. */
export async function zipEntries(op: string, source: ByteSource): Promise<Map<string, ZipEntry>> {
  const { at, size, count } = await listOf(op, source);
  // Each takes at least 46 bytes, so that the count is one that the file has room for.
  if (size > source.size || at > source.size - size || count > size / 46) throw torn(op, "a list of entries within the file");
  const list = await source.read(at, at + size);
  const found: ZipEntry[] = [];
  let p = 0;
  for (let i = 0; i < count; i++) {
    if (p + 46 > size || u32(list, p) !== 0x02014b50) throw torn(op, "an entry of the list");
    const [named, extra] = [u16(list, p + 28), u16(list, p + 30)];
    const next = p + 46 + named + extra + u16(list, p + 32);
    if (next > size) throw torn(op, "an entry of the list");
    const name = decoder.decode(list.subarray(p + 46, p + 46 + named));
    const far = wide(list.subarray(p + 46 + named, p + 46 + named + extra), [u32(list, p + 24), u32(list, p + 20), u32(list, p + 42)]);
    if (far === undefined) throw torn(op, `the place of the entry ${told(name)}`);
    const [unpacked, packed, start] = far as [number, number, number];
    if (u16(list, p + 8) & 1) throw new WeightFileError(op, "entries without a password", `${told(name)}, which has one`);
    found.push({ name, method: u16(list, p + 10), crc: u32(list, p + 16), packed, size: unpacked, start, end: at });
    p = next;
  }
  const entries = new Map<string, ZipEntry>();
  found.sort((a, b) => a.start - b.start);
  for (const [i, entry] of found.entries()) {
    const end = found[i + 1]?.start ?? at;
    const least = 30 + entry.packed;
    if (least > end || entry.start > end - least)
      throw new WeightFileError(op, "entries apart from each other", `${told(entry.name)} over another`);
    if (entries.has(entry.name)) throw new WeightFileError(op, "each entry once", `${told(entry.name)} twice`);
    entries.set(entry.name, { ...entry, end });
  }
  return entries;
}

/** An entry's bytes as they lie in the file. What its own header says of their number is not looked at: the list says it. */
export async function packedBytes(op: string, source: ByteSource, { name, method, packed, start, end }: ZipEntry): Promise<Uint8Array> {
  const all = await source.read(start, end);
  const named = u16(all, 26);
  const data = 30 + named + u16(all, 28);
  const isIt = u32(all, 0) === 0x04034b50 && u16(all, 8) === method && decoder.decode(all.subarray(30, 30 + named)) === name;
  if (!isIt || data + packed > all.length)
    throw new WeightFileError(op, `the entry ${told(name)} where the list says it is`, "something else");
  return all.subarray(data, data + packed);
}

/** A name in a message. */
export const told = (name: string): string => JSON.stringify(name.slice(0, 60));

// --- internal helpers ---

const decoder = /* @__PURE__ */ new TextDecoder();

const torn = (op: string, expected: string) => new WeightFileError(op, expected, "none", "the file is torn or no zip archive");

/** Where the list of entries lies. */
async function listOf(op: string, source: ByteSource): Promise<{ at: number; size: number; count: number }> {
  const from = Math.max(0, source.size - 65_557);
  const tail = await source.read(from, source.size);
  let p = tail.length - 22;
  // The last record ends the file, but for a comment of the length that it names.
  while (p >= 0 && !(u32(tail, p) === 0x06054b50 && p + 22 + u16(tail, p + 20) === tail.length)) p--;
  if (p < 0) throw torn(op, "a zip archive's last record");
  if (p < 20 || u32(tail, p - 20) !== 0x07064b50) return { at: u32(tail, p + 16), size: u32(tail, p + 12), count: u16(tail, p + 10) };
  const at = u64(tail, p - 12);
  if (at > source.size - 56) throw torn(op, "a zip archive's last record within the file");
  const record = await source.read(at, at + 56);
  if (u32(record, 0) !== 0x06064b50) throw torn(op, "a zip archive's last record");
  return { at: u64(record, 48), size: u64(record, 40), count: u64(record, 32) };
}

/** Numbers of 32 bits, and those of 64 in place of the ones that say so; none where these are not there. */
function wide(extra: Uint8Array, narrow: number[]): number[] | undefined {
  let p = 0;
  while (p + 4 <= extra.length && u16(extra, p) !== 1) p += 4 + u16(extra, p + 2);
  const end = p + 4 <= extra.length ? Math.min(extra.length, p + 4 + u16(extra, p + 2)) : 0;
  p += 4;
  const all = narrow.map((value) => {
    if (value !== 0xffffffff) return value;
    p += 8;
    return p > end ? Number.NaN : u64(extra, p - 8);
  });
  return all.every(Number.isSafeInteger) ? all : undefined;
}
