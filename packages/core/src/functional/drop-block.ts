import { noGrad } from "../autograd/grad-mode";
import { composed } from "../autograd/scope";
import type { Backend } from "../backend/backend";
import { ShapeError } from "../errors/errors";
import { checkInteger, type OptionKinds } from "../errors/options";
import { applySelect } from "../ops/affine-select";
import { div } from "../ops/arithmetic";
import { chooseDrawn, type DrawMask } from "../ops/choose-drawn";
import { dropoutAffine, type MaskKey } from "../random/mask-key";
import { formatShape, type Shape } from "../shape/shape";
import { ones } from "../tensor/creation";
import type { Tensor } from "../tensor/tensor";
import { drawnKey } from "./drawn-key";
import { drop } from "./dropout";
import { type CheckedOptions, checkNoMore, checkOptions, OUT_OF_PLACE, type OutOfPlaceOptions, rateOptions } from "./dropout-options";
import { drawMask, undrawn } from "./dropout-select";
import { pad } from "./padding";
import { maxPool2d } from "./pooling";

/** Options of `dropBlock2d`. */
export interface DropBlockOptions extends OutOfPlaceOptions {
  /** The side of the square that is dropped, at most the smaller side of the image. Default: 7, the paper's. */
  readonly blockSize?: number;
}

const DROP_BLOCK: OptionKinds<DropBlockOptions> = { ...OUT_OF_PLACE, blockSize: "any" };

/** What was dropped, and the mask of it: bool, of the input's shape, drawn anew by each call. */
export interface BlockDropped {
  readonly output: Tensor;
  readonly mask: DrawMask | null;
}

/**
 * Drops whole squares of each channel, which neighbours cannot make up for as they can for single pixels (DropBlock, Ghiasi et al.,
 * [2018](https://arxiv.org/abs/1810.12890)). A square begins at each place with a probability of which about `p` of all pixels are dropped, and what is kept
 * of a sample is scaled by its pixels over those kept. Mirrors
 * [torchvision.ops.drop_block2d](https://docs.pytorch.org/vision/stable/generated/torchvision.ops.drop_block2d.html), but that it scales by sample and not by batch,
 * so that no sample depends on the others. Under `torchCpu` the squares are torchvision's, and so are the values of a single sample, bit for bit.
 *
 * Squares cover one another, which the paper's rate does not count: the share that is dropped falls behind a larger p (of 20 x 20 pixels, with squares of 7, by 37 % at 0.5). With
 * p = 1 all is dropped, and a square that is larger than the image is as large as its shorter side; torchvision keeps more than two fifths, and refuses an even side.
 *
 * @param input (N, C, H, W); float32 or float64.
 * @param options `p`: default 0.1, the paper's at the end of training; `blockSize`: default 7; `training`: default true; `generator`; `elementOffset`, in
 *   places where a square may begin.
 * @throws ShapeError for other ranks; RangeError for a blockSize below 1; else as for `dropout`.
 * @example
 * ```ts
 * manualSeed(8);
 * const y = F.dropBlock2d(ones([1, 1, 4, 4]), { p: 0.3, blockSize: 2 });
 * console.log(y.gt(0).type("int32").dataSync().join("")); // 1111110011001111
 * ```
 */
export function dropBlock2d(input: Tensor, options?: number | DropBlockOptions): Tensor;
export function dropBlock2d(input: Tensor, options: number | DropBlockOptions = {}, ...extra: unknown[]): Tensor {
  checkNoMore("dropBlock2d", extra);
  return dropBlock2dWithMask(input, options).output;
}

/** The same, which also tells its mask. */
export function dropBlock2dWithMask(tensor: Tensor, options: number | DropBlockOptions): BlockDropped {
  const given = { p: 0.1, ...rateOptions("dropBlock2d", options, DROP_BLOCK) };
  const checked = checkOptions("dropBlock2d", tensor, given, true, DROP_BLOCK);
  const { blockSize = 7 } = given;
  checkInteger("dropBlock2d", "blockSize", blockSize, 1);
  const { input, p, training, generator } = checked;
  const { sizes } = input;
  if (sizes.length !== 4) throw new ShapeError("dropBlock2d", [sizes], `expected (N, C, H, W), got ${formatShape(sizes)}`);
  if (!training) return { output: input, mask: null };
  const [n, c, h, w] = sizes as [number, number, number, number];
  const side = Math.min(blockSize, h, w);
  const places: Shape = [n, c, h - side + 1, w - side + 1];
  // The rate at which squares begin: so many places, each taking side^2 pixels. A place that the mask keeps is a beginning, as in torchvision, so that a small rate is exact
  // and streams that draw as PyTorch does drop the same squares.
  const rate = p === 1 ? 1 : Math.min(1, (p * h * w) / (side ** 2 * (h - side + 1) * (w - side + 1)));
  if (p === 0 || rate === 1 || input.size === 0) return allOrNothing(checked, rate);
  const key = drawnKey(checked, places, 0, 1 - rate);
  const { backend } = input;
  const mask = () => keptPixels(backend, key, places, side);
  const output = composed(() => {
    // Drawn once here, and again for the gradient.
    let drawn: Tensor | null = mask();
    const kept = drawn.type(input.dtype).sum({ dim: [1, 2, 3], keepdim: true });
    // A sample of which nothing is kept is zeros, whatever they are multiplied with.
    const scale = div(c * h * w, kept.clamp({ min: 1 }));
    const once = () => {
      const ready = drawn ?? mask();
      drawn = null;
      return ready;
    };
    return chooseDrawn(once, input).mul(scale);
  });
  generator.source.take(key);
  return { output, mask };
}

// --- internal helpers ---

/** The pixels that no square covers. */
function keptPixels(backend: Backend, key: MaskKey, places: Shape, side: number): Tensor {
  return noGrad(() =>
    composed(() => {
      const begins = applySelect(ones(places, { backend }), key, { keepScale: 1, keepShift: 0, dropValue: 0 });
      if (side === 1) return begins.eq(0);
      const margin = side - 1;
      const around = pad(begins, { pad: [margin, margin, margin, margin] });
      return maxPool2d(around, { kernelSize: side, stride: 1 }).eq(0);
    }),
  );
}

/** Where nothing is drawn: all pixels, or none. */
function allOrNothing(checked: CheckedOptions, rate: number): BlockDropped {
  const { input } = checked;
  const p = input.size === 0 ? 0 : rate;
  return {
    output: drop({ ...checked, p }, dropoutAffine, () => input.sizes).output,
    mask: () => drawMask(undrawn(p, input.sizes, input.backend)),
  };
}
