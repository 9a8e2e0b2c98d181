/** The form of files before PyTorch 1.6, which `torch.save(..., _use_new_zipfile_serialization=False)` still writes: pickles, then the storages one after the other. */

import type { ByteSource } from "../byte-source";
import { u64 } from "../bytes";
import { WeightFileError } from "../refusal";
import { inWindows } from "../windows";
import { finish, type TorchValue } from "./finish";
import type { StorageRef } from "./refs";
import { bytesOf, resolveTensors } from "./tensors";
import { type Unpickled, unpickle } from "./unpickle";

/** True for a file that begins with the form's magic number, pickled. */
export async function isLegacy(source: ByteSource): Promise<boolean> {
  const start = await source.read(0, Math.min(MAGIC.length, source.size));
  return start.length === MAGIC.length && MAGIC.every((byte, i) => byte === start[i]);
}

/** Reads such a file. */
export async function readLegacy(op: string, source: ByteSource, maxBytes: number): Promise<TorchValue> {
  const torn = (expected: string) => new WeightFileError(op, expected, "another", "the file is torn");
  const { pickles, end } = await picklesOf(op, source);
  const [version, facts, said, keys] = pickles as [Unpickled, Unpickled, Unpickled, Unpickled];
  if (version.value !== 1001) throw torn("version 1001 of PyTorch's form");
  if (facts.value instanceof Map && facts.value.get("little_endian") === false) throw torn("a file of a little-endian machine");
  if (!Array.isArray(keys.value)) throw torn("a list of storages");
  const places = new Map<StorageRef, number>();
  let at = end;
  for (const key of keys.value) {
    const storage = said.storages.get(String(key));
    if (storage === undefined || places.has(storage)) throw torn("each storage once");
    const size = bytesOf(storage);
    if (at > source.size - 8 - size || u64(await source.read(at, at + 8), 0) !== storage.count)
      throw torn(`a storage of ${storage.count} elements`);
    places.set(storage, at + 8);
    at += 8 + size;
  }
  const from = inWindows(source);
  await resolveTensors(op, said.tensors, maxBytes, {
    at(storage) {
      const place = places.get(storage);
      if (place === undefined) throw torn("a storage for each tensor");
      return place;
    },
    read(storage, size) {
      return from.read(this.at(storage), this.at(storage) + size);
    },
  });
  return finish(op, said.value, 16 * end);
}

// --- internal helpers ---

const MAGIC = [0x80, 2, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e];

/** The pickles after the first, of which no one knows the length: read until they end. */
async function picklesOf(op: string, source: ByteSource): Promise<{ pickles: Unpickled[]; end: number }> {
  for (let size = 2 ** 16; ; size *= 8) {
    const bytes = await source.read(0, Math.min(size, source.size));
    const pickles: Unpickled[] = [];
    let end = MAGIC.length;
    while (pickles.length < 4) {
      const one = unpickle(op, bytes, end);
      if (one === undefined) break;
      pickles.push(one);
      end = one.end;
    }
    if (pickles.length === 4) return { pickles, end };
    if (size >= source.size) throw new WeightFileError(op, "four pickles", "a file that ends before", "the file is torn");
  }
}
