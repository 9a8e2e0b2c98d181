/** Files made wrong in ways that come again with a seed. */

/** Numbers in [0, 1): the same ones for a seed. */
export function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), 1 | state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** One of the files with a few things done to it: bytes flipped, set, moved, taken from another file, cut off or added. */
export function mutated(files: readonly Uint8Array[], random: () => number): Uint8Array {
  const below = (bound: number) => Math.floor(random() * bound);
  const pick = <T>(items: readonly T[]) => items[below(items.length)] as T;
  let bytes = pick(files).slice();
  for (let count = 1 + below(4); count > 0; count--) {
    const at = below(bytes.length);
    const kind = below(16);
    if (kind < 5) bytes[at] = below(256);
    else if (kind < 7) bytes[at] = (bytes[at] as number) ^ (1 << below(8));
    else if (kind < 9) bytes[at] = pick(STEPS);
    else if (kind < 10) bytes.fill(pick([0, 1, 127, 128, 255]), at, at + pick([1, 2, 4, 8]));
    else if (kind < 12) bytes.copyWithin(at, below(bytes.length), below(bytes.length));
    else if (kind < 14) {
      const other = pick(files);
      const from = below(other.length);
      bytes.set(other.subarray(from, from + Math.min(below(64), bytes.length - at)), at);
    } else if (kind < 15) {
      const more = pick(files).subarray(0, below(64));
      bytes = Uint8Array.from([...bytes.subarray(0, at), ...more, ...bytes.subarray(at)]);
    } else bytes = bytes.slice(0, at + 1);
  }
  return bytes;
}

/** The steps of pickles, and other bytes with a meaning. */
const STEPS = [
  ...Array.from("}])(NtaesuqrhjcRQbKMJGXUTBC.", (letter) => letter.charCodeAt(0)),
  0x80,
  0x85,
  0x86,
  0x87,
  0x88,
  0x8a,
  0x93,
  0x94,
];
