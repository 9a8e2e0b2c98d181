/** Little-endian numbers in bytes. */

/** 16 bits. */
export const u16 = (bytes: Uint8Array, at: number): number => (bytes[at] as number) | ((bytes[at + 1] as number) << 8);

/** 32 bits. */
export const u32 = (bytes: Uint8Array, at: number): number => (u16(bytes, at) | (u16(bytes, at + 2) << 16)) >>> 0;

/** 64 bits; above 2^53 not exactly, and no safe integer. */
export const u64 = (bytes: Uint8Array, at: number): number => u32(bytes, at) + u32(bytes, at + 4) * 2 ** 32;

/** The bytes of numbers, each of so many bytes. */
export function numbers(...parts: readonly (readonly [value: number, size: number])[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, [, size]) => sum + size, 0));
  let at = 0;
  for (const [value, size] of parts) for (let i = 0; i < size; i++) bytes[at++] = Math.floor(value / 2 ** (8 * i));
  return bytes;
}
