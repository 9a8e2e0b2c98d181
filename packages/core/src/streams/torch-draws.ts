/** Numbers as PyTorch draws them on the CPU, from the words of its generator. Measured against 2.13 on x86-64, whose kernels fuse multiplications with additions. */
import { hostArray } from "../dtype/dtype";
import type { FloatType } from "../random/source";
import { type Mt19937, tempered } from "./mt19937";

/** From here on numbers of `randn` are made 16 at a time. */
const NORMAL_BLOCK = 16;

/** From here on integers take 64 bits. */
const WIDE_RANGE = 2 ** 28;

/** Below it permutations take 32 bits a place. */
const WIDE_PERMUTATION = Math.floor((2 ** 32 - 1) / 20);

/** Elements that are drawn at a time. */
const CHUNK = 1024;

/** Uniform in [0, 1) with 53 bits, of 64 that are drawn. */
export function uniform53(words: Mt19937): number {
  const high = words.random() & 0x1fffff;
  return (high * 2 ** 32 + words.random()) * 2 ** -53;
}

/** `uniform_(from, to)`: 24 bits an element, in float32, or 53, in double. */
export function drawUniform(words: Mt19937, length: number, from: number, to: number, dtype: FloatType): Float64Array {
  const out = hostArray("the host", "float64", length);
  if (dtype === "float64") {
    for (let i = 0; i < length; i++) out[i] = fusedDouble(uniform53(words), to - from, from);
    return out;
  }
  const [start, width] = [Math.fround(from), Math.fround(Math.fround(to) - Math.fround(from))];
  inChunks(words, length, (chunk, at) => setUniform(out, at, chunk, width, start));
  return out;
}

/**
 * `randn`. Sixteen numbers or more are made in blocks of 16, the first eight cosines and the rest sines; where they do not come out even, the last 16 are drawn
 * again. Fewer come in pairs, of which the second waits for the next call.
 */
export function drawNormal(words: Mt19937, length: number, dtype: FloatType): Float64Array {
  const out = hostArray("the host", "float64", length);
  if (length < NORMAL_BLOCK) {
    // In double, whatever the dtype.
    for (let i = 0; i < length; i++) out[i] = nextNormal(words);
    return out;
  }
  out.set(drawUniform(words, length, 0, 1, dtype));
  const fill = dtype === "float32" ? normalBlock : normalBlockDouble;
  for (let i = 0; i + NORMAL_BLOCK <= length; i += NORMAL_BLOCK) fill(out, i);
  if (length % NORMAL_BLOCK !== 0) {
    out.set(drawUniform(words, NORMAL_BLOCK, 0, 1, dtype), length - NORMAL_BLOCK);
    fill(out, length - NORMAL_BLOCK);
  }
  return out;
}

/** `random_(0, range)`: a word modulo the range, or 64 bits of them for a large one. */
export function drawModulo(words: Mt19937, length: number, range: number): Int32Array {
  const out = hostArray("the host", "int32", length);
  for (let i = 0; i < length; i++) out[i] = range < WIDE_RANGE ? words.random() % range : wideModulo(words, range);
  return out;
}

/** `randperm`: Fisher-Yates from the first place up. */
export function drawOrder(words: Mt19937, length: number): Int32Array {
  const order = hostArray("the host", "int32", length);
  for (let i = 0; i < length; i++) order[i] = i;
  for (let i = 0; i < length - 1; i++) {
    const j = i + (length < WIDE_PERMUTATION ? words.random() % (length - i) : wideModulo(words, length - i));
    const held = order[i] as number;
    order[i] = order[j] as number;
    order[j] = held;
  }
  return order;
}

/** `exponential_()`, of 53 bits whatever the dtype. */
export function drawExponential(words: Mt19937, length: number, dtype: FloatType): Float64Array {
  const out = hostArray("the host", "float64", length);
  const rounded = rounding(dtype);
  for (let i = 0; i < length; i++) out[i] = rounded(-Math.log1p(-uniform53(words)));
  return out;
}

/**
 * `bernoulli_(q)`: bit i of the result, counted from the low end of each byte, is 1 with probability q. 64 bits an element, whatever the dtype, of which 53 are
 * compared, as two integers.
 */
