/** The checksum of zip archives and of checkpoints. Eight bytes at a time: a table says what each does to the sum from its place on. */
export function crc32(bytes: Uint8Array): number {
  tables ??= makeTables();
  const t = tables;
  const entry = (table: number, byte: number) => t[(table << 8) | byte] as number;
  let crc = -1;
  let i = 0;
  for (const end = bytes.length - 7; i < end; i += 8) {
    const low = crc ^ word(bytes, i);
    const high = word(bytes, i + 4);
    crc =
      entry(7, low & 255) ^
      entry(6, (low >>> 8) & 255) ^
      entry(5, (low >>> 16) & 255) ^
      entry(4, low >>> 24) ^
      entry(3, high & 255) ^
      entry(2, (high >>> 8) & 255) ^
      entry(1, (high >>> 16) & 255) ^
      entry(0, high >>> 24);
  }
  for (; i < bytes.length; i++) crc = (crc >>> 8) ^ entry(0, (crc ^ (bytes[i] as number)) & 255);
  return ~crc >>> 0;
}

// --- internal helpers ---

/** Table k tells of a byte that k more follow. */
let tables: Uint32Array | undefined;

function makeTables(): Uint32Array {
  const made = new Uint32Array(8 * 256);
  for (let i = 0; i < made.length; i++) {
    const before = i < 256 ? i : (made[i - 256] as number);
    let crc = before;
    if (i < 256) for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
    made[i] = i < 256 ? crc : (before >>> 8) ^ (made[before & 255] as number);
  }
  return made;
}

/** Four bytes, the first one lowest. */
function word(bytes: Uint8Array, at: number): number {
  return (bytes[at] as number) | ((bytes[at + 1] as number) << 8) | ((bytes[at + 2] as number) << 16) | ((bytes[at + 3] as number) << 24);
}
