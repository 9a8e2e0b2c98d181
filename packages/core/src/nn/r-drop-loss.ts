import { raw } from "../errors/brand";
import { optionsOf } from "../errors/options";
import { checkAlpha, R_DROP, type RDropOptions, rDropLoss } from "../functional/r-drop-loss";
import type { Tensor } from "../tensor/tensor";
import { Module } from "./module";

/**
 * Two passes of the same rows under two masks are to say the same; the module of `functional.rDropLoss` (Wu et al., [2021](https://arxiv.org/abs/2106.14448)).
 *
 * @throws RangeError for an alpha below 0; TypeError for options of a wrong type; from `forward`, as the function.
 * @example
 * ```ts
 * const loss = new nn.RDropLoss({ alpha: 1 });
 * const logits = tensor([[2, 0], [0, 2]]);
 * console.log(loss.forward(logits, logits, tensor(new Int32Array([0, 1]))).itemSync().toFixed(4)); // 0.2539
 * ```
 */
export class RDropLoss extends Module {
  /** @internal */
  static override get name(): string {
    return "RDropLoss";
  }

  /** The weight of the divergence. */
  readonly alpha: number;

  /** @param options Default: alpha = 5. */
  constructor(options?: RDropOptions) {
    super();
    const { alpha = 5 } = optionsOf<RDropOptions>("RDropLoss", options, R_DROP);
    checkAlpha("RDropLoss", alpha);
    this.alpha = alpha;
  }

  /**
   * The loss, a scalar.
   *
   * @param first Logits of the first pass, (N, C) or (N, C, ...).
   * @param second Those of the second.
   * @param target As for `functional.crossEntropy`.
   */
  forward(first: Tensor, second: Tensor, target: Tensor): Tensor {
    return rDropLoss(first, second, target, { alpha: raw(this).alpha });
  }

  /** The options, for `toString()`. */
  protected override extraRepr(): string {
    return `alpha=${this.alpha}`;
  }
}
