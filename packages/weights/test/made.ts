/** Safetensors files made by hand, right and wrong ones. */

/** A file with such a header, padding and data. */
export function file(header: string | Uint8Array, data: number | Uint8Array = 0, length?: bigint): Uint8Array<ArrayBuffer> {
  const text = typeof header === "string" ? new TextEncoder().encode(header) : header;
  const bytes = typeof data === "number" ? new Uint8Array(data) : data;
  const all = new Uint8Array(8 + text.length + bytes.length);
  new DataView(all.buffer).setBigUint64(0, length ?? BigInt(text.length), true);
  all.set(text, 8);
  all.set(bytes, 8 + text.length);
  return all;
}

/** The JSON of one tensor. */
export function entry(dtype: string, shape: string, offsets: string, name = "a"): string {
  return `${JSON.stringify(name)}:{"dtype":"${dtype}","shape":${shape},"data_offsets":${offsets}}`;
}

/** A generator of numbers in [0, 1), the same for a seed. */
export function numbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let x = Math.imul(state ^ (state >>> 15), state | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  };
}