export function drawBits(words: Mt19937, length: number, q: number): Uint8Array {
  const bits = hostArray("the host", "bool", Math.ceil(length / 8)) as Uint8Array;
  const first = Math.ceil(q * 2 ** 53); // the smallest number that is not kept
  const firstHigh = Math.floor(first / 2 ** 32);
  const firstLow = first - firstHigh * 2 ** 32;
  for (let i = 0; i < length; ) {
    const taken = words.take(2 * (length - i));
    const pairs = taken.length >> 1;
    setBits(bits, i, taken, pairs, firstHigh, firstLow);
    i += pairs;
    if (taken.length % 2 === 0) continue;
    // A pair that the end of a block parts.
    setBits(bits, i, Int32Array.of(taken.at(-1) as number, words.take(1)[0] as number), 1, firstHigh, firstLow);
    i++;
  }
  return bits;
}

/** `uniform_() > p` of float32, in bits as above. */
export function drawAbove(words: Mt19937, length: number, p: number): Uint8Array {
  const bits = hostArray("the host", "bool", Math.ceil(length / 8)) as Uint8Array;
  const limit = Math.fround(p);
  drawUniform(words, length, 0, 1, "float32").forEach((u, i) => {
    bits[i >>> 3] = (bits[i >>> 3] as number) | (Number(u > limit) << (i & 7));
  });
  return bits;
}

/** `multinomial` of one row, in the arithmetic of the weights' dtype. */
export function drawPlaces(words: Mt19937, weights: Float32Array | Float64Array, length: number, replacement: boolean): Int32Array {
  const dtype = weights instanceof Float32Array ? "float32" : "float64";
  return replacement && length > 1
    ? placesAgain(words, weights, length, rounding(dtype))
    : placesOnce(drawExponential(words, weights.length, dtype), weights, length, rounding(dtype));
}

/** `trunc_normal_`: normal numbers, or uniform ones where few of those would do, drawn anew wherever they are refused. */
export function drawTruncated(
  words: Mt19937,
  length: number,
  { mean, std, a, b, share }: { mean: number; std: number; a: number; b: number; share: number },
  dtype: FloatType,
): Float64Array {
  const rounded = rounding(dtype);
  const normals = () => drawNormal(words, length, dtype).map((z) => rounded(mean + std * z));
  if (share > 0.3) {
    const [low, high] = [rounded(a), rounded(b)];
    const isOut = (value: number) => value < low || value > high;
    const out = normals();
    while (out.some(isOut)) {
      const more = normals();
      for (let i = 0; i < length; i++) if (isOut(out[i] as number)) out[i] = more[i] as number;
    }
    return out;
  }
  const peak = rounded(-0.5 * ((Math.max(a, Math.min(mean, b)) - mean) / std) ** 2);
  const [middle, scale] = [rounded(mean), rounded(std)];
  const out = hostArray("the host", "float64", length);
  let open = Int32Array.from({ length }, (_, i) => i);
  while (open.length > 0) {
    const candidates = drawUniform(words, length, a, b, dtype);
    const accepted = drawUniform(words, length, 0, 1, dtype);
    for (const i of open) out[i] = candidates[i] as number;
    open = open.filter((i) => {
      const away = rounded(rounded((candidates[i] as number) - middle) / scale);
      return rounded(Math.log(accepted[i] as number)) > rounded(rounded(-0.5 * rounded(away * away)) - peak);
    });
  }
  return out;
}

// --- internal helpers ---

/** Words for `length` elements, some at a time: a loop over an array is several times as fast as calls. */
function inChunks(words: Mt19937, length: number, use: (chunk: Uint32Array, start: number) => void): void {
  const room = new Uint32Array(Math.min(length, CHUNK));
  for (let at = 0; at < length; at += CHUNK) {
    const chunk = room.subarray(0, Math.min(length - at, CHUNK));
    words.fill(chunk);
    use(chunk, at);
  }
}

/** A function of its own, as is the next: variables of an outer function are slow to reach. A second word is looked at once in two million times. */
function setBits(bits: Uint8Array, start: number, taken: Int32Array, pairs: number, firstHigh: number, firstLow: number): void {
  for (let i = 0; i < pairs; i++) {
    const high = tempered(taken[2 * i] as number) & 0x1fffff;
    let isKept = Number(high < firstHigh);
    if (high === firstHigh) isKept = Number(tempered(taken[2 * i + 1] as number) >>> 0 < firstLow);
    const at = start + i;
    bits[at >>> 3] = (bits[at >>> 3] as number) | (isKept << (at & 7));
  }
}

function setUniform(out: Float64Array, start: number, chunk: Uint32Array, width: number, from: number): void {
  for (let i = 0; i < chunk.length; i++) out[start + i] = fused(((chunk[i] as number) & 0xffffff) * 2 ** -24, width, from);
}

