import type { OptimizerSpec } from "../backend/backend";
import { checkRange } from "./check";
import { Optimizer, type Params } from "./optimizer";

/** Options of SGD, with PyTorch's defaults. */
export interface SGDOptions {
  /** Learning rate. Default: 0.001. */
  readonly lr: number;
  /** Default: 0. */
  readonly momentum: number;
  /** Default: 0. */
  readonly dampening: number;
  /** L2 penalty. Default: 0. */
  readonly weightDecay: number;
  /** Needs a momentum and no dampening. Default: false. */
  readonly nesterov: boolean;
}

/**
 * Stochastic gradient descent. Mirrors `torch.optim.SGD`.
 *
 * @throws RangeError for options out of range.
 * @example
 * ```ts
 * const optimizer = new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9 });
 * ```
 */
export class SGD extends Optimizer<SGDOptions> {
  constructor(params: Params<SGDOptions>, options: Partial<SGDOptions> = {}) {
    super("SGD", params, { lr: 1e-3, momentum: 0, dampening: 0, weightDecay: 0, nesterov: false, ...options });
  }

  protected checkOptions({ lr, momentum, dampening, weightDecay, nesterov }: SGDOptions): void {
    checkRange("SGD", { lr, momentum, dampening, weightDecay });
    if (nesterov && (momentum <= 0 || dampening !== 0)) {
      throw new RangeError(`SGD: expected a momentum and no dampening with nesterov, got momentum ${momentum} and dampening ${dampening}`);
    }
  }

  protected stateCount({ momentum }: SGDOptions): number {
    return momentum === 0 ? 0 : 1;
  }

  protected spec({ lr, momentum, dampening, weightDecay, nesterov }: SGDOptions, step: number): OptimizerSpec {
    return { kind: "sgd", lr, momentum, dampening, weightDecay, nesterov, first: step === 1 };
  }
}
