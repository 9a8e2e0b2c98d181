import type { OptionKinds } from "../errors/options";
import { maximum } from "../ops/arithmetic";
import type { Tensor } from "../tensor/tensor";
import { blend, decayed } from "./blend";
import { checkBetas, checkRanges } from "./check";
import type { StepRule } from "./composed-step";
import { Optimizer, type Params } from "./optimizer";

/** Options of Adamax, with PyTorch's defaults. */
export interface AdamaxOptions {
  /** Learning rate. Default: 0.002. */
  readonly lr: number;
  /** Decay of the average of the gradient and of its largest size. Default: [0.9, 0.999]. */
  readonly betas: readonly [number, number];
  /** Added to the size of the gradient. Default: 1e-8. */
  readonly eps: number;
  /** L2 penalty. Default: 0. */
  readonly weightDecay: number;
  /** Climb: step along the gradient, not against it. Default: false. */
  readonly maximize: boolean;
}

/**
 * Adamax (Kingma and Ba, [2015](https://arxiv.org/abs/1412.6980)): Adam by the largest gradient in place of the average square. Mirrors [torch.optim.Adamax](https://docs.pytorch.org/docs/stable/generated/torch.optim.Adamax.html).
 *
 * @throws RangeError for options out of range or no parameters; TypeError for what is no leaf that requires a gradient.
 * @example
 * ```ts
 * const w = new nn.Parameter(tensor([4]));
 * const optimizer = new optim.Adamax([w], { lr: 0.1 });
 * w.mul(w).sum().backward();
 * optimizer.step();
 * console.log(w.dataSync()[0]?.toFixed(4)); // 3.9000
 * ```
 */
export class Adamax extends Optimizer<AdamaxOptions> {
  /** @internal */
  static override get name(): string {
    return "Adamax";
  }

  /**
   * @param params `model.parameters()`, tensors, or groups with options of their own.
   * @param options Those of all groups. Default: PyTorch's.
   */
  constructor(params: Params<AdamaxOptions>, options?: Partial<AdamaxOptions>) {
    super({ name: "Adamax", kinds: KINDS, defaults: DEFAULTS }, params, options);
  }

  /** Refuses `options` out of range. */
  protected checkOptions({ lr, betas, eps, weightDecay }: AdamaxOptions): void {
    checkRanges("Adamax", { lr, eps, weightDecay });
    checkBetas("Adamax", betas);
  }

  /** The average and the largest size of the gradient. */
  protected stateCount(): number {
    return 2;
  }

  /** One step, the `step`th. */
  protected rule({ lr, betas: [beta1, beta2], eps, weightDecay }: AdamaxOptions, step: number): StepRule {
    return {
      formula(param, grad, [mean, largest]) {
        const g = decayed(grad, param, weightDecay);
        const m = blend(mean, g, beta1);
        const size = maximum((largest as Tensor).mul(beta2), g.abs().add(eps));
        return [param.sub(m.mul(lr / (1 - beta1 ** step)).div(size)), m, size];
      },
    };
  }
}

// --- internal helpers ---

const KINDS: OptionKinds<AdamaxOptions> = { lr: "any", betas: "any", eps: "any", weightDecay: "any", maximize: "flag" };
const DEFAULTS: AdamaxOptions = { lr: 2e-3, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0, maximize: false };
