import type { OptionKinds } from "../errors/options";
import { decayed } from "./blend";
import { checkRanges } from "./check";
import type { StepRule } from "./composed-step";
import { Optimizer, type Params } from "./optimizer";

/** Options of SGD, with PyTorch's defaults. */
export interface SGDOptions {
  /** Learning rate. Default: 0.001. */
  readonly lr: number;
  /** How much of the last step goes into the next. Default: 0. */
  readonly momentum: number;
  /** How much less of the gradient goes into the momentum. Default: 0. */
  readonly dampening: number;
  /** L2 penalty. Default: 0. */
  readonly weightDecay: number;
  /** Look one step ahead (Sutskever et al., 2013). Needs a momentum and no dampening. Default: false. */
  readonly nesterov: boolean;
  /** Climb: step along the gradient, not against it. Default: false. */
  readonly maximize: boolean;
}

/**
 * Stochastic gradient descent. Mirrors [torch.optim.SGD](https://docs.pytorch.org/docs/stable/generated/torch.optim.SGD.html).
 *
 * @throws RangeError for options out of range or no parameters; TypeError for what is no leaf that requires a gradient.
 * @example
 * ```ts
 * const w = new nn.Parameter(tensor([4]));
 * const optimizer = new optim.SGD([w], { lr: 0.1 });
 * w.mul(w).sum().backward();
 * optimizer.step();
 * console.log(w.dataSync()[0]?.toFixed(4)); // 3.2000
 * ```
 */
export class SGD extends Optimizer<SGDOptions> {
  /** @internal */
  static override get name(): string {
    return "SGD";
  }

  /**
   * @param params `model.parameters()`, tensors, or groups with options of their own.
   * @param options Those of all groups. Default: PyTorch's.
   */
  constructor(params: Params<SGDOptions>, options?: Partial<SGDOptions>) {
    super(
      { name: "SGD", kinds: KINDS, defaults: { lr: 1e-3, momentum: 0, dampening: 0, weightDecay: 0, nesterov: false, maximize: false } },
      params,
      options,
    );
  }

  /** Refuses `options` out of range. */
  protected checkOptions({ lr, momentum, dampening, weightDecay, nesterov }: SGDOptions): void {
    checkRanges("SGD", { lr, momentum, dampening, weightDecay });
    if (nesterov && (momentum <= 0 || dampening !== 0)) {
      throw new RangeError(`SGD: expected a momentum and no dampening with nesterov, got momentum ${momentum} and dampening ${dampening}`);
    }
  }

  /** One tensor under `options` with a momentum, else none. */
  protected stateCount({ momentum }: SGDOptions): number {
    return momentum === 0 ? 0 : 1;
  }

  /** One step, the `step`th, with a work order for kernels. */
  protected rule({ lr, momentum, dampening, weightDecay, nesterov }: SGDOptions, step: number): StepRule {
    const first = step === 1;
    return {
      spec: { kind: "sgd", lr, momentum, dampening, weightDecay, nesterov, first },
      formula(param, grad, [before]) {
        const g = decayed(grad, param, weightDecay);
        if (before === undefined) return [param.sub(g.mul(lr))];
        const blended = first ? g : before.mul(momentum).add(g.mul(1 - dampening));
        return [param.sub((nesterov ? g.add(blended.mul(momentum)) : blended).mul(lr)), blended];
      },
    };
  }
}

// --- internal helpers ---

const KINDS: OptionKinds<SGDOptions> = {
  lr: "any",
  momentum: "any",
  dampening: "any",
  weightDecay: "any",
  nesterov: "flag",
  maximize: "flag",
};
