import { cpu } from "../cpu/cpu";
import type { TypedArray } from "../dtype/dtype";
import { isTensor } from "../errors/brand";
import { checkInteger, optionsOf } from "../errors/options";
import { wrongType, wrongValue } from "../errors/refusal";
import { checkTensor } from "../ops/binary";
import { Generator } from "../random/generator";
import { contiguousStrides, type Shape } from "../shape/shape";
import { tensor } from "../tensor/creation";
import type { NestedArray } from "../tensor/elements";
import type { Tensor } from "../tensor/tensor";
import { type Candidate, FAMILIES, type Wanted } from "./candidates";

/** Options of `diagnose`. */
export interface DiagnoseOptions {
  /** The seed that the mask was drawn with, as for `manualSeed`. */
  readonly seed: number | bigint;
  /** How many calls of each kind are tried. Default: 16. */
  readonly calls?: number;
  /** Of a flat array: the mask's sizes, outermost first. Default: the nesting's, or one dimension. */
  readonly shape?: Shape;
}

/** What `diagnose` found. */
export interface Diagnosis {
  /** The stream's name, as of `@dropwise/core/streams`, "dropwise" for the default one, or null: no known one drew the mask. */
  readonly stream: "dropwise" | "torchCuda" | "torchCpu" | "torchCompiled" | "jax" | null;
  /** Which call it was after seeding, counted from 0; null also where other numbers than masks were drawn before. */
  readonly call: number | null;
  /** The drop probabilities that give exactly this mask, from the least to the largest. */
  readonly p: readonly [low: number, high: number] | null;
  /** All that is known, in a sentence. */
  readonly words: string;
}

/**
 * Tells whose mask it is: which known random stream drew it, by which kind of dropout and in which call. p need not be known. For a model that was ported and whose masks
 * are not those of the original.
 *
 * @param mask True or not 0 where elements were kept, such as a mask or what dropout made of ones; whole channels may be written out. A tensor, nested arrays, or a typed array. It is told by
 *   40 elements or so, sooner where about half of them are dropped. Elements are taken row by row.
 * @param options The seed; see `DiagnoseOptions`.
 * @returns What was found; where nothing was, or the mask is too short, nulls and the reason.
 * @throws TypeError and RangeError for bad arguments, as `tensor` and `manualSeed` do; where the backend's data cannot be read at once, as `dataSync` does.
 * @example
 * ```ts
 * const mask = F.dropout(ones([64]), { p: 0.3, generator: new Generator(7, { stream: torchCuda({ dtype: "float16" }) }) });
 * console.log(diagnose(mask, { seed: 7 }).words); // PyTorch's dropout on CUDA, out of place, float16, bfloat16: call 0, p 0.3 (offset 0; any GPU)
 * ```
 */
export function diagnose(mask: Tensor | TypedArray | NestedArray, options: DiagnoseOptions): Diagnosis {
  const {
    seed,
    calls = 16,
    shape: folded,
  } = optionsOf<DiagnoseOptions>("diagnose", options, { seed: "any", calls: "number", shape: "any" });
  if (seed === undefined) throw wrongType("diagnose", "a seed", seed, "give the one that the mask was drawn with");
  checkInteger("diagnose", "calls", calls, 1);
  if (calls > 4096) throw wrongValue("diagnose", "calls of at most 4096", calls);
  const wanted = { seed: new Generator(seed).seed, calls };
  const { shape, kept } = maskOf(mask, folded);
  const whole = channelsOf(shape, kept);
  // Whole channels by chance are none.
  const found = whole && search({ ...wanted, shape: whole.shape, size: whole.kept.length }, whole.kept);
  return found?.stream ? found : search({ ...wanted, shape, size: kept.length }, kept);
}

// --- internal helpers ---

/** More chance matches than this among so many tries, and nobody can tell. */
const DOUBT = 0.01;

function maskOf(mask: Tensor | TypedArray | NestedArray, folded: Shape | undefined): { shape: Shape; kept: Uint8Array } {
  if (isTensor(mask) && folded !== undefined) throw wrongType("diagnose", "a shape for arrays alone", folded, "a tensor has one");
  const x = isTensor(mask)
    ? checkTensor("diagnose", mask)
    : tensor(mask, { dtype: "float64", backend: cpu, ...(folded && { shape: folded }) });
  const kept = Uint8Array.from(x.dataSync(), (value) => Number(value !== 0));
  return { shape: x.shape, kept };
}

/** The mask of whole channels, [N, C], where all of a channel's elements agree. */
function channelsOf(shape: Shape, kept: Uint8Array): { shape: Shape; kept: Uint8Array } | undefined {
  const stride = contiguousStrides(shape)[1] ?? 1;
  if (shape.length < 3 || stride < 2) return undefined;
  const channels = Uint8Array.from({ length: kept.length / stride }, (_, i) => kept[i * stride] as number);
  return kept.every((value, e) => value === channels[Math.floor(e / stride)]) ? { shape: shape.slice(0, 2), kept: channels } : undefined;
}

function search(wanted: Wanted, kept: Uint8Array): Diagnosis {
  const { size, calls } = wanted;
  const count = kept.reduce((sum, value) => sum + value, 0);
  if (count === 0 || count === size)
    return none(`${size} elements that are all ${count === 0 ? "dropped" : "kept"} tell nothing: give a mask that has both`);
  let doubtful: string | undefined;
  for (const family of FAMILIES) {
    let tries = 0;
    for (const candidate of family(wanted)) {
      tries++;
      const p = fit(candidate, kept);
      if (!p) continue;
      const { stream, call } = candidate;
      const words = sentence(candidate, p);
      if (Math.log(tries) - logChoices(size, count) < Math.log(DOUBT)) return { stream, call, p, words };
      doubtful ??= words;
      break; // of a family the likeliest come first
    }
  }
  if (doubtful) return none(`${size} elements are too few to tell one stream from another, though this one fits: ${doubtful}`);
  return none(`no known stream draws this mask in ${calls} calls of the seed ${wanted.seed}, row by row`);
}

/** The range of p for which the candidate is the mask; undefined where it is not, for any. */
function fit({ draw, toP }: Candidate, kept: Uint8Array): readonly [number, number] | undefined {
  let [maxKept, minDropped] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  draw((element, value) => {
    if (kept[element] === 1) maxKept = Math.max(maxKept, value);
    else minDropped = Math.min(minDropped, value);
    return maxKept < minDropped;
  });
  return maxKept < minDropped ? [toP(minDropped), toP(maxKept)] : undefined;
}

/** How many masks of so many elements drop as many, as a logarithm: by chance one of them is in the order of a stream's numbers. */
function logChoices(size: number, count: number): number {
  let sum = 0;
  for (let i = 1; i <= Math.min(count, size - count); i++) sum += Math.log((size + 1 - i) / i);
  return sum;
}

function sentence({ kind, call, place }: Candidate, [low, high]: readonly [number, number]): string {
  const where = place();
  return `${kind}: ${call === null ? "" : `call ${call}, `}p ${shortest(low, high)}${where === "" ? "" : ` (${where})`}`;
}

/** The number with the fewest digits in a range. */
function shortest(low: number, high: number): number {
  for (let digits = 1; digits < 17; digits++) {
    const value = Number(((low + high) / 2).toFixed(digits));
    if (value >= low && value <= high) return value;
  }
  return low;
}

function none(words: string): Diagnosis {
  return { stream: null, call: null, p: null, words };
}
