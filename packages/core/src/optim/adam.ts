import type { OptionKinds } from "../errors/options";
import { maximum } from "../ops/arithmetic";
import { blend, decayed } from "./blend";
import { checkBetas, checkRanges } from "./check";
import type { StepFormula, StepRule } from "./composed-step";
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
  /** Divide by the highest average of the square so far (Reddi et al., [2018](https://openreview.net/forum?id=ryQu7f-RZ)). Default: false. */
  readonly amsgrad: boolean;
  /** Climb: step along the gradient, not against it. Default: false. */
  readonly maximize: boolean;
}

/**
 * Adam (Kingma and Ba, [2015](https://arxiv.org/abs/1412.6980)). Mirrors [torch.optim.Adam](https://docs.pytorch.org/docs/stable/generated/torch.optim.Adam.html).
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
    super({ name: "Adam", kinds: KINDS, defaults: DEFAULTS }, params, options);
  }

  /** Refuses `options` out of range. */
  protected checkOptions(options: AdamOptions): void {
    checkAdam("Adam", options);
  }

  /** Two tensors, three with `amsgrad`. */
  protected stateCount({ amsgrad }: AdamOptions): number {
    return amsgrad ? 3 : 2;
  }

  /** One step, the `step`th, with a work order for kernels but for `amsgrad`. */
  protected rule(options: AdamOptions, step: number): StepRule {
    return adamRule(options, step, false);
  }
}

/**
 * Adam with weight decay that leaves the gradient alone (Loshchilov and Hutter, [2019](https://arxiv.org/abs/1711.05101)). Mirrors
 * [torch.optim.AdamW](https://docs.pytorch.org/docs/stable/generated/torch.optim.AdamW.html).
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
    super({ name: "AdamW", kinds: KINDS, defaults: { ...DEFAULTS, weightDecay: 0.01 } }, params, options);
  }

  /** Refuses `options` out of range. */
  protected checkOptions(options: AdamOptions): void {
    checkAdam("AdamW", options);
  }

  /** Two tensors, three with `amsgrad`. */
  protected stateCount({ amsgrad }: AdamOptions): number {
    return amsgrad ? 3 : 2;
  }

  /** One step, the `step`th, with a work order for kernels but for `amsgrad`. */
  protected rule(options: AdamOptions, step: number): StepRule {
    return adamRule(options, step, true);
  }
}

// --- internal helpers ---

const KINDS: OptionKinds<AdamOptions> = { lr: "any", betas: "any", eps: "any", weightDecay: "any", amsgrad: "flag", maximize: "flag" };
const DEFAULTS = { lr: 1e-3, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0, amsgrad: false, maximize: false } as const;

function checkAdam(op: string, { lr, betas, eps, weightDecay }: AdamOptions): void {
  checkRanges(op, { lr, eps, weightDecay });
  checkBetas(op, betas);
}

function adamRule(options: AdamOptions, step: number, decoupled: boolean): StepRule {
  const { lr, betas, eps, weightDecay, amsgrad } = options;
  const [beta1, beta2] = betas;
  const biasCorrection1 = 1 - beta1 ** step;
  const biasCorrection2 = 1 - beta2 ** step;
  const formula: StepFormula = (param, grad, [mean, square, top]) => {
    const g = decayed(grad, param, decoupled ? 0 : weightDecay);
    const p = decoupled ? param.mul(1 - lr * weightDecay) : param;
    const m = blend(mean, g, beta1);
    const v = blend(square, g.mul(g), beta2);
    const highest = top === undefined ? [] : [maximum(top, v)];
    const size = (highest[0] ?? v).sqrt().div(Math.sqrt(biasCorrection2)).add(eps);
    return [p.sub(m.mul(lr / biasCorrection1).div(size)), m, v, ...highest];
  };
  // Kernels know nothing of a third tensor.
  if (amsgrad) return { formula };
  return { formula, spec: { kind: "adam", lr, beta1, beta2, eps, weightDecay, decoupled, biasCorrection1, biasCorrection2 } };
}
