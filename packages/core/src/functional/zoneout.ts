import { checkInputs } from "../autograd/run";
import { composed } from "../autograd/scope";
import { ShapeError } from "../errors/errors";
import { refusal } from "../errors/refusal";
import { checkTensor } from "../ops/binary";
import { chooseDrawn } from "../ops/choose-drawn";
import { formatShape, sameShape } from "../shape/shape";
import type { Tensor } from "../tensor/tensor";
import { drawnKey } from "./drawn-key";
import type { Dropped } from "./dropout";
import { checkNoMore, checkOptions, OUT_OF_PLACE, type OutOfPlaceOptions } from "./dropout-options";
import { drawMask, undrawn } from "./dropout-select";

/** Options of `zoneout`. */
export type ZoneoutOptions = OutOfPlaceOptions;

/**
 * Keeps units of a recurrent state as they were, each with probability `p`, in place of their new value (Zoneout, Krueger et al.,
 * [2017](https://arxiv.org/abs/1606.01305)); outside training it mixes both by their shares. PyTorch has no such function. The mask says which units are new; a program that draws
 * which stay, as fairseq's cell does, has the masks of `zoneout(next, previous, 1 - p)`.
 *
 * @param previous The state before the step; float32 or float64.
 * @param next The state after it, of the same shape, dtype and backend.
 * @param options `p`: default 0.5, the paper's for cells (hidden states have 0.05); `training`: default true; `generator`; `elementOffset`.
 * @returns `next` where the mask is true, `previous` elsewhere; in eval mode `p * previous + (1 - p) * next`.
 * @throws ShapeError, TypeError and BackendMismatchError for states that do not fit; else as for `dropout`.
 * @example
 * ```ts
 * manualSeed(42);
 * console.log(F.zoneout(zeros([8]), ones([8])).dataSync().join()); // 0,1,1,1,1,1,1,0
 * console.log(F.zoneout(zeros([2]), ones([2]), { p: 0.25, training: false }).dataSync().join()); // 0.75,0.75
 * ```
 */
export function zoneout(previous: Tensor, next: Tensor, options?: number | ZoneoutOptions): Tensor;
export function zoneout(previous: Tensor, next: Tensor, options: number | ZoneoutOptions = {}, ...extra: unknown[]): Tensor {
  checkNoMore("zoneout", extra);
  return zoneoutWithMask(previous, next, options).output;
}

/** The same, which also tells its mask. */
export function zoneoutWithMask(previous: Tensor, next: Tensor, options: number | ZoneoutOptions): Dropped {
  const before = checkTensor("zoneout", previous, "previous");
  const checked = checkOptions("zoneout", next, options, true, OUT_OF_PLACE);
  const { input: after, p, training, generator } = checked;
  checkInputs("zoneout", [before, after]);
  if (!sameShape(before.sizes, after.sizes)) {
    const detail = `expected states of one shape, got ${formatShape(before.sizes)} and ${formatShape(after.sizes)}`;
    throw new ShapeError("zoneout", [before.sizes, after.sizes], detail);
  }
  if (before.dtype !== after.dtype)
    throw refusal("zoneout", `a previous state of dtype ${after.dtype}`, before.dtype, "convert it with type()");
  if (!training) return { output: composed(() => before.mul(p).add(after.mul(1 - p))), mask: null };
  if (p === 0 || p === 1 || after.size === 0) {
    return { output: p === 1 ? before : after, mask: undrawn(p, after.sizes, after.backend) };
  }
  const key = drawnKey(checked, after.sizes, 0);
  const mask = { key, backend: after.backend };
  const output = chooseDrawn(() => drawMask(mask), after, before);
  generator.source.take(key);
  return { output, mask };
}
