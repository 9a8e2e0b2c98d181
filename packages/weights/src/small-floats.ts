/** The floats below float32: all of them are exact in float32, and go both ways bit by bit. */

/** Floats of one or two bytes. */
export type SmallFloat =
  | "float16"
  | "bfloat16"
  | "float8_e4m3fn"
  | "float8_e4m3fnuz"
  | "float8_e5m2"
  | "float8_e5m2fnuz"
  | "float8_e8m0fnu";

/** The float32 values of codes. */
export function widened(codes: Uint8Array | Uint16Array, dtype: SmallFloat): Float32Array {
  const bits = new Uint32Array(codes.length);
  if (dtype === "bfloat16") for (let i = 0; i < bits.length; i++) bits[i] = (codes[i] as number) << 16;
  else {
    const { wide } = tableOf(dtype);
    for (let i = 0; i < bits.length; i++) bits[i] = wide[codes[i] as number] as number;
  }
  return new Float32Array(bits.buffer);
}

/** The codes of float32 values; at a value that has none, its place instead. NaNs keep what bits have room. */
export function narrowed(values: Float32Array, dtype: SmallFloat): Uint8Array | Uint16Array | number {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const codes = isWide(dtype) ? new Uint16Array(bits.length) : new Uint8Array(bits.length);
  const codeOf = dtype === "bfloat16" ? bfloat16Code : dtype === "float16" ? float16Code() : float8Code(dtype);
  for (let i = 0; i < bits.length; i++) {
    const code = codeOf(bits[i] as number);
    if (code === undefined) return i;
    codes[i] = code;
  }
  return codes;
}

/** Values rounded to nearest, ties to even, to what float16 or bfloat16 holds. One past the largest stays as it is, and has no code. */
export function rounded(values: Float32Array, dtype: "float16" | "bfloat16"): Float32Array {
  const [fraction, smallest] = dtype === "float16" ? [10, -14] : [7, -126];
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  return values.map((value, i) => {
    const exponent = (((bits[i] as number) >>> 23) & 255) - 127;
    if (exponent === 128) return value;
    const step = 2 ** (Math.max(exponent, smallest) - fraction);
    // Adding 2^52 leaves no room for what is below one, and rounds as asked.
    const steps = Math.abs(value) / step + 2 ** 52 - 2 ** 52;
    const near = Math.fround(Math.sign(value) * steps * step);
    return near === 0 ? value * 0 : Number.isFinite(near) ? near : value;
  });
}

// --- internal helpers ---

/** Sizes of a format: bits of the exponent and of the fraction, the exponent's bias, and where NaN and the infinities are. */
type Format = readonly [exponent: number, fraction: number, bias: number, special: "ieee" | "fn" | "fnuz" | "e8m0"];

const FORMATS: Readonly<Record<Exclude<SmallFloat, "bfloat16">, Format>> = {
  float16: [5, 10, 15, "ieee"],
  float8_e4m3fn: [4, 3, 7, "fn"],
  float8_e4m3fnuz: [4, 3, 8, "fnuz"],
  float8_e5m2: [5, 2, 15, "ieee"],
  float8_e5m2fnuz: [5, 2, 16, "fnuz"],
  float8_e8m0fnu: [8, 0, 127, "e8m0"],
};

interface Table {
  /** The bits of float32 by code. */
  readonly wide: Uint32Array;
  /** Codes by the bits of float32; of float8 only. */
  readonly codes: ReadonlyMap<number, number>;
}

/** Made when they are first needed. */
const tables: Partial<Record<SmallFloat, Table>> = {};

function tableOf(dtype: Exclude<SmallFloat, "bfloat16">): Table {
  let table = tables[dtype];
  if (table === undefined) {
    const values = new Float32Array(isWide(dtype) ? 2 ** 16 : 2 ** 8);
    const wide = new Uint32Array(values.buffer);
    const format = FORMATS[dtype];
    for (let code = 0; code < values.length; code++) {
      const value = decoded(code, format);
      if (Number.isNaN(value)) wide[code] = nanOf(code, format);
      else values[code] = value;
    }
    const codes = new Map(isWide(dtype) ? [] : Array.from(wide, (bits, code) => [bits, code]));
    tables[dtype] = table = { wide, codes };
  }
  return table;
}

function decoded(code: number, [exponents, fractions, bias, special]: Format): number {
  const last = 2 ** exponents - 1;
  const exponent = (code >> fractions) & last;
  const fraction = code & (2 ** fractions - 1);
  if (special === "e8m0") return exponent === last ? Number.NaN : 2 ** (exponent - bias);
  const isNegative = code >> (exponents + fractions) === 1;
  if (special === "fnuz" && isNegative && exponent + fraction === 0) return Number.NaN;
  const sign = isNegative ? -1 : 1;
  if (special === "ieee" && exponent === last) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  if (special === "fn" && exponent === last && fraction === 2 ** fractions - 1) return Number.NaN;
  const whole = exponent === 0 ? fraction : fraction + 2 ** fractions;
  return sign * whole * 2 ** (Math.max(exponent, 1) - bias - fractions);
}

/** A NaN of float32 with the sign, and, where the format has several, with the fraction. */
function nanOf(code: number, [exponents, fractions, , special]: Format): number {
  const sign = special === "e8m0" ? 0 : (code >> (exponents + fractions)) << 31;
  return sign | (special === "ieee" ? 0x7f800000 | ((code & (2 ** fractions - 1)) << (23 - fractions)) : 0x7fc00000);
}

const isWide = (dtype: SmallFloat) => dtype === "float16" || dtype === "bfloat16";

const isNaNOf = (bits: number) => (bits & 0x7fffffff) > 0x7f800000;

function bfloat16Code(bits: number): number | undefined {
  if (isNaNOf(bits)) return (bits >>> 16) | (bits & 0x7f0000 ? 0 : 0x40);
  return bits & 0xffff ? undefined : bits >>> 16;
}

function float16Code(): (bits: number) => number | undefined {
  const { wide } = tableOf("float16");
  const one = new Float32Array(1);
  const oneBits = new Uint32Array(one.buffer);
  return (bits) => {
    const sign = (bits >>> 16) & 0x8000;
    if (isNaNOf(bits)) return sign | 0x7c00 | ((bits >>> 13) & 0x3ff || 0x200);
    if ((bits & 0x7fffffff) === 0x7f800000) return sign | 0x7c00;
    oneBits[0] = bits & 0x7fffffff;
    // The exponents of float16 then are those of float32, with those of the smallest numbers among them.
    one[0] = (one[0] as number) * 2 ** -112;
    const code = sign | ((oneBits[0] as number) >>> 13);
    return wide[code] === bits ? code : undefined;
  };
}

function float8Code(dtype: Exclude<SmallFloat, "float16" | "bfloat16">): (bits: number) => number | undefined {
  const { codes, wide } = tableOf(dtype);
  const nan = wide.findIndex(isNaNOf);
  return (bits) => codes.get(bits) ?? (isNaNOf(bits) ? nan : undefined);
}
