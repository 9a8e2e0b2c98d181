import type { OptimizerSpec } from "../backend/backend";
import type { OptionKinds } from "../errors/options";
import { wrongType, wrongValue } from "../errors/refusal";
import { checkRange } from "./check";
import { Optimizer, type Params } from "./optimizer";

/** Options of Adam and AdamW, with PyTorch's defaults. */
export interface AdamOptions {
  /** Learning rate. Default: 0.001. */
  readonly lr: number;
  /** Decay of the averages of the gradient and of its square. Default: [0.9, 0.999]. */
  readonly betas: readonly [number, number];
  /** Added to the denominator. Default: 1e-8. */
  readonly eps: number;
  /** Adam: L2 penalty, default 0. AdamW: decay of the weights themselves, default 0.01. */
  readonly weightDecay: number;
}

/**
 * Adam (Kingma and Ba, [2015](https://arxiv.org/abs/1412.6980)). Mirrors [torch.optim.Adam](https://docs.pytorch.org/docs/stable/generated/torch.optim.Adam.html)
 * without `amsgrad`.
 *
 * @throws RangeError for options out of range or no parameters; TypeError for what is no leaf that requires a gradient.
 * @example
 * ```ts
 * const w = new nn.Parameter(tensor([4]));
 * const optimizer = new optim.Adam([w], { lr: 0.1 });
 * w.mul(w).sum().backward();
 * optimizer.step();
 * console.log(w.dataSync()[0]?.toFixed(4)); // 3.9000
 * ```
 */
export class Adam extends Optimizer<AdamOptions> {
  /** @internal */
  static override get name(): string {
    return "Adam";
  }

  /**
   * @param params `model.parameters()`, tensors, or groups with options of their own.
   * @param options Those of all groups. Default: PyTorch's.
   */
  constructor(params: Params<AdamOptions>, options?: Partial<AdamOptions>) {
    super({ name: "Adam", kinds: KINDS, defaults: { lr: 1e-3, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0 } }, params, options);
  }

  /** Refuses `options` out of range. */
  protected checkOptions(options: AdamOptions): void {
    checkAdam("Adam", options);
  }

  /** Two tensors, whatever the options. */
  protected stateCount(): number {
    return 2;
  }

  /** The work order of a `step` under these `options`. */
  protected spec(options: AdamOptions, step: number): OptimizerSpec {
    return adamSpec(options, step, false);
  }
}

/**
 * Adam with weight decay that leaves the gradient alone (Loshchilov and Hutter, [2019](https://arxiv.org/abs/1711.05101)). Mirrors
 * [torch.optim.AdamW](https://docs.pytorch.org/docs/stable/generated/torch.optim.AdamW.html) without `amsgrad`.
 *
 * @throws As `Adam`.
 * @example
 * ```ts
 * const w = new nn.Parameter(tensor([4]));
 * const optimizer = new optim.AdamW([w], { lr: 0.1 });
 * w.mul(w).sum().backward();
 * optimizer.step();
 * console.log(w.dataSync()[0]?.toFixed(4)); // 3.8960
 * ```
 */
export class AdamW extends Optimizer<AdamOptions> {
  /** @internal */
  static override get name(): string {
    return "AdamW";
  }

  /**
   * @param params `model.parameters()`, tensors, or groups with options of their own.
   * @param options Those of all groups. Default: PyTorch's.
   */
  constructor(params: Params<AdamOptions>, options?: Partial<AdamOptions>) {
    super({ name: "AdamW", kinds: KINDS, defaults: { lr: 1e-3, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0.01 } }, params, options);
  }

  /** Refuses `options` out of range. */
  protected checkOptions(options: AdamOptions): void {
    checkAdam("AdamW", options);
  }

  /** Two tensors, whatever the options. */
  protected stateCount(): number {
    return 2;
  }

  /** The work order of a `step` under these `options`. */
  protected spec(options: AdamOptions, step: number): OptimizerSpec {
    return adamSpec(options, step, true);
  }
}

// --- internal helpers ---

const KINDS: OptionKinds<AdamOptions> = { lr: "any", betas: "any", eps: "any", weightDecay: "any" };

function checkAdam(op: string, { lr, betas, eps, weightDecay }: AdamOptions): void {
  checkRange(op, "lr", lr);
  checkRange(op, "eps", eps);
  checkRange(op, "weightDecay", weightDecay);
  if (!Array.isArray(betas) || betas.length !== 2) throw wrongType(op, "betas as two numbers", betas);
  for (const beta of betas) {
    if (!(typeof beta === "number" && beta >= 0 && beta < 1)) throw wrongValue(op, "betas in [0, 1)", beta);
  }
}

function adamSpec({ lr, betas: [beta1, beta2], eps, weightDecay }: AdamOptions, step: number, decoupled: boolean): OptimizerSpec {
  return {
    kind: "adam",
    lr,
    beta1,
    beta2,
    eps,
    weightDecay,
    decoupled,
    biasCorrection1: 1 - beta1 ** step,
    biasCorrection2: 1 - beta2 ** step,
  };
}
