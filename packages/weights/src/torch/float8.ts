/** The values of PyTorch's floats of one byte. */
import { float16ToNumber } from "../weight";

/** What each of the 256 bytes of a type stands for. */
export function float8Table(name: string): Float32Array | undefined {
  const value = VALUES[name];
  return value && Float32Array.from({ length: 256 }, (_, byte) => value(byte));
}

// --- internal helpers ---

/** A sign, an exponent with a bias, and a fraction of `bits`; `nan` tells what is none. */
const float8 =
  (bits: number, bias: number, nan: (byte: number) => boolean) =>
  (byte: number): number => {
    if (nan(byte)) return Number.NaN;
    const one = 1 << bits;
    const exponent = (byte & 127) >> bits;
    const size = exponent === 0 ? (byte & (one - 1)) * 2 ** (1 - bias - bits) : (one + (byte & (one - 1))) * 2 ** (exponent - bias - bits);
    return byte & 128 ? -size : size;
  };

const VALUES: Readonly<Record<string, (byte: number) => number>> = {
  float8_e5m2: (byte) => float16ToNumber(byte << 8),
  float8_e4m3fn: /* @__PURE__ */ float8(3, 7, (byte) => (byte & 127) === 127),
  float8_e4m3fnuz: /* @__PURE__ */ float8(3, 8, (byte) => byte === 128),
  float8_e5m2fnuz: /* @__PURE__ */ float8(2, 16, (byte) => byte === 128),
  float8_e8m0fnu: (byte) => (byte === 255 ? Number.NaN : 2 ** (byte - 127)),
};
