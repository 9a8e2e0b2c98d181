/** What PyTorch draws on the card besides masks: `rand`, `randn`, and `bernoulli` of a tensor. */
import { philox4x32 } from "../random/philox";
import type { FloatType } from "../random/source";
import type { CallKey } from "../random/words";
import { uniformOf } from "./thresholds";

/** `uniform_`: element e of a pass takes word e div G of the block of thread e mod G, G threads; float64 takes two words. The upper end counts as the lower one. */
export function deviceUniform(call: CallKey, threads: number, length: number, from: number, to: number, dtype: FloatType): Float64Array {
  const out = new Float64Array(length);
  const isDouble = dtype === "float64";
  eachBlock(call, threads, length, isDouble ? 2 : 4, (words, at, slots) => {
    for (let slot = 0; slot < slots; slot++) {
      const u = isDouble ? doubleOf(words[2 * slot] as number, words[2 * slot + 1] as number) : uniformOf(words[slot] as number);
      const inside = u === 1 ? 0 : u;
      const range = isDouble ? to - from : Math.fround(Math.fround(to) - Math.fround(from));
      out[at + slot * threads] = isDouble ? inside * range + from : Math.fround(Math.fround(inside * range) + Math.fround(from));
    }
  });
  return out;
}

/** `normal_` of mean 0 and deviation 1, by Box and Muller: sine first, then cosine, of each two words; float64 takes all four for two numbers. */
export function deviceNormal(call: CallKey, threads: number, length: number, dtype: FloatType): Float64Array {
  const out = new Float64Array(length);
  const isDouble = dtype === "float64";
  eachBlock(call, threads, length, isDouble ? 2 : 4, (words, at, slots) => {
    for (let slot = 0; slot < slots; slot++) {
      const pair = slot >> 1;
      const [u, v] = isDouble
        ? [doubleOf(words[0] as number, words[1] as number), doubleOf(words[2] as number, words[3] as number)]
        : [uniformOf(words[2 * pair] as number), uniformOf(words[2 * pair + 1] as number)];
      const radius = Math.sqrt(-2 * Math.log(u));
      out[at + slot * threads] = radius * (slot % 2 === 0 ? Math.sin(2 * Math.PI * v) : Math.cos(2 * Math.PI * v));
    }
  });
  return out;
}

/**
 * `torch.bernoulli` of a tensor: element e takes word e mod 4 of the block of thread e div 4, and is 1 where its uniform number is at most its probability: where the
 * float32 just below is less.
 */
export function deviceMarks({ seedLo, seedHi, callLo, callHi }: CallKey, length: number): Float64Array {
  const words = new Uint32Array(4);
  const single = new Float32Array(1);
  const bits = new Uint32Array(single.buffer);
  const out = new Float64Array(length);
  for (let e = 0; e < length; e++) {
    if (e % 4 === 0) philox4x32(seedLo, seedHi, callLo, callHi, e / 4, 0, words);
    single[0] = uniformOf(words[e % 4] as number); // above 0
    bits[0] = (bits[0] as number) - 1;
    out[e] = single[0];
  }
  return out;
}

// --- internal helpers ---

/** 53 bits of two words, in (0, 1). */
function doubleOf(x: number, y: number): number {
  return ((y >>> 11) * 2 ** 32 + ((x ^ (y << 21)) >>> 0)) * 2 ** -53 + 2 ** -54;
}

/** Goes through the blocks of a call: `at` is the element of a block's first number, further ones lie `threads` apart. */
function eachBlock(
  { seedLo, seedHi, callLo, callHi }: CallKey,
  threads: number,
  length: number,
  unrolled: number,
  use: (words: Uint32Array, at: number, slots: number) => void,
): void {
  const words = new Uint32Array(4);
  for (let start = 0, pass = 0; start < length; start += threads * unrolled, pass++) {
    for (let thread = 0; thread < threads && start + thread < length; thread++) {
      const low = callLo + pass;
      philox4x32(seedLo, seedHi, low >>> 0, callHi + Math.floor(low / 2 ** 32), thread, 0, words);
      use(words, start + thread, Math.min(unrolled, Math.ceil((length - start - thread) / threads)));
    }
  }
}
