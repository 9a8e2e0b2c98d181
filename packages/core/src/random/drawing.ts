/**
 * Who is asked before a draw: a shard, which knows of what larger mask the wanted one is a part, and a record of what was drawn. Both are rooms of their own;
 * this is the door, and all of it that a program without them carries.
 */
import { shared } from "../backend/shared";
import type { Shape } from "../shape/shape";
import type { Tensor } from "../tensor/tensor";
import type { Generator } from "./generator";
import type { MaskKey } from "./mask-key";

/** A draw that is about to be made. */
export interface Draw {
  /** Who draws: for messages, and for streams in which each op has masks of its own. */
  readonly op: string;
  readonly generator: Generator;
  /** For a mask alone, as are the next two: what it will be laid on. */
  readonly input?: Tensor;
  readonly elementOffset?: number;
  /** The mask's shape as the caller wrote it, where one was written. */
  readonly noiseShape?: readonly (number | null)[] | undefined;
}

/** Where a mask lies in a larger one, and the shape of that. */
export type MaskPlace = Pick<MaskKey, "strides" | "elementOffset"> & { readonly whole: Shape };

/**
 * Hears of a draw before it is made, and may say of a mask where it lies; undefined: it is a whole by itself.
 *
 * @param shape Of the mask, or of what is drawn on the host.
 * @param batchDim For a mask: the dimension of the input that counts samples; below 0: it has none.
 */
export type Asked = (draw: Draw, shape: Shape, batchDim?: number) => MaskPlace | undefined;

/** Hears of a draw before it is made, and may refuse it by an error; of what, is told at `Asked`. */
export type Heard = (draw: Draw, shape: Shape, batchDim?: number) => void;

/** Which dimension of a mask counts samples; below 0: none does, or all samples share it. `shape` and `batchDim` as for `Asked`. */
export function sampleDim({ input, noiseShape }: Draw, shape: Shape, batchDim = 0): number {
  if (input === undefined || batchDim < 0) return -1;
  // The mask's dimensions are the input's last ones.
  const dim = batchDim - input.sizes.length + shape.length;
  return noiseShape?.[dim] === 1 ? -1 : dim;
}

/** Who is asked just now. */
interface Drawing {
  /** The door: what of the next is there, in one call. */
  ask?: Asked | undefined;
  /** Says where a mask lies. */
  part?: { place: Asked } | undefined;
  /** Hears of every draw. */
  hear?: Heard | undefined;
  /** A function runs once more, for what it computed before: what it counted then, it must not count again. */
  isReplay?: boolean;
  /** Running statistics do not move either, though nothing is computed again. */
  keepsStatistics?: boolean;
}

export const drawing: Drawing = /* @__PURE__ */ shared("drawing", () => ({}));

/** Runs `fn` with others to ask, and puts back who was there, also after an error. */
export function withDrawing<T>(change: Omit<Drawing, "ask">, fn: () => T): T {
  const before = { ask: undefined, part: undefined, hear: undefined, isReplay: false, keepsStatistics: false, ...drawing };
  const { part, hear } = Object.assign(drawing, change);
  drawing.ask = (draw, shape, batchDim) => {
    hear?.(draw, shape, batchDim);
    return part?.place(draw, shape, batchDim);
  };
  try {
    return fn();
  } finally {
    Object.assign(drawing, before);
  }
}
