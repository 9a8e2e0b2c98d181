import { composed } from "../autograd/scope";
import { hostArray } from "../dtype/dtype";
import { ShapeError } from "../errors/errors";
import { type OptionKinds, optionsOf } from "../errors/options";
import { refusal, wrongType, wrongValue } from "../errors/refusal";
import { checkTensor } from "../ops/binary";
import { indexAlong } from "../ops/gather";
import { padWith } from "../ops/padding";
import { valuesBeside } from "../ops/values-beside";
import { arrayOf, checkShape, formatShape } from "../shape/shape";
import { elementOf } from "../tensor/elements";
import type { Tensor } from "../tensor/tensor";

/** What is put around a tensor: one value, its mirror image, its outermost elements, or its other end. */
export type PadMode = "constant" | "reflect" | "replicate" | "circular";

/** Options of `pad`. */
export interface PadOptions {
  /** Places before and after the last dimension, then before and after the one before it, and so on; negative ones are cut off. */
  readonly pad: readonly number[];
  /** What is put there. Default: "constant". */
  readonly mode?: PadMode;
  /** The constant. Default: 0. */
  readonly value?: number;
}

/**
 * Puts places around a tensor, or cuts them off. Mirrors
 * [torch.nn.functional.pad](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.pad.html); all modes take any rank here.
 *
 * @param input Any shape and dtype.
 * @param options `pad`: pairs of places, the last dimension first. `mode`: default "constant"; "reflect" leaves out the outermost elements, "replicate"
 *   repeats them. `value`: the constant; default 0.
 * @throws ShapeError for more pairs than dimensions, a size below 0, and places that a mode cannot fill: a reflection as large as the dimension, more than
 *   once around, or any beside nothing. RangeError for another mode or places that are no integers, TypeError for a value beside another mode.
 * @example
 * ```ts
 * const x = tensor([[1, 2, 3]]);
 * console.log(F.pad(x, { pad: [1, 2] }).dataSync().join()); // 0,1,2,3,0,0
 * console.log(F.pad(x, { pad: [2, 1], mode: "reflect" }).dataSync().join()); // 3,2,1,2,3,2
 * ```
 */
export function pad(input: Tensor, options: PadOptions): Tensor {
  const { pad: given, mode = "constant", value } = optionsOf("pad", options, PAD);
  const x = checkTensor("pad", input);
  const pairs = checkPairs("pad", given);
  checkMode("pad", mode);
  if (mode !== "constant" && value !== undefined) {
    throw refusal("pad", `no value with mode "${mode}"`, "one", 'leave it out, or use mode "constant"');
  }
  return padded("pad", x, pairs, mode, elementOf("pad", value ?? 0, x.dtype));
}

/** `pad` of checked arguments, for what pads before it does something else. @throws ShapeError as `pad`, by the name `op`. */
export function padded(op: string, x: Tensor, pairs: readonly number[], mode: PadMode, element = 0): Tensor {
  const before = x.sizes.map((_, dim) => pairs[2 * (x.sizes.length - 1 - dim)] ?? 0);
  const after = x.sizes.map((_, dim) => pairs[2 * (x.sizes.length - 1 - dim) + 1] ?? 0);
  const sizes = x.sizes.map((size, dim) => size + (before[dim] as number) + (after[dim] as number));
  const isCut = x.sizes.every((size, dim) => size >= cut(before[dim] as number) + cut(after[dim] as number));
  if (pairs.length > 2 * x.sizes.length || !isCut) {
    const detail = `expected a pair for each of the last dimensions of ${formatShape(x.sizes)} that cuts off no more than is there, got ${formatShape(pairs)}`;
    throw new ShapeError(op, [x.sizes, sizes], detail);
  }
  checkShape(op, sizes);
  return composed(() => {
    if (mode === "constant") return surrounded(x, before, after, sizes, element);
    // By dimension; each source is a place of the input, so that the order does not matter.
    return sizes.reduce((y, size, dim) => {
      const [first, last] = [before[dim] as number, after[dim] as number];
      return first === 0 && last === 0 ? y : indexAlong(y, dim, valuesBeside(x, sourcesOf(op, mode, x, dim, first, size)));
    }, x.alias());
  });
}

/** A copy of an even number of integers. */
export function checkPairs(op: string, pad: unknown): number[] {
  const pairs = arrayOf(op, "pad to be an array such as [1, 1]", pad) as number[];
  for (const places of pairs) {
    if (typeof places !== "number") throw wrongType(op, "integers in pad", places);
    if (!Number.isSafeInteger(places)) throw wrongValue(op, "integers in pad", places);
  }
  if (pairs.length % 2 !== 0) throw wrongValue(op, "pairs in pad, before and after", pairs);
  return pairs.map((places) => places + 0);
}

// --- internal helpers ---

const PAD: OptionKinds<PadOptions> = { pad: "any", mode: "any", value: "number" };

/** Where a place outside [0, size) of a dimension is read, and how far outside it may be. */
const SOURCES: Readonly<
  Record<Exclude<PadMode, "constant">, { source(place: number, size: number): number; reach(size: number): number }>
> = {
  reflect: { source: (place, size) => (place < 0 ? -place : 2 * (size - 1) - place), reach: (size) => size - 1 },
  replicate: {
    source: (place, size) => (place < 0 ? 0 : size - 1),
    reach: (size) => (size > 0 ? Number.POSITIVE_INFINITY : 0),
  },
  circular: { source: (place, size) => (place < 0 ? place + size : place - size), reach: (size) => size },
};

/** Refuses anything but the four modes. */
function checkMode(op: string, mode: unknown): asserts mode is PadMode {
  if (mode === "constant" || (typeof mode === "string" && Object.hasOwn(SOURCES, mode))) return;
  throw wrongValue(op, 'mode "constant", "reflect", "replicate" or "circular"', mode);
}

/** The places along a dimension of the input that its padded form of `size` places shows. */
function sourcesOf(op: string, mode: Exclude<PadMode, "constant">, x: Tensor, dim: number, before: number, size: number): Int32Array {
  const inside = x.sizes[dim] as number;
  const { source, reach } = SOURCES[mode];
  const furthest = Math.max(before, size - before - inside, 0);
  if (furthest > reach(inside)) {
    const detail = `expected at most ${Math.max(reach(inside), 0)} places of mode "${mode}" beside dimension ${dim} of ${formatShape(x.sizes)}, got ${furthest}`;
    throw new ShapeError(op, [x.sizes], detail);
  }
  const places = hostArray(x.backend.name, "int32", size);
  for (let i = 0; i < size; i++) {
    const place = i - before;
    places[i] = place >= 0 && place < inside ? place : source(place, inside);
  }
  return places;
}

function surrounded(x: Tensor, before: readonly number[], after: readonly number[], sizes: readonly number[], value: number): Tensor {
  const inside = x.sizes.reduce((y, size, dim) => y.slice(dim, cut(before[dim] as number), size - cut(after[dim] as number)), x);
  return padWith(
    inside,
    before.map((places) => Math.max(0, places)),
    sizes,
    value,
  );
}

/** How many places a negative number cuts off. */
function cut(places: number): number {
  return Math.max(0, -places);
}
