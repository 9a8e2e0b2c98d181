import type { OptionKinds } from "../errors/options";
import { blend, decayed } from "./blend";
import { checkBetas, checkRanges } from "./check";
import type { StepRule } from "./composed-step";
import { Optimizer, type Params } from "./optimizer";

/** Options of RAdam, with PyTorch's defaults. */
export interface RAdamOptions {
  /** Learning rate. Default: 0.001. */
  readonly lr: number;
  /** Decay of the averages of the gradient and of its square. Default: [0.9, 0.999]. */
  readonly betas: readonly [number, number];
  /** Added to the denominator. Default: 1e-8. */
  readonly eps: number;
  /** L2 penalty. Default: 0. */
  readonly weightDecay: number;
  /** Decay the weights themselves and leave the gradient alone, as AdamW does. Default: false. */
  readonly decoupledWeightDecay: boolean;
  /** Climb: step along the gradient, not against it. Default: false. */
  readonly maximize: boolean;
}

/**
 * RAdam (Liu et al., [2020](https://arxiv.org/abs/1908.03265)): Adam that waits with the division until the average of the square is reliable. Mirrors [torch.optim.RAdam](https://docs.pytorch.org/docs/stable/generated/torch.optim.RAdam.html).
 *
 * @throws RangeError for options out of range or no parameters; TypeError for what is no leaf that requires a gradient.
 * @example
 * ```ts
 * const w = new nn.Parameter(tensor([4]));
 * const optimizer = new optim.RAdam([w], { lr: 0.1 });
 * w.mul(w).sum().backward();
 * optimizer.step();
 * console.log(w.dataSync()[0]?.toFixed(4)); // 3.2000
 * ```
 */
export class RAdam extends Optimizer<RAdamOptions> {
  /** @internal */
  static override get name(): string {
    return "RAdam";
  }

  /**
   * @param params `model.parameters()`, tensors, or groups with options of their own.
   * @param options Those of all groups. Default: PyTorch's.
   */
  constructor(params: Params<RAdamOptions>, options?: Partial<RAdamOptions>) {
    super({ name: "RAdam", kinds: KINDS, defaults: DEFAULTS }, params, options);
  }

  /** Refuses `options` out of range. */
  protected checkOptions({ lr, betas, eps, weightDecay }: RAdamOptions): void {
    checkRanges("RAdam", { lr, eps, weightDecay });
    checkBetas("RAdam", betas);
  }

  /** The averages of the gradient and of its square. */
  protected stateCount(): number {
    return 2;
  }

  /** One step, the `step`th. */
  protected rule({ lr, betas, eps, weightDecay, decoupledWeightDecay }: RAdamOptions, step: number): StepRule {
    const [beta1, beta2] = betas;
    const correction2 = 1 - beta2 ** step;
    // How many gradients the average of the square stands for: at most, and by now.
    const most = 2 / (1 - beta2) - 1;
    const length = most - (2 * step * beta2 ** step) / correction2;
    const rectified = Math.sqrt(((length - 4) * (length - 2) * most * correction2) / ((most - 4) * (most - 2) * length));
    return {
      formula(param, grad, [mean, square]) {
        const g = decayed(grad, param, decoupledWeightDecay ? 0 : weightDecay);
        const p = decoupledWeightDecay ? param.mul(1 - lr * weightDecay) : param;
        const m = blend(mean, g, beta1);
        const v = blend(square, g.mul(g), beta2);
        const plain = m.mul(lr / (1 - beta1 ** step));
        return [p.sub(length > 5 ? plain.mul(rectified).div(v.sqrt().add(eps)) : plain), m, v];
      },
    };
  }
}

// --- internal helpers ---

const KINDS: OptionKinds<RAdamOptions> = {
  lr: "any",
  betas: "any",
  eps: "any",
  weightDecay: "any",
  decoupledWeightDecay: "flag",
  maximize: "flag",
};
const DEFAULTS: RAdamOptions = { lr: 1e-3, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0, decoupledWeightDecay: false, maximize: false };
