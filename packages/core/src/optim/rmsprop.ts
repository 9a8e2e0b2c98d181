import type { OptionKinds } from "../errors/options";
import type { Tensor } from "../tensor/tensor";
import { blend, decayed } from "./blend";
import { checkRanges } from "./check";
import type { StepRule } from "./composed-step";
import { Optimizer, type Params } from "./optimizer";

/** Options of RMSprop, with PyTorch's defaults. */
export interface RMSpropOptions {
  /** Learning rate. Default: 0.01. */
  readonly lr: number;
  /** Decay of the average of the square of the gradient. Default: 0.99. */
  readonly alpha: number;
  /** Added to the denominator. Default: 1e-8. */
  readonly eps: number;
  /** L2 penalty. Default: 0. */
  readonly weightDecay: number;
  /** How much of the last step goes into the next. Default: 0. */
  readonly momentum: number;
  /** Divide by an estimate of the standard deviation. Default: false. */
  readonly centered: boolean;
  /** Climb: step along the gradient, not against it. Default: false. */
  readonly maximize: boolean;
}

/**
 * RMSprop (Tieleman and Hinton, 2012): steps divided by a running average of the size of the gradient. Mirrors [torch.optim.RMSprop](https://docs.pytorch.org/docs/stable/generated/torch.optim.RMSprop.html).
 *
 * @throws RangeError for options out of range or no parameters; TypeError for what is no leaf that requires a gradient.
 * @example
 * ```ts
 * const w = new nn.Parameter(tensor([4]));
 * const optimizer = new optim.RMSprop([w], { lr: 0.1 });
 * w.mul(w).sum().backward();
 * optimizer.step();
 * console.log(w.dataSync()[0]?.toFixed(4)); // 3.0000
 * ```
 */
export class RMSprop extends Optimizer<RMSpropOptions> {
  /** @internal */
  static override get name(): string {
    return "RMSprop";
  }

  /**
   * @param params `model.parameters()`, tensors, or groups with options of their own.
   * @param options Those of all groups. Default: PyTorch's.
   */
  constructor(params: Params<RMSpropOptions>, options?: Partial<RMSpropOptions>) {
    super({ name: "RMSprop", kinds: KINDS, defaults: DEFAULTS }, params, options);
  }

  /** Refuses `options` out of range. */
  protected checkOptions({ lr, alpha, eps, weightDecay, momentum }: RMSpropOptions): void {
    checkRanges("RMSprop", { lr, alpha, eps, weightDecay, momentum });
  }

  /** The average of the square; then, where there are such, the momentum and the average of the gradient. */
  protected stateCount({ momentum, centered }: RMSpropOptions): number {
    return 1 + Number(momentum > 0) + Number(centered);
  }

  /** One step. */
  protected rule({ lr, alpha, eps, weightDecay, momentum, centered }: RMSpropOptions): StepRule {
    return {
      formula(param, grad, [before, ...more]) {
        const g = decayed(grad, param, weightDecay);
        const square = blend(before, g.mul(g), alpha);
        const mean = centered ? [blend(more.at(-1), g, alpha)] : [];
        const spread = mean.reduce((rest, average) => rest.sub(average.mul(average)), square);
        const step = g.div(spread.sqrt().add(eps));
        const pushed = momentum > 0 ? [(more[0] as Tensor).mul(momentum).add(step)] : [];
        return [param.sub((pushed[0] ?? step).mul(lr)), square, ...pushed, ...mean];
      },
    };
  }
}

// --- internal helpers ---

const KINDS: OptionKinds<RMSpropOptions> = {
  lr: "any",
  alpha: "any",
  eps: "any",
  weightDecay: "any",
  momentum: "any",
  centered: "flag",
  maximize: "flag",
};
const DEFAULTS: RMSpropOptions = { lr: 1e-2, alpha: 0.99, eps: 1e-8, weightDecay: 0, momentum: 0, centered: false, maximize: false };
