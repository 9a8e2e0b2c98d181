import type { OptimizerSpec } from "../backend/backend";
import { checkBoolean, type OptionKinds } from "../errors/options";
import { checkRange } from "./check";
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
      { name: "SGD", kinds: KINDS, defaults: { lr: 1e-3, momentum: 0, dampening: 0, weightDecay: 0, nesterov: false } },
      params,
      options,
    );
  }

  /** Refuses `options` out of range. */
  protected checkOptions({ lr, momentum, dampening, weightDecay, nesterov }: SGDOptions): void {
    checkRange("SGD", "lr", lr);
    checkRange("SGD", "momentum", momentum);
    checkRange("SGD", "dampening", dampening);
    checkRange("SGD", "weightDecay", weightDecay);
    checkBoolean("SGD", "nesterov", nesterov);
    if (nesterov && (momentum <= 0 || dampening !== 0)) {
      throw new RangeError(`SGD: expected a momentum and no dampening with nesterov, got momentum ${momentum} and dampening ${dampening}`);
    }
  }

  /** One tensor under `options` with a momentum, else none. */
  protected stateCount({ momentum }: SGDOptions): number {
    return momentum === 0 ? 0 : 1;
  }

  /** The work order of a `step` under these `options`. */
  protected spec({ lr, momentum, dampening, weightDecay, nesterov }: SGDOptions, step: number): OptimizerSpec {
    return { kind: "sgd", lr, momentum, dampening, weightDecay, nesterov, first: step === 1 };
  }
}

// --- internal helpers ---

const KINDS: OptionKinds<SGDOptions> = { lr: "any", momentum: "any", dampening: "any", weightDecay: "any", nesterov: "flag" };
