import { wrongValue } from "../errors/refusal";
import { groupsOf, LRScheduler, perGroup, type ScheduledOptimizer } from "./scheduler";
import { amount, anything, count, fn, fraction, numberOf, settingsOf, stepList } from "./settings";

/** Options of StepLR. */
export interface StepLROptions {
  /** Steps between two changes. */
  readonly stepSize: number;
  /** The factor. Default: 0.1. */
  readonly gamma?: number;
}

/**
 * Multiplies the learning rate by `gamma` every `stepSize` steps. Mirrors [torch.optim.lr_scheduler.StepLR](https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.StepLR.html).
 *
 * @throws TypeError for what is no optimizer or an option of a wrong type, RangeError for one out of range.
 * @example
 * ```ts
 * const w = new nn.Parameter(tensor([4]));
 * const optimizer = new optim.SGD([w], { lr: 0.1 });
 * const scheduler = new optim.StepLR(optimizer, { stepSize: 2, gamma: 0.5 });
 * for (let epoch = 0; epoch < 4; epoch++) {
 *   optimizer.step();
 *   scheduler.step();
 * }
 * console.log(optimizer.paramGroups[0]?.lr); // 0.025
 * ```
 */
export class StepLR extends LRScheduler {
  constructor(optimizer: ScheduledOptimizer, options: StepLROptions) {
    const { stepSize, gamma } = settingsOf<StepLROptions>("StepLR", options, { stepSize: [count], gamma: [amount, 0.1] });
    super("StepLR", optimizer, { lr: (t, lr) => (t > 0 && t % stepSize === 0 ? lr * gamma : lr) });
  }
}

/** Options of MultiStepLR. */
export interface MultiStepLROptions {
  /** The steps, in any order; one that is there twice counts twice. */
  readonly milestones: readonly number[];
  /** The factor. Default: 0.1. */
  readonly gamma?: number;
}

/**
 * Multiplies the learning rate by `gamma` at each of the `milestones`. Mirrors [torch.optim.lr_scheduler.MultiStepLR](https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.MultiStepLR.html).
 *
 * @throws TypeError for what is no optimizer or an option of a wrong type, RangeError for one out of range.
 */
export class MultiStepLR extends LRScheduler {
  constructor(optimizer: ScheduledOptimizer, options: MultiStepLROptions) {
    const { milestones, gamma } = settingsOf<MultiStepLROptions>("MultiStepLR", options, {
      milestones: [stepList],
      gamma: [amount, 0.1],
    });
    const at = [...milestones];
    super("MultiStepLR", optimizer, { lr: (t, lr) => lr * gamma ** at.filter((milestone) => milestone === t).length });
  }
}

/** Options of ConstantLR. */
export interface ConstantLROptions {
  /** In [0, 1]. Default: 1/3. */
  readonly factor?: number;
  /** Default: 5. */
  readonly totalIters?: number;
}

/**
 * Multiplies the learning rate by `factor` for the first `totalIters` steps. Mirrors [torch.optim.lr_scheduler.ConstantLR](https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ConstantLR.html).
 *
 * @throws TypeError for what is no optimizer or an option of a wrong type, RangeError for one out of range.
 */
export class ConstantLR extends LRScheduler {
  constructor(optimizer: ScheduledOptimizer, options?: ConstantLROptions) {
    const { factor, totalIters } = settingsOf<ConstantLROptions>("ConstantLR", options, {
      factor: [fraction, 1 / 3],
      totalIters: [count, 5],
    });
    super("ConstantLR", optimizer, {
      lr: (t, lr, baseLr) => (t === 0 ? lr * factor : t !== totalIters ? lr : factor === 0 ? baseLr : lr * (1 / factor)),
    });
  }
}

/** Options of LinearLR. */
export interface LinearLROptions {
  /** Above 0, at most 1. Default: 1/3. */
  readonly startFactor?: number;
  /** In [0, 1]. Default: 1. */
  readonly endFactor?: number;
  /** Default: 5. */
  readonly totalIters?: number;
}

/**
 * Multiplies the learning rate by a factor that goes from `startFactor` to `endFactor` in `totalIters` steps. Mirrors [torch.optim.lr_scheduler.LinearLR](https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.LinearLR.html).
 *
 * @throws TypeError for what is no optimizer or an option of a wrong type, RangeError for one out of range.
 */
export class LinearLR extends LRScheduler {
  constructor(optimizer: ScheduledOptimizer, options?: LinearLROptions) {
    const { startFactor, endFactor, totalIters } = settingsOf<LinearLROptions>("LinearLR", options, {
      startFactor: [fraction, 1 / 3],
      endFactor: [fraction, 1],
      totalIters: [count, 5],
    });
    if (startFactor === 0) throw wrongValue("LinearLR", "startFactor above 0", startFactor);
    const slope = endFactor - startFactor;
    super("LinearLR", optimizer, {
      lr: (t, lr) =>
        // The end may lie at 0, and a rounding below it.
        t === 0 ? lr * startFactor : t > totalIters ? lr : Math.max(0, lr * (1 + slope / (totalIters * startFactor + (t - 1) * slope))),
    });
  }
}

/** Options of ExponentialLR. */
export interface ExponentialLROptions {
  /** The factor. */
  readonly gamma: number;
}

/**
 * Multiplies the learning rate by `gamma` at every step. Mirrors [torch.optim.lr_scheduler.ExponentialLR](https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ExponentialLR.html).
 *
 * @throws TypeError for what is no optimizer or an option of a wrong type, RangeError for one out of range.
 */
