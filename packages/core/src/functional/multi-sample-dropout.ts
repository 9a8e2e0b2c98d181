import { composed } from "../autograd/scope";
import { refusePromise } from "../errors/misuse";
import { checkFunction, checkInteger, type OptionKinds } from "../errors/options";
import { wrongValue } from "../errors/refusal";
import { checkTensor } from "../ops/binary";
import { attempt } from "../random/draws";
import type { Tensor } from "../tensor/tensor";
import { dropoutWithMask } from "./dropout";
import { checkOptions, WEIGHT_DROPOUT, type WeightDropoutOptions } from "./dropout-options";

/** Options of `multiSampleDropout`. */
export interface MultiSampleDropoutOptions extends WeightDropoutOptions {
  /** How many masks there are. Default: 8, the paper's. */
  readonly samples?: number;
}

const MULTI_SAMPLE: OptionKinds<MultiSampleDropoutOptions> = { ...WEIGHT_DROPOUT, samples: "any" };

/**
 * The mean of what `head` makes of the input under several masks (Inoue, [2019](https://arxiv.org/abs/1905.09788)): the layers before, which take most of the time, run
 * once. With a loss as the head it is the paper's mean of losses. PyTorch has no such function.
 *
 * @param input Any shape; float32 or float64.
 * @param head Called with the dropped input once for each mask, or once with the input itself where nothing is dropped; returns a tensor, of one shape, at once.
 * @param options `p` (default 0.5, a lone number is `p`), `training` (default true), `generator`; `samples`: default 8.
 * @throws RangeError for samples below 1; TypeError for a head that returns no tensor; else as for `dropout`. The generator then takes no call.
 * @example
 * ```ts
 * manualSeed(0);
 * const y = F.multiSampleDropout(ones([4]), (x) => x.sum(), { samples: 2 });
 * console.log(y.itemSync()); // 3
 * ```
 */
export function multiSampleDropout(input: Tensor, head: (x: Tensor) => Tensor, options: number | MultiSampleDropoutOptions = {}): Tensor {
  const op = "multiSampleDropout";
  const { input: x, p, training, generator } = checkOptions(op, input, options, true, MULTI_SAMPLE);
  const { samples = 8 } = typeof options === "number" ? {} : options;
  checkSamples(op, samples);
  checkFunction(op, head, "write (x) => ...");
  const output = (dropped: Tensor) => checkTensor(op, refusePromise(op, head(dropped)), "what head returns");
  if (!training || p === 0) return output(x);
  return attempt(generator, () =>
    composed(() => {
      let sum: Tensor | undefined;
      for (let i = 0; i < samples; i++) {
        const y = output(dropoutWithMask(x, { p, generator }).output);
        sum = sum === undefined ? y : sum.add(y);
      }
      return (sum as Tensor).div(samples);
    }),
  );
}

/** Refuses what is no number of masks. */
export function checkSamples(op: string, samples: unknown): void {
  checkInteger(op, "samples", samples, 1);
  if (samples > MAX_SAMPLES) throw wrongValue(op, `samples of at most ${MAX_SAMPLES}`, samples);
}

// --- internal helpers ---

/** Far more than are of use; a slip of the pen would run for hours. */
const MAX_SAMPLES = 4096;
