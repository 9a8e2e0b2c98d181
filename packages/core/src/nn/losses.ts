/** The functions of `functional/losses` as modules. Shapes, dtypes and errors are those of the functions. */

import { type OptionKinds, optionsOf } from "../errors/options";
import {
  binaryCrossEntropy,
  binaryCrossEntropyWithLogits,
  CROSS_ENTROPY,
  type CrossEntropyOptions,
  checkBeta,
  checkReduction,
  checkSmoothing,
  crossEntropy,
  LOSS,
  type LossOptions,
  l1Loss,
  mseLoss,
  nllLoss,
  SMOOTH_L1,
  type SmoothL1Options,
  smoothL1Loss,
} from "../functional/losses";
import type { Tensor } from "../tensor/tensor";
import { Module } from "./module";

/** What all losses share: options given once. */
abstract class Loss<Options extends LossOptions> extends Module {
  /** What the function gets at each call. */
  protected readonly options: Options;

  /** @internal */
  constructor(op: string, options: Options | undefined, kinds: OptionKinds<Options>) {
    super();
    const given = { reduction: "mean", ...optionsOf(op, options, kinds) };
    checkReduction(op, given.reduction);
    this.options = Object.freeze(given) as unknown as Options;
  }

  /** The loss of `input` by `target`. */
  abstract override forward(input: Tensor, target: Tensor): Tensor;
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
 * Cross entropy of probabilities; the module of `functional.binaryCrossEntropy`. Mirrors
 * [torch.nn.BCELoss](https://docs.pytorch.org/docs/stable/generated/torch.nn.BCELoss.html).
 *
 * @throws From `forward`: ShapeError, TypeError and RangeError as the function.
 * @example
 * ```ts
 * const loss = new nn.BCELoss();
 * console.log(loss.forward(tensor([0.5, 0.5]), tensor([0, 1])).itemSync().toFixed(4)); // 0.6931
 * ```
 */
export class BCELoss extends Loss<LossOptions> {
  /** @internal */
  static override get name(): string {
    return "BCELoss";
  }

  /** @param options Passed to the function at each call. Default: its own defaults. */
  constructor(options?: LossOptions) {
    super("BCELoss", options, LOSS);
  }

  /**
   * The loss, reduced as the options say.
   *
   * @param input Probabilities in [0, 1], any shape.
   * @param target Of the input's shape, in [0, 1].
   */
  forward(input: Tensor, target: Tensor): Tensor {
    return binaryCrossEntropy(input, target, this.options);
  }
}

/**
 * Cross entropy of logits; the module of `functional.binaryCrossEntropyWithLogits`. Mirrors
 * [torch.nn.BCEWithLogitsLoss](https://docs.pytorch.org/docs/stable/generated/torch.nn.BCEWithLogitsLoss.html).
 */
export class BCEWithLogitsLoss extends Loss<LossOptions> {
  /** @internal */
  static override get name(): string {
    return "BCEWithLogitsLoss";
  }

  /** @param options Passed to the function at each call. Default: its own defaults. */
  constructor(options?: LossOptions) {
    super("BCEWithLogitsLoss", options, LOSS);
  }

  /**
   * The loss, reduced as the options say.
   *
   * @param input Logits, any shape.
   * @param target Of the input's shape, in [0, 1].
   */
  forward(input: Tensor, target: Tensor): Tensor {
    return binaryCrossEntropyWithLogits(input, target, this.options);
  }
}

/**
 * Cross entropy of logits against classes; the module of `functional.crossEntropy`. Mirrors
 * [torch.nn.CrossEntropyLoss](https://docs.pytorch.org/docs/stable/generated/torch.nn.CrossEntropyLoss.html).
 *
 * @throws From `forward`: ShapeError, TypeError and RangeError as the function.
 * @example
 * ```ts
 * const loss = new nn.CrossEntropyLoss({ labelSmoothing: 0.1 });
 * console.log(loss.forward(zeros([2, 4]), tensor(new Int32Array([0, 3]))).itemSync().toFixed(4)); // 1.3863
 * ```
 */
export class CrossEntropyLoss extends Loss<CrossEntropyOptions> {
  /** @internal */
  static override get name(): string {
    return "CrossEntropyLoss";
  }

  /** @param options Passed to the function at each call. Default: its own defaults. */
  constructor(options?: CrossEntropyOptions) {
    super("CrossEntropyLoss", options, CROSS_ENTROPY);
    checkSmoothing("CrossEntropyLoss", this.options.labelSmoothing ?? 0);
  }

  /**
   * The loss, reduced as the options say.
   *
   * @param input Logits, `[N, C]`, `[C]` or `[N, C, d1, ...]`.
   * @param target int32 classes of the same shape without C, or float probabilities of the input's shape.
   */
  forward(input: Tensor, target: Tensor): Tensor {
    return crossEntropy(input, target, this.options);
  }
}

/**
 * Minus the log-probability of classes; the module of `functional.nllLoss`. Mirrors
 * [torch.nn.NLLLoss](https://docs.pytorch.org/docs/stable/generated/torch.nn.NLLLoss.html).
 */
export class NLLLoss extends Loss<LossOptions> {
  /** @internal */
  static override get name(): string {
    return "NLLLoss";
  }

  /** @param options Passed to the function at each call. Default: its own defaults. */
  constructor(options?: LossOptions) {
    super("NLLLoss", options, LOSS);
  }

  /**
   * The loss, reduced as the options say.
   *
   * @param input Log-probabilities, `[N, C]`, `[C]` or `[N, C, d1, ...]`.
   * @param target int32 classes of the same shape without C.
   */
  forward(input: Tensor, target: Tensor): Tensor {
    return nllLoss(input, target, this.options);
  }
}