function rounding(dtype: FloatType): (value: number) => number {
  return dtype === "float32" ? Math.fround : (value) => value;
}

/** `f32(x * y + z)` of float32 numbers, rounded once. The product is exact in double; the sum is rounded there first, which matters where it then is a tie. */
function fused(x: number, y: number, z: number): number {
  const product = x * y;
  const sum = product + z;
  const single = Math.fround(sum);
  const off = sum - single;
  if (off === 0 || Math.fround(single + 2 * off) - single !== 2 * off) return single;
  const error = errorOfSum(product, z, sum);
  // What was lost decides the tie.
  return error === 0 || error > 0 !== off > 0 ? single : single + 2 * off;
}

/** `x * y + z` in double, rounded once: what the product and the sum lost is added at the end (Dekker, 1971). */
function fusedDouble(x: number, y: number, z: number): number {
  const product = x * y;
  const sum = product + z;
  const [xHigh, yHigh] = [highHalf(x), highHalf(y)];
  const [xLow, yLow] = [x - xHigh, y - yHigh];
  const lost = xLow * yLow - (product - xHigh * yHigh - xLow * yHigh - xHigh * yLow);
  return sum + (errorOfSum(product, z, sum) + lost);
}

function errorOfSum(x: number, y: number, sum: number): number {
  const part = sum - x;
  return x - (sum - part) + (y - part);
}

/** The upper 26 bits of a double. */
function highHalf(x: number): number {
  const scaled = x * 134217729;
  return scaled - (scaled - x);
}

/** 64 bits modulo a range of at most 2^32, 16 at a time, so that doubles are exact. */
function wideModulo(words: Mt19937, range: number): number {
  const high = words.random() % range;
  const low = words.random();
  const upper = (high * 65536 + (low >>> 16)) % range;
  return (upper * 65536 + (low & 0xffff)) % range;
}

function nextNormal(words: Mt19937): number {
  if (words.spare !== undefined) {
    const { spare } = words;
    words.spare = undefined;
    return spare;
  }
  const angle = 2 * Math.PI * uniform53(words);
  const radius = Math.sqrt(-2 * Math.log1p(-uniform53(words)));
  words.spare = radius * Math.sin(angle);
  return radius * Math.cos(angle);
}

const TWO_PI = /* @__PURE__ */ Math.fround(2 * Math.PI);

/** 16 uniform numbers become normal ones, in float32. */
function normalBlock(out: Float64Array, at: number): void {
  for (let i = at; i < at + 8; i++) {
    const radius = Math.fround(Math.sqrt(-2 * Math.fround(Math.log(1 - (out[i] as number)))));
    const angle = Math.fround(TWO_PI * (out[i + 8] as number));
    out[i] = Math.fround(radius * Math.fround(Math.cos(angle)));
    out[i + 8] = Math.fround(radius * Math.fround(Math.sin(angle)));
  }
}

/** The same in double. */
function normalBlockDouble(out: Float64Array, at: number): void {
  for (let i = at; i < at + 8; i++) {
    const radius = Math.sqrt(-2 * Math.log(1 - (out[i] as number)));
    const angle = 2 * Math.PI * (out[i + 8] as number);
    out[i] = radius * Math.cos(angle);
    out[i + 8] = radius * Math.sin(angle);
  }
}

/** The places whose weight is largest for their time, the largest first. */
function placesOnce(
  times: Float64Array,
  weights: Float32Array | Float64Array,
  length: number,
  rounded: (value: number) => number,
): Int32Array {
  const speeds = times.map((time, i) => rounded((weights[i] as number) / time));
  const speedOf = (place: number) => speeds[place] as number;
  const places = Int32Array.from({ length: weights.length }, (_, i) => i);
  return places.sort((a, b) => speedOf(b) - speedOf(a) || a - b).slice(0, length);
}

/** For each draw the first place whose share of the sum, added up in order, is not below a uniform number. */
function placesAgain(words: Mt19937, weights: Float32Array | Float64Array, length: number, rounded: (value: number) => number): Int32Array {
  let sum = 0;
  const sums = Float64Array.from(weights, (weight) => {
    sum = rounded(sum + weight);
    return sum;
  });
  const shares = sums.map((value) => rounded(value / sum));
  shares[shares.length - 1] = 1;
  return Int32Array.from({ length }, () => {
    const wanted = uniform53(words);
    let [low, high] = [0, shares.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((shares[middle] as number) < wanted) low = middle + 1;
      else high = middle;
    }
    return low;
  });
}
