import { composed } from "../autograd/scope";
import { checkFloating, hostArray } from "../dtype/dtype";
import { ShapeError } from "../errors/errors";
import { checkBoolean, checkInteger, type OptionKinds, optionsOf } from "../errors/options";
import { refusal, wrongType, wrongValue } from "../errors/refusal";
import { checkTensor } from "../ops/binary";
import { indexAlong } from "../ops/gather";
import { valuesBeside } from "../ops/values-beside";
import { arrayOf, checkShape, formatShape } from "../shape/shape";
import type { Tensor } from "../tensor/tensor";

/** How new elements are made of old ones: the nearest one, or a mixture of two in each of one, two or three dimensions. */
export type InterpolationMode = "nearest" | "linear" | "bilinear" | "trilinear";

/** Options of `interpolate`. */
export interface InterpolateOptions {
  /** The new sizes of the dimensions after batch and channels; a number stands for all of them. This or `scaleFactor` is given. */
  readonly size?: number | readonly number[] | null;
  /** By what they are multiplied; the results are rounded down. */
  readonly scaleFactor?: number | readonly number[] | null;
  /** Default: "nearest". */
  readonly mode?: InterpolationMode;
  /** The outermost elements stay where they are, in place of the outer edges; not for "nearest". Default: false. */
  readonly alignCorners?: boolean | null;
}

/**
 * Resizes what comes after batch and channels. Mirrors
 * [torch.nn.functional.interpolate](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.interpolate.html) without "bicubic", "area",
 * "nearest-exact" and `antialias`.
 *
 * @param input `[N, C, ...]` with one to three more dimensions: one for "linear", two for "bilinear", three for "trilinear"; float32 or float64, for
 *   "nearest" any dtype.
 * @param options `size` or `scaleFactor`. `mode`: default "nearest". `alignCorners`: default false.
 * @throws ShapeError for another rank and for a dimension of size 0, RangeError for another mode or a size below 1, TypeError for both or none of `size` and
 *   `scaleFactor`, for `alignCorners` with "nearest", and for integers that would be mixed.
 * @example
 * ```ts
 * const x = tensor([[[0, 4]]]);
 * console.log(F.interpolate(x, { scaleFactor: 2 }).dataSync().join()); // 0,0,4,4
 * console.log(F.interpolate(x, { size: 4, mode: "linear" }).dataSync().join()); // 0,1,3,4
 * ```
 */
export function interpolate(input: Tensor, options: InterpolateOptions): Tensor {
  const { size, scaleFactor, mode, alignCorners } = readResize("interpolate", optionsOf("interpolate", options, INTERPOLATE));
  const x = checkTensor("interpolate", input);
  const spatial = x.sizes.slice(2);
  const rank = RANKS[mode] ?? spatial.length;
  if (spatial.length !== rank || rank < 1 || rank > 3 || spatial.includes(0) || x.sizes[1] === 0) {
    const detail = `expected (N, C, ...) with ${RANKS[mode] ?? "1 to 3"} dimensions that are not empty for mode "${mode}", got ${formatShape(x.sizes)}`;
    throw new ShapeError("interpolate", [x.sizes], detail);
  }
  if (mode !== "nearest") checkFloating("interpolate", x.dtype);
  const each = (value: number | readonly number[], what: string): readonly number[] => {
    const values = typeof value === "number" ? spatial.map(() => value) : value;
    if (values.length !== rank) throw wrongValue("interpolate", `${what} with ${rank} entries for ${formatShape(x.sizes)}`, values);
    return values;
  };
  const scales = scaleFactor === null ? null : each(scaleFactor, "scaleFactor");
  const sizes = scales === null ? each(size as number, "size") : spatial.map((from, i) => Math.floor(from * (scales[i] as number)));
  for (const to of sizes) checkInteger("interpolate", "each new size", to, 1);
  checkShape("interpolate", [...x.sizes.slice(0, 2), ...sizes]);
  return composed(() =>
    // The last dimension first, whose neighbours lie side by side.
    sizes.reduceRight((y, to, i) => {
      const map = { from: spatial[i] as number, to, scale: scales?.[i], alignCorners: alignCorners === true };
      return mode === "nearest" ? nearest(y, i + 2, map) : linear(y, i + 2, map);
    }, x.alias()),
  );
}

/**
 * Turns channels into places: `[..., C r^2, H, W]` becomes `[..., C, H r, W r]`. By Shi et al., [2016](https://arxiv.org/abs/1609.05158). Mirrors
 * [torch.nn.functional.pixel_shuffle](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.pixel_shuffle.html).
 *
 * @param input Of at least three dimensions, any dtype.
 * @param options `upscaleFactor`: r, a positive integer.
 * @throws ShapeError for fewer dimensions, and for channels that r^2 does not divide; RangeError for another factor.
 */
