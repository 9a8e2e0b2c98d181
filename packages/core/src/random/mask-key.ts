import type { DropoutSpec } from "../backend/backend";
import { broadcastStrides, contiguousStrides, mergeDims, type Shape, sameShape, sizeOf } from "../shape/shape";
import type { Apply } from "./source";
import { scaleOf, thresholdOf } from "./threshold";
import type { CallKey } from "./words";

/**
 * All that is kept of a mask, by value: where in the random stream it was drawn and how it covers the data. The mask itself is
 * never stored; whoever needs it again (the backward pass, `lastMask`) draws it again from this.
 */
export interface MaskKey {
  /** The call it was drawn by. */
  readonly call: CallKey;
  /** Drop probability, in (0, 1). */
  readonly p: number;
  /** The mask's own shape; it broadcasts to the data's. */
  readonly shape: Shape;
  /** How its indices step along each dimension, where it is part of a larger mask. Default: as a contiguous tensor's. */
  readonly strides?: readonly number[] | undefined;
  /** Added to each mask index: where this mask starts in that of a larger tensor. */
  readonly elementOffset: number;
  /** Lays the mask over data, where that is drawn by another framework's rule. */
  readonly apply?: Apply;
}

/** What becomes of kept and dropped elements: `keep ? x * keepScale + keepShift : dropValue`, each a float32 value. */
export interface Affine {
  readonly keepScale: number;
  readonly keepShift: number;
  readonly dropValue: number;
}

/** dropout: kept elements are scaled by 1 / (1 - p), dropped ones are +0. */
export function dropoutAffine(p: number): Affine {
  return { keepScale: scaleOf(p), keepShift: 0, dropValue: 0 };
}

/** The value SELU tends to on the far left, `-scale * alpha`; alphaDropout puts it (times `a`, shifted) where it drops. From Klambauer et al., 2017. */
const ALPHA = 1.7580993408473766;

/** alphaDropout: dropped elements take SELU's saturation value and an affine map restores mean 0 and variance 1. In double, each rounded once. */
export function alphaDropoutAffine(p: number): Affine {
  const a = 1 / Math.sqrt((ALPHA * ALPHA * p + 1) * (1 - p));
  const b = ALPHA * a * p;
  return { keepScale: Math.fround(a), keepShift: Math.fround(b), dropValue: Math.fround(b - ALPHA * a) };
}

/** The gradient of an affine select is another one on the same mask: scaled where kept, 0 where dropped. */
export function gradientAffine(affine: Affine): Affine {
  return { keepScale: affine.keepScale, keepShift: 0, dropValue: 0 };
}

/** The work order for a backend's `dropout` on data of `shape`. */
export function dropoutSpec(key: MaskKey, affine: Affine, shape: Shape): DropoutSpec {
  const { seedLo, seedHi, callLo, callHi } = key.call;
  const { keepScale, keepShift, dropValue } = affine;
  const work = maskWork(key, shape);
  // Name by name: from several objects spread into one an engine makes a slow one, and this is read element by element.
  return {
    seedLo,
    seedHi,
    callLo,
    callHi,
    elementOffset: key.elementOffset,
    threshold: thresholdOf(key.p),
    keepScale,
    keepShift,
    dropValue,
    shape: work.shape,
    maskStrides: work.maskStrides,
  };
}

// --- internal helpers ---

/** How a mask covers data, in the fewest dimensions. */
function maskWork({ shape: maskShape, strides }: MaskKey, shape: Shape): Pick<DropoutSpec, "shape" | "maskStrides"> {
  if (!strides && sameShape(maskShape, shape)) return { shape: [sizeOf(shape)], maskStrides: [1] };
  const merged = mergeDims(shape, [broadcastStrides(maskShape, strides ?? contiguousStrides(maskShape), shape)]);
  return { shape: merged.shape, maskStrides: merged.strides[0] as number[] };
}
