/** The rules of code that Inductor made of dropout: which words of a seed's stream are kept, as ranges that kernels test. */
import type { MaskLayout } from "../backend/backend";
import { layoutOf } from "../cpu/layout";
import { firstWhere } from "./thresholds";

/** Where compiled code runs. */
export type CompiledDevice = "cuda" | "cpu";

/** Which test keeps an element: `uniform > p` of dropout, in the data's dtype, or `uniform < 1 - p` of noise drawn by bernoulli, in float32. */
export type CompiledKind = "fused" | "fused64" | "noise";

/** Just below 2^-31, so that no number becomes 1. */
const SCALE = Math.fround(4.6566127342e-10);

/** The uniform number of 31 bits, in [0, 1). */
export function uniformOf31(bits: number): number {
  return Math.fround(Math.fround(bits) * SCALE);
}

/** The 31 bits of a word: CUDA folds the upper half of all words onto the lower one, the CPU leaves the top bit out. */
export function bitsOf(device: CompiledDevice, word: number): number {
  const folds = device === "cuda" && word >= 2 ** 31;
  return folds ? 2 ** 32 - 1 - word : word % 2 ** 31;
}

/** The words that are kept. */
export function compiledRule(device: CompiledDevice, kind: CompiledKind, p: number): { layout: MaskLayout; threshold: number } {
  const isNoise = kind === "noise";
  const limit = kind === "fused64" ? p : Math.fround(isNoise ? 1 - p : p);
  // Kept are bits from `first` on, of dropout, or those below it, of noise.
  const first = firstWhere(2 ** 31, (bits) => (isNoise ? uniformOf31(bits) >= limit : uniformOf31(bits) > limit));
  const ends = isNoise ? [0, first] : [first, 2 ** 31];
  const kept = 2 * ((ends[1] as number) - (ends[0] as number));
  const isAll = kept === 2 ** 32;
  // The CPU's bits, moved up by one, are all even; so "all" fits a word, for CUDA, too.
  const shift = device === "cpu" || isAll ? 1 : 0;
  const low = shift === 1 ? 2 * (ends[0] as number) : isNoise ? 2 ** 32 - first : first;
  return { layout: layoutOf({ kind: "flat", width: 1, shift, low: low % 2 ** 32 }), threshold: isAll ? 2 ** 32 - 1 : kept };
}

/** `torch.randint(-2^63, 2^63 - 1)` of 64 random bits, which a call of compiled code draws for its seeds. */
export function seedOf(high: number, low: number): bigint {
  const bits = ((BigInt(high) << 32n) | BigInt(low)) % (2n ** 64n - 1n);
  return BigInt.asUintN(64, bits - 2n ** 63n);
}
