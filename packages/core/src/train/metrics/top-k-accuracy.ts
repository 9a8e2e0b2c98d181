import { checkInteger, type OptionKinds, optionsOf } from "../../errors/options";
import { wrongValue } from "../../errors/refusal";
import { places } from "../../functional/host-tensor";
import type { Tensor } from "../../tensor/tensor";
import { Share, shareOf } from "./accuracy";
import type { Added } from "./metric";
import { checkIgnored, type IgnoreOptions, readClasses } from "./predictions";

/** Options of TopKAccuracy. */
export interface TopKAccuracyOptions extends IgnoreOptions {
  /** How many of the largest outputs may hold the right class. */
  readonly k: number;
}

/**
 * The share of the targets that are among the `k` largest outputs; of equal outputs, the first class is the larger one, as for `F.topk`. Mirrors
 * [torchmetrics.Accuracy](https://lightning.ai/docs/torchmetrics/stable/classification/accuracy.html) with `top_k`. A target whose output is NaN is not among them.
 *
 * @throws TypeError and RangeError for options; from `update`: RangeError for fewer than `k` classes, and as for `Accuracy`.
 * @example
 * ```ts
 * const metric = new TopKAccuracy({ k: 2 });
 * metric.update(tensor([[0.1, 0.7, 0.2], [0.6, 0.1, 0.3]]), tensor(new Int32Array([2, 1])));
 * console.log(await metric.compute()); // 0.5
 * ```
 */
export class TopKAccuracy extends Share {
  readonly #k: number;
  readonly #ignoreIndex: number;

  /** @param options `k`; -100 is ignored by default. */
  constructor(options: TopKAccuracyOptions) {
    super(OP);
    const given = optionsOf<TopKAccuracyOptions>(OP, options, OPTIONS);
    checkInteger(OP, "k", given.k, 1);
    this.#k = given.k;
    this.#ignoreIndex = checkIgnored(OP, given);
  }

  /** @internal */
  protected override added(output: Tensor, target: Tensor): Added {
    const read = readClasses(OP, output, target, this.#ignoreIndex);
    const count = output.sizes[output.sizes.length === 1 ? 0 : 1] as number;
    if (this.#k > count) throw wrongValue(OP, `outputs of at least ${this.#k} classes, as k says`, count);
    return shareOf(read, () => {
      const logits = read.logits();
      const classes = read.classes().unsqueeze(1);
      const place = places(logits, [1, count], count);
      const own = logits.where(place.eq(classes), Number.NEGATIVE_INFINITY).amax({ dim: 1, keepdim: true });
      // Behind the target are the smaller ones, and of equal ones those that come later. No sorting, which is slow on a device.
      const isLater = logits.eq(own).mul(place.ge(classes));
      const behind = logits.lt(own).add(isLater).sum({ dim: 1 });
      return behind.ge(count - this.#k + 1);
    });
  }
}

// --- internal helpers ---

const OP = "TopKAccuracy";
const OPTIONS: OptionKinds<TopKAccuracyOptions> = { k: "any", ignoreIndex: "any" };
