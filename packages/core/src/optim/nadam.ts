import type { OptionKinds } from "../errors/options";
import { blend, decayed } from "./blend";
import { checkBetas, checkRanges } from "./check";
import type { StepRule } from "./composed-step";
import { Optimizer, type Params } from "./optimizer";

/** Options of NAdam, with PyTorch's defaults. */
export interface NAdamOptions {
  /** Learning rate. Default: 0.002. */
  readonly lr: number;
  /** Decay of the averages of the gradient and of its square. Default: [0.9, 0.999]. */
  readonly betas: readonly [number, number];
  /** Added to the denominator. Default: 1e-8. */
  readonly eps: number;
  /** L2 penalty. Default: 0. */
  readonly weightDecay: number;
  /** How fast the momentum grows to its full size. Default: 0.004. */
  readonly momentumDecay: number;
  /** Decay the weights themselves and leave the gradient alone, as AdamW does. Default: false. */
  readonly decoupledWeightDecay: boolean;
  /** Climb: step along the gradient, not against it. Default: false. */
  readonly maximize: boolean;
}

/**
 * NAdam (Dozat, [2016](https://openreview.net/forum?id=OM0jvwB8jIp57ZJjtNEZ)): Adam with Nesterov's momentum. Mirrors [torch.optim.NAdam](https://docs.pytorch.org/docs/stable/generated/torch.optim.NAdam.html).
 *
 * @throws RangeError for options out of range or no parameters; TypeError for what is no leaf that requires a gradient.
 * @example
 * ```ts
 * const w = new nn.Parameter(tensor([4]));
 * const optimizer = new optim.NAdam([w], { lr: 0.1 });
 * w.mul(w).sum().backward();
 * optimizer.step();
 * console.log(w.dataSync()[0]?.toFixed(4)); // 3.8944
 * ```
 */
export class NAdam extends Optimizer<NAdamOptions> {
  /** @internal */
  static override get name(): string {
    return "NAdam";
  }

  /**
   * @param params `model.parameters()`, tensors, or groups with options of their own.
   * @param options Those of all groups. Default: PyTorch's.
   */
  constructor(params: Params<NAdamOptions>, options?: Partial<NAdamOptions>) {
    super({ name: "NAdam", kinds: KINDS, defaults: DEFAULTS }, params, options);
  }

  /** Refuses `options` out of range. */
  protected checkOptions({ lr, betas, eps, weightDecay, momentumDecay }: NAdamOptions): void {
    checkRanges("NAdam", { lr, eps, weightDecay, momentumDecay });
    checkBetas("NAdam", betas);
  }

  /** The averages of the gradient and of its square. */
  protected stateCount(): number {
    return 2;
  }

  /** One step, the `step`th under these `options`, after momenta whose product is `before`. */
  protected rule(options: NAdamOptions, step: number, before: number): StepRule {
    const { lr, betas, eps, weightDecay, momentumDecay, decoupledWeightDecay } = options;
    const [beta1, beta2] = betas;
    // The momentum grows to its full size.
    const [mu, next] = [step, step + 1].map((at) => beta1 * (1 - 0.5 * 0.96 ** (at * momentumDecay))) as [number, number];
    const muProduct = before * mu;
    const ofGrad = (lr * (1 - mu)) / (1 - muProduct);
    const ofMean = (lr * next) / (1 - muProduct * next);
    return {
      muProduct,
      formula(param, grad, [mean, square]) {
        const g = decayed(grad, param, decoupledWeightDecay ? 0 : weightDecay);
        const p = decoupledWeightDecay ? param.mul(1 - lr * weightDecay) : param;
        const m = blend(mean, g, beta1);
        const v = blend(square, g.mul(g), beta2);
        const size = v
          .div(1 - beta2 ** step)
          .sqrt()
          .add(eps);
        return [p.sub(g.mul(ofGrad).add(m.mul(ofMean)).div(size)), m, v];
      },
    };
  }
}

// --- internal helpers ---

const KINDS: OptionKinds<NAdamOptions> = {
  lr: "any",
  betas: "any",
  eps: "any",
  weightDecay: "any",
  momentumDecay: "any",
  decoupledWeightDecay: "flag",
  maximize: "flag",
};
const DEFAULTS: NAdamOptions = {
  lr: 2e-3,
  betas: [0.9, 0.999],
  eps: 1e-8,
  weightDecay: 0,
  momentumDecay: 4e-3,
  decoupledWeightDecay: false,
  maximize: false,
};