export class ExponentialLR extends LRScheduler {
  constructor(optimizer: ScheduledOptimizer, options: ExponentialLROptions) {
    const { gamma } = settingsOf<ExponentialLROptions>("ExponentialLR", options, { gamma: [amount] });
    super("ExponentialLR", optimizer, { lr: (t, lr) => (t === 0 ? lr : lr * gamma) });
  }
}

/** Options of PolynomialLR. */
export interface PolynomialLROptions {
  /** Default: 5. */
  readonly totalIters?: number;
  /** Default: 1, a line. */
  readonly power?: number;
}

/**
 * Lets the learning rate fall to 0 in `totalIters` steps, by a power of the steps that are left. Mirrors [torch.optim.lr_scheduler.PolynomialLR](https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.PolynomialLR.html).
 *
 * @throws TypeError for what is no optimizer or an option of a wrong type, RangeError for one out of range.
 */
export class PolynomialLR extends LRScheduler {
  constructor(optimizer: ScheduledOptimizer, options?: PolynomialLROptions) {
    const { totalIters, power } = settingsOf<PolynomialLROptions>("PolynomialLR", options, { totalIters: [count, 5], power: [amount, 1] });
    super("PolynomialLR", optimizer, {
      lr: (t, lr) => (t === 0 || t > totalIters ? lr : lr * ((1 - t / totalIters) / (1 - (t - 1) / totalIters)) ** power),
    });
  }
}

/** Options of CosineAnnealingLR. */
export interface CosineAnnealingLROptions {
  /** Steps from the top to the bottom; PyTorch's `T_max`. */
  readonly tMax: number;
  /** The lowest learning rate. Default: 0. */
  readonly etaMin?: number;
}

/**
 * Lets the learning rate fall to `etaMin` in `tMax` steps and rise again in as many, along a cosine (Loshchilov and Hutter, [2017](https://arxiv.org/abs/1608.03983)). Mirrors [torch.optim.lr_scheduler.CosineAnnealingLR](https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.CosineAnnealingLR.html).
 *
 * @throws TypeError for what is no optimizer or an option of a wrong type, RangeError for one out of range.
 */
export class CosineAnnealingLR extends LRScheduler {
  constructor(optimizer: ScheduledOptimizer, options: CosineAnnealingLROptions) {
    const { tMax, etaMin } = settingsOf<CosineAnnealingLROptions>("CosineAnnealingLR", options, { tMax: [count], etaMin: [amount, 0] });
    const height = (t: number) => 1 + Math.cos((Math.PI * t) / tMax);
    super("CosineAnnealingLR", optimizer, {
      lr: (t, lr, baseLr) => {
        if (t === 0) return lr;
        // From the bottom no factor leads up.
        if ((t - 1 - tMax) % (2 * tMax) === 0) return lr + ((baseLr - etaMin) * (1 - Math.cos(Math.PI / tMax))) / 2;
        return (height(t) / height(t - 1)) * (lr - etaMin) + etaMin;
      },
    });
  }
}

/** Options of CosineAnnealingWarmRestarts. */
export interface CosineAnnealingWarmRestartsOptions {
  /** Steps of the first fall; PyTorch's `T_0`. */
  readonly t0: number;
  /** How much longer each fall is than the one before; PyTorch's `T_mult`. Default: 1. */
  readonly tMult?: number;
  /** The lowest learning rate. Default: 0. */
  readonly etaMin?: number;
}

/**
 * Lets the learning rate fall to `etaMin` along a cosine, and start again from the top: after `t0` steps, then after `tMult` times as many each time (Loshchilov and Hutter, [2017](https://arxiv.org/abs/1608.03983)). Mirrors [torch.optim.lr_scheduler.CosineAnnealingWarmRestarts](https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.CosineAnnealingWarmRestarts.html).
 *
 * @throws TypeError for what is no optimizer or an option of a wrong type, RangeError for one out of range.
 */
export class CosineAnnealingWarmRestarts extends LRScheduler {
  constructor(optimizer: ScheduledOptimizer, options: CosineAnnealingWarmRestartsOptions) {
    const { t0, tMult, etaMin } = settingsOf<CosineAnnealingWarmRestartsOptions>("CosineAnnealingWarmRestarts", options, {
      t0: [count],
      tMult: [count, 1],
      etaMin: [amount, 0],
    });
    super("CosineAnnealingWarmRestarts", optimizer, {
      lr: (t, _, baseLr) => {
        let [at, length] = tMult === 1 ? [t % t0, t0] : [t, t0];
        for (; at >= length; length *= tMult) at -= length;
        return etaMin + ((baseLr - etaMin) * (1 + Math.cos((Math.PI * at) / length))) / 2;
      },
    });
  }
}

/** Options of LambdaLR. */
export interface LambdaLROptions {
  /** The function, or one for each parameter group. It is not saved. */
  readonly lrLambda: ((epoch: number) => number) | readonly ((epoch: number) => number)[];
}

/**
 * Multiplies the learning rate that the optimizer began with by what a function of the step gives. Mirrors [torch.optim.lr_scheduler.LambdaLR](https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.LambdaLR.html).
 *
 * @throws TypeError for what is no optimizer or an option of a wrong type, RangeError for one out of range.
 */
export class LambdaLR extends LRScheduler {
  constructor(optimizer: ScheduledOptimizer, options: LambdaLROptions) {
    const { lrLambda } = settingsOf<LambdaLROptions>("LambdaLR", options, { lrLambda: [anything] });
    const factors = perGroup("LambdaLR", "lrLambda", lrLambda, groupsOf("LambdaLR", optimizer).length, fn);
    super("LambdaLR", optimizer, {
      lr: (t, _, baseLr, i) => baseLr * numberOf("LambdaLR", "lrLambda", factors[i] as (epoch: number) => number, t),
    });
  }
}
