import { composed } from "../autograd/scope";
import type { Backend } from "../backend/backend";
import { isFloating } from "../dtype/dtype";
import { applySelect, applySelectInPlace, checkInPlace } from "../ops/affine-select";
import { constantLike } from "../ops/layout";
import { drawing } from "../random/drawing";
import { type Affine, dropoutAffine, type MaskKey } from "../random/mask-key";
import { callKey } from "../random/words";
import { type Shape, sizeOf } from "../shape/shape";
import { full, ones } from "../tensor/creation";
import type { Tensor } from "../tensor/tensor";
import { type CheckedOptions, checkElementOffset } from "./dropout-options";

/** What it takes to draw a mask again. p may be 0 or 1, which draw nothing. */
export interface MaskRecord {
  readonly key: MaskKey;
  readonly backend: Backend;
}

/** With p = 1 everything is dropped, and so is the gradient. */
const DROP_ALL: Affine = { keepScale: 0, keepShift: 0, dropValue: 0 };

/** Where no mask is drawn, no call is taken; the key then stands for "all" or "none". */
const NO_CALL = /* @__PURE__ */ callKey(0n, 0n);

/**
 * Applies dropout to checked arguments, in training. `affine` is null where nothing is drawn: p = 0 and an empty tensor are the
 * identity, p = 1 gives zeros. The call number is taken last, when nothing can be refused any more.
 */
export function select(
  options: CheckedOptions,
  affine: Affine | null,
  shape: Shape,
  batchDim: number,
): { output: Tensor; mask: MaskRecord } {
  const { op, input, p, inplace, generator, elementOffset } = options;
  checkElementOffset(op, elementOffset, sizeOf(shape));
  const isIdentity = p === 0 || input.size === 0;
  if (inplace && !isIdentity) checkInPlace(op, input);
  const place = p > 0 && p < 1 ? drawing.ask?.(options, shape, batchDim) : undefined;
  const key: MaskKey =
    affine === null ? { call: NO_CALL, p, shape, elementOffset } : generator.source.mask({ ...options, shape, ...place });
  const mask = { key, backend: input.backend };
  if (isIdentity) return { output: input, mask };
  if (!isFloating(input.dtype)) return { output: zeroed(input, inplace), mask };
  const output = (inplace ? applySelectInPlace : applySelect)(input, key, affine ?? DROP_ALL);
  if (affine !== null) generator.source.take(key);
  return { output, mask };
}

/** The record of a mask of all or none, which draws nothing: p is 0 or 1, or there are no elements. */
export function undrawn(p: number, shape: Shape, backend: Backend): MaskRecord {
  return { key: { call: NO_CALL, p, shape, elementOffset: 0 }, backend };
}

/** Dropout by a mask that was drawn before. No call is taken. */
export function again(input: Tensor, { key }: MaskRecord): Tensor {
  const { p } = key;
  if (p === 0 || input.size === 0) return input;
  return applySelect(input, key, p === 1 ? DROP_ALL : dropoutAffine(p));
}

/** The mask of a record, drawn again: bool, in the mask's own shape, true where elements were kept. */
export function drawMask({ key, backend }: MaskRecord): Tensor {
  if (key.p === 0 || key.p === 1 || sizeOf(key.shape) === 0) return full(key.shape, key.p === 1 ? 0 : 1, { dtype: "bool", backend });
  return composed(() => applySelect(ones(key.shape, { backend }), key, { keepScale: 1, keepShift: 0, dropValue: 0 }).type("bool"));
}

// --- internal helpers ---

/** Integers with p = 1: zeros of the same dtype. */
function zeroed(input: Tensor, inplace: boolean): Tensor {
  const { storage } = input;
  const zeros = constantLike(input, 0, input.sizes);
  if (!inplace) return zeros;
  try {
    storage.device.kernels.copy(zeros.layout, input.layout);
  } finally {
    zeros.dispose();
  }
  storage.version++;
  return input;
}
