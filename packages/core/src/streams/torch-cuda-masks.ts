/** The masks of PyTorch's eager kernels on CUDA: which word decides which element, and how many blocks a call takes. */
import type { MaskLayout } from "../backend/backend";
import { layoutOf } from "../cpu/layout";
import { thresholdOf } from "../random/threshold";
import type { Elements } from "./elements";
import type { Gpu } from "./gpus";
import { firstWhere, uniformOf } from "./thresholds";

/** The element types of PyTorch that have masks of their own. */
export type TorchDType = "float16" | "bfloat16" | "float32" | "float64";

/** A mask's rule. */
export interface Rule {
  /** None where the default stream has the same. */
  readonly layout?: MaskLayout;
  readonly threshold: number;
  /** By how much the offset grows. */
  readonly grows: number;
  /** Elements are counted row by row, also where they lie otherwise. */
  readonly isByRows?: boolean;
}

/** `F.dropout` out of place: vectors of elements share a thread. */
export function fusedRule(gpu: Gpu, dtype: TorchDType, p: number, { count, isDense, behind }: Elements): Rule {
  const threads = threadsOf(gpu);
  let width = isDense ? { float16: 8, bfloat16: 8, float32: 4, float64: 2 }[dtype] : 1;
  while (count % width > 0 || behind % width > 0) width /= 2;
  const threshold = dtype === "float64" ? firstWhere(2 ** 32 - 1, (word) => uniformOf(word) >= 1 - p) : thresholdOf(p);
  const grows = growth(threads, count, 4);
  if (width === 4 && count <= 4 * threads) return { threshold, grows };
  const isByRows = width === 1;
  const fields = isByRows
    ? ({ kind: "spread", width: 4, threads } as const)
    : ({ kind: "packed", width: width as 2 | 4 | 8, threads } as const);
  return { layout: layoutOf(fields), threshold, grows, isByRows };
}

/** What is drawn by `bernoulli_`: in place, channels, alpha. */
export function noiseRule(gpu: Gpu, dtype: TorchDType, p: number, { count }: Elements): Rule {
  const threads = threadsOf(gpu);
  if (dtype !== "float64")
    return { layout: layoutOf({ kind: "spread", width: 4, threads }), threshold: thresholdOf(p), grows: growth(threads, count, 4) };
  // 53 bits of two words.
  const threshold = firstWhere(2 ** 53, (bits) => bits * 2 ** -53 + 2 ** -54 >= 1 - p);
  const thresholdHi = Math.floor(threshold / 2 ** 32);
  const layout = layoutOf({ kind: "wide", width: 2, threads, thresholdHi });
  return { layout, threshold: threshold - thresholdHi * 2 ** 32, grows: growth(threads, count, 2) };
}

/** Weights of the memory-efficient attention: element e of a call takes word `offset + e`, whose block lies in the other half of the counter. */
export function efficientRule(p: number, { count }: Elements): Rule {
  const low = firstWhere(2 ** 32 - 1, (word) => uniformOf(word) > Math.fround(p));
  return { layout: layoutOf({ kind: "flat", width: 4, low }), threshold: 2 ** 32 - low, grows: 4 * Math.ceil(count / 4) };
}

/** Threads of the largest launch. */
export function threadsOf({ multiprocessors, threadsPerMultiprocessor }: Gpu): number {
  return 256 * multiprocessors * Math.floor(threadsPerMultiprocessor / 256);
}

/** Counters of a call on `count` elements, a thread taking `unrolled` of them in a pass, in steps of four. */
export function growth(threads: number, count: number, unrolled: number): number {
  const launched = Math.min(256 * Math.ceil(count / 256), threads);
  return 4 * (Math.floor((count - 1) / (launched * unrolled)) + 1);
}