export function pixelShuffle(input: Tensor, options: { upscaleFactor: number }): Tensor {
  const { upscaleFactor: r } = optionsOf<{ upscaleFactor: number }>("pixelShuffle", options, { upscaleFactor: "any" });
  const x = checkTensor("pixelShuffle", input);
  checkInteger("pixelShuffle", "upscaleFactor", r, 1);
  const [channels, height, width] = x.sizes.slice(-3) as [number, number, number];
  if (x.sizes.length < 3 || channels % r ** 2 !== 0) {
    const detail = `expected (..., C, H, W) whose channels ${r}^2 divides, got ${formatShape(x.sizes)}`;
    throw new ShapeError("pixelShuffle", [x.sizes], detail);
  }
  const before = x.sizes.slice(0, -3);
  const n = before.length;
  return composed(() =>
    x
      .reshape([...before, channels / r ** 2, r, r, height, width])
      .permute([...before.keys(), n, n + 3, n + 1, n + 4, n + 2])
      .reshape([...before, channels / r ** 2, height * r, width * r]),
  );
}

/** The options of a resize, with copies of lists. Refuses what is none, and what does not go together, whatever the input. */
export function readResize(
  op: string,
  { size = null, scaleFactor = null, mode = "nearest", alignCorners = null }: InterpolateOptions,
): { [Name in keyof InterpolateOptions]-?: Exclude<InterpolateOptions[Name], undefined> } {
  if (typeof mode !== "string" || !Object.hasOwn(RANKS, mode)) {
    throw wrongValue(op, 'mode "nearest", "linear", "bilinear" or "trilinear"', mode);
  }
  if ((size === null) === (scaleFactor === null)) throw refusal(op, "either size or scaleFactor", size === null ? "none" : "both");
  if (alignCorners !== null) {
    checkBoolean(op, "alignCorners", alignCorners);
    if (mode === "nearest") throw refusal(op, 'no alignCorners with mode "nearest"', "one", "leave it out");
  }
  return { size: numbersOf(op, "size", size), scaleFactor: numbersOf(op, "scaleFactor", scaleFactor), mode, alignCorners };
}

// --- internal helpers ---

const INTERPOLATE: OptionKinds<InterpolateOptions> = { size: "any", scaleFactor: "any", mode: "any", alignCorners: "any" };

/** How many dimensions a mode resizes; any. */
const RANKS: Readonly<Record<InterpolationMode, number | null>> = { nearest: null, linear: 1, bilinear: 2, trilinear: 3 };

/** A number, or a copy of a list of them. */
function numbersOf(op: string, name: string, value: number | readonly number[] | null): number | readonly number[] | null {
  if (value === null || typeof value === "number") return value;
  const values = arrayOf(op, `${name} to be a number or an array of them`, value) as number[];
  for (const entry of values) if (typeof entry !== "number") throw wrongType(op, `numbers in ${name}`, entry);
  return values;
}

/** One dimension on its way to another size. */
interface Resize {
  readonly from: number;
  readonly to: number;
  /** As it was given, for it may not be the ratio of the sizes. */
  readonly scale: number | undefined;
  readonly alignCorners: boolean;
}

/** PyTorch computes places in the input's dtype, and so rounds where it does. */
function rounding(x: Tensor): (value: number) => number {
  return x.dtype === "float64" ? (value) => value : Math.fround;
}

/** One old place for each new one. The place itself is cut off in float32, whatever the dtype. */
function nearest(x: Tensor, dim: number, { from, to, scale }: Resize): Tensor {
  const round = rounding(x);
  const step = round(scale === undefined ? from / to : 1 / scale);
  const places = hostArray(x.backend.name, "int32", to);
  for (let i = 0; i < to; i++) places[i] = Math.min(Math.floor(Math.fround(round(i * step))), from - 1);
  return indexAlong(x, dim, valuesBeside(x, places));
}

/** A mixture of the two old places beside each new one. */
function linear(x: Tensor, dim: number, { from, to, scale, alignCorners }: Resize): Tensor {
  if (from === to) return x;
  const round = rounding(x);
  const step = alignCorners ? (to > 1 ? round((from - 1) / (to - 1)) : 0) : round(scale === undefined ? from / to : 1 / scale);
  const low = hostArray(x.backend.name, "int32", to);
  const high = hostArray(x.backend.name, "int32", to);
  const shares = hostArray(x.backend.name, x.dtype, to);
  for (let i = 0; i < to; i++) {
    const place = alignCorners ? round(step * i) : round(round(step * (i + 0.5)) - 0.5);
    const inside = Math.min(Math.max(place, 0), from - 1);
    low[i] = Math.floor(inside);
    high[i] = Math.min(Math.floor(inside) + 1, from - 1);
    shares[i] = inside - Math.floor(inside);
  }
  const share = valuesBeside(x, shares, [to, ...x.sizes.slice(dim + 1).map(() => 1)]);
  const at = (places: Int32Array) => indexAlong(x, dim, valuesBeside(x, places));
  return at(low).mul(share.neg().add(1)).add(at(high).mul(share));
}
