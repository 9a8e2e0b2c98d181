import type { OptionKinds } from "../errors/options";
import { wrongValue } from "../errors/refusal";
import type { Tensor } from "../tensor/tensor";
import { blend, decayed } from "./blend";
import { checkRanges } from "./check";
import type { StepRule } from "./composed-step";
import { Optimizer, type Params } from "./optimizer";

/** Options of Adadelta, with PyTorch's defaults. */
export interface AdadeltaOptions {
  /** Learning rate. Default: 1. */
  readonly lr: number;
  /** Decay of both averages. Default: 0.9. */
  readonly rho: number;
  /** Added to both averages. Default: 1e-6. */
  readonly eps: number;
  /** L2 penalty. Default: 0. */
  readonly weightDecay: number;
  /** Climb: step along the gradient, not against it. Default: false. */
  readonly maximize: boolean;
}

/**
 * Adadelta (Zeiler, [2012](https://arxiv.org/abs/1212.5701)): steps as large as the steps before them, in proportion to the gradients. Mirrors [torch.optim.Adadelta](https://docs.pytorch.org/docs/stable/generated/torch.optim.Adadelta.html).
 *
 * @throws RangeError for options out of range or no parameters; TypeError for what is no leaf that requires a gradient.
 * @example
 * ```ts
 * const w = new nn.Parameter(tensor([4]));
 * const optimizer = new optim.Adadelta([w], { lr: 0.1 });
 * w.mul(w).sum().backward();
 * optimizer.step();
 * console.log(w.dataSync()[0]?.toFixed(4)); // 3.9997
 * ```
 */
export class Adadelta extends Optimizer<AdadeltaOptions> {
  /** @internal */
  static override get name(): string {
    return "Adadelta";
  }

  /**
   * @param params `model.parameters()`, tensors, or groups with options of their own.
   * @param options Those of all groups. Default: PyTorch's.
   */
  constructor(params: Params<AdadeltaOptions>, options?: Partial<AdadeltaOptions>) {
    super({ name: "Adadelta", kinds: KINDS, defaults: DEFAULTS }, params, options);
  }

  /** Refuses `options` out of range. */
  protected checkOptions({ lr, rho, eps, weightDecay }: AdadeltaOptions): void {
    checkRanges("Adadelta", { lr, rho, eps, weightDecay });
    if (rho > 1) throw wrongValue("Adadelta", "rho of at most 1", rho);
  }

  /** The averages of the squares of the gradient and of the steps. */
  protected stateCount(): number {
    return 2;
  }

  /** One step. */
  protected rule({ lr, rho, eps, weightDecay }: AdadeltaOptions): StepRule {
    return {
      formula(param, grad, [squares, steps]) {
        const g = decayed(grad, param, weightDecay);
        const square = blend(squares, g.mul(g), rho);
        const step = (steps as Tensor).add(eps).sqrt().div(square.add(eps).sqrt()).mul(g);
        return [param.sub(step.mul(lr)), square, blend(steps, step.mul(step), rho)];
      },
    };
  }
}

// --- internal helpers ---

const KINDS: OptionKinds<AdadeltaOptions> = { lr: "any", rho: "any", eps: "any", weightDecay: "any", maximize: "flag" };
const DEFAULTS: AdadeltaOptions = { lr: 1, rho: 0.9, eps: 1e-6, weightDecay: 0, maximize: false };
