import type { OptionKinds } from "../errors/options";
import type { Tensor } from "../tensor/tensor";
import { decayed } from "./blend";
import { checkRanges } from "./check";
import type { StepRule } from "./composed-step";
import { Optimizer, type Params } from "./optimizer";

/** Options of Adagrad, with PyTorch's defaults. */
export interface AdagradOptions {
  /** Learning rate. Default: 0.01. */
  readonly lr: number;
  /** How much the learning rate shrinks with the steps: `lr / (1 + (step - 1) * lrDecay)`. Default: 0. */
  readonly lrDecay: number;
  /** L2 penalty. Default: 0. */
  readonly weightDecay: number;
  /** What the sum of squares starts from. Default: 0. */
  readonly initialAccumulatorValue: number;
  /** Added to the denominator. Default: 1e-10. */
  readonly eps: number;
  /** Climb: step along the gradient, not against it. Default: false. */
  readonly maximize: boolean;
}

/**
 * Adagrad (Duchi et al., [2011](https://jmlr.org/papers/v12/duchi11a.html)): steps divided by the root of the sum of all squares of the gradient. Mirrors [torch.optim.Adagrad](https://docs.pytorch.org/docs/stable/generated/torch.optim.Adagrad.html).
 *
 * @throws RangeError for options out of range or no parameters; TypeError for what is no leaf that requires a gradient.
 * @example
 * ```ts
 * const w = new nn.Parameter(tensor([4]));
 * const optimizer = new optim.Adagrad([w], { lr: 0.1 });
 * w.mul(w).sum().backward();
 * optimizer.step();
 * console.log(w.dataSync()[0]?.toFixed(4)); // 3.9000
 * ```
 */
export class Adagrad extends Optimizer<AdagradOptions> {
  /** @internal */
  static override get name(): string {
    return "Adagrad";
  }

  /**
   * @param params `model.parameters()`, tensors, or groups with options of their own.
   * @param options Those of all groups. Default: PyTorch's.
   */
  constructor(params: Params<AdagradOptions>, options?: Partial<AdagradOptions>) {
    super({ name: "Adagrad", kinds: KINDS, defaults: DEFAULTS }, params, options);
  }

  /** Refuses `options` out of range. */
  protected checkOptions({ lr, lrDecay, weightDecay, initialAccumulatorValue, eps }: AdagradOptions): void {
    checkRanges("Adagrad", { lr, lrDecay, weightDecay, initialAccumulatorValue, eps });
  }

  /** The sum of squares. */
  protected stateCount(): number {
    return 1;
  }

  /** One step, the `step`th. */
  protected rule({ lr, lrDecay, weightDecay, initialAccumulatorValue, eps }: AdagradOptions, step: number): StepRule {
    return {
      formula(param, grad, [before]) {
        const g = decayed(grad, param, weightDecay);
        // State is 0 at first.
        const start = step === 1 ? g.mul(g).add(initialAccumulatorValue) : g.mul(g);
        const sum = (before as Tensor).add(start);
        return [param.sub(g.mul(lr / (1 + (step - 1) * lrDecay)).div(sum.sqrt().add(eps))), sum];
      },
    };
  }
}

// --- internal helpers ---

const KINDS: OptionKinds<AdagradOptions> = {
  lr: "any",
  lrDecay: "any",
  weightDecay: "any",
  initialAccumulatorValue: "any",
  eps: "any",
  maximize: "flag",
};
const DEFAULTS: AdagradOptions = { lr: 1e-2, lrDecay: 0, weightDecay: 0, initialAccumulatorValue: 0, eps: 1e-10, maximize: false };
