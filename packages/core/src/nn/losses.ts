/** The functions of `functional/losses` as modules. Shapes, dtypes and errors are those of the functions. */

import { type OptionKinds, optionsOf } from "../errors/options";
import {
  checkBeta,
  checkDelta,
  HUBER,
  type HuberOptions,
  huberLoss,
  l1Loss,
  mseLoss,
  SMOOTH_L1,
  type SmoothL1Options,
  smoothL1Loss,
} from "../functional/losses";
import { checkReduction, LOSS, type LossOptions } from "../functional/losses-shared";
import type { Tensor } from "../tensor/tensor";
import { Module } from "./module";

/** What all losses share: options given once. */
export abstract class Loss<Options extends object = LossOptions> extends Module {
  /** What the function gets at each call. */
  protected readonly options: Options;

  /** @internal */
  constructor(
    op: string,
    options: Options | undefined,
    kinds: OptionKinds<Options>,
    check: (op: string, reduction: unknown) => void = checkReduction,
  ) {
    super();
    const given: { reduction?: unknown } = { reduction: "mean", ...optionsOf(op, options, kinds) };
    check(op, given.reduction);
    this.options = Object.freeze(given) as unknown as Options;
  }

  /**
   * The loss, reduced as the options say.
   *
   * @param inputs What the function of the same name takes before its options.
   */
  abstract override forward(...inputs: Tensor[]): Tensor;
}

/**
 * Squared differences; the module of `functional.mseLoss`. Mirrors
 * [torch.nn.MSELoss](https://docs.pytorch.org/docs/stable/generated/torch.nn.MSELoss.html).
 *
 * @throws From `forward`: ShapeError, TypeError and RangeError as the function.
 * @example
 * ```ts
 * const loss = new nn.MSELoss({ reduction: "sum" });
 * console.log(loss.forward(tensor([1, 2]), tensor([1, 4])).itemSync()); // 4
 * ```
 */
export class MSELoss extends Loss<LossOptions> {
  /** @internal */
  static override get name(): string {
    return "MSELoss";
  }

  /** @param options Passed to the function at each call. Default: its own defaults. */
  constructor(options?: LossOptions) {
    super("MSELoss", options, LOSS);
  }

  /**
   * The loss, reduced as the options say.
   *
   * @param input Any shape.
   * @param target Of the input's shape.
   */
  forward(input: Tensor, target: Tensor): Tensor {
    return mseLoss(input, target, this.options);
  }
}

/**
 * Absolute differences; the module of `functional.l1Loss`. Mirrors
 * [torch.nn.L1Loss](https://docs.pytorch.org/docs/stable/generated/torch.nn.L1Loss.html).
 */
export class L1Loss extends Loss<LossOptions> {
  /** @internal */
  static override get name(): string {
    return "L1Loss";
  }

  /** @param options Passed to the function at each call. Default: its own defaults. */
  constructor(options?: LossOptions) {
    super("L1Loss", options, LOSS);
  }

  /**
   * The loss, reduced as the options say.
   *
   * @param input Any shape.
   * @param target Of the input's shape.
   */
  forward(input: Tensor, target: Tensor): Tensor {
    return l1Loss(input, target, this.options);
  }
}

/**
 * Squared near 0, absolute beyond `beta`; the module of `functional.smoothL1Loss`. Mirrors
 * [torch.nn.SmoothL1Loss](https://docs.pytorch.org/docs/stable/generated/torch.nn.SmoothL1Loss.html).
 */
export class SmoothL1Loss extends Loss<SmoothL1Options> {
  /** @internal */
  static override get name(): string {
    return "SmoothL1Loss";
  }

  /** @param options Passed to the function at each call. Default: its own defaults. */
  constructor(options?: SmoothL1Options) {
    super("SmoothL1Loss", options, SMOOTH_L1);
    checkBeta("SmoothL1Loss", this.options.beta ?? 1);
  }

  /**
   * The loss, reduced as the options say.
   *
   * @param input Any shape.
   * @param target Of the input's shape.
   */
  forward(input: Tensor, target: Tensor): Tensor {
    return smoothL1Loss(input, target, this.options);
  }
}

/**
 * Half the square near 0, absolute beyond `delta`; the module of `functional.huberLoss`. Mirrors
 * [torch.nn.HuberLoss](https://docs.pytorch.org/docs/stable/generated/torch.nn.HuberLoss.html).
 */
export class HuberLoss extends Loss<HuberOptions> {
  /** @internal */
  static override get name(): string {
    return "HuberLoss";
  }

  /** @param options Passed to the function at each call. Default: its own defaults. */
  constructor(options?: HuberOptions) {
    super("HuberLoss", options, HUBER);
    checkDelta("HuberLoss", this.options.delta ?? 1);
  }

  /**
   * The loss, reduced as the options say.
   *
   * @param input Any shape.
   * @param target Of the input's shape.
   */
  forward(input: Tensor, target: Tensor): Tensor {
    return huberLoss(input, target, this.options);
  }
}
