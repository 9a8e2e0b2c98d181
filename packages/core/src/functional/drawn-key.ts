/** Masks for more than one affine select: those that something of their own is made of, and those of weights, which all parts of a batch share. */
import { applySelect } from "../ops/affine-select";
import { drawing } from "../random/drawing";
import { dropoutAffine, type MaskKey } from "../random/mask-key";
import { type Shape, sizeOf } from "../shape/shape";
import { type Dropped, drop } from "./dropout";
import { type CheckedOptions, checkElementOffset } from "./dropout-options";

/** Who draws, and what the mask will be laid on; absent: nothing that has a batch. */
export type Drawer = Omit<CheckedOptions, "input" | "maskShape" | "training"> & { readonly input?: CheckedOptions["input"] };

/**
 * The key of the next mask of `shape`. The generator moves when `generator.source.take(key)` is called, which comes last: what is refused, or finds no memory,
 * takes no call. `p` is the mask's own, where that is not the rate that was asked for.
 */
export function drawnKey(drawer: Drawer, shape: Shape, batchDim: number, p = drawer.p): MaskKey {
  checkElementOffset(drawer.op, drawer.elementOffset, sizeOf(shape));
  const place = drawing.ask?.(drawer, shape, batchDim);
  return drawer.generator.source.mask({ ...drawer, shape, ...place, p });
}

/** Dropout of weights: its mask is the same for every part of a batch. */
export function dropWeights(checked: CheckedOptions, shape: Shape): Dropped {
  const { input, training, maskShape: _, ...drawer } = checked;
  const { p, generator } = drawer;
  if (!training || p === 0 || p === 1 || input.size === 0) return drop(checked, dropoutAffine, () => shape);
  const key = drawnKey(drawer, shape, -1);
  const output = applySelect(input, key, dropoutAffine(p));
  generator.source.take(key);
  return { output, mask: { key, backend: input.backend } };
}
