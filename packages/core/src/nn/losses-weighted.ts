/** The losses that take weights, which are buffers of the module: they move and are saved with it. Shapes, dtypes and errors are those of the functions. */

import { checkInteger, type OptionKinds, optionsOf } from "../errors/options";
import {
  BINARY,
  BINARY_WITH_LOGITS,
  type BinaryCrossEntropyOptions,
  type BinaryCrossEntropyWithLogitsOptions,
  binaryCrossEntropy,
  binaryCrossEntropyWithLogits,
} from "../functional/losses-binary";
import {
  CROSS_ENTROPY,
  type CrossEntropyOptions,
  checkSmoothing,
  crossEntropy,
  NLL,
  type NllOptions,
  nllLoss,
} from "../functional/losses-classes";
import { checkTensor } from "../ops/binary";
import type { Tensor } from "../tensor/tensor";
import { Loss } from "./losses";
import { Buffer } from "./parameter";

/** What they share: weights, kept apart from the options. */
abstract class WeightedLoss<Options extends BinaryCrossEntropyOptions | NllOptions> extends Loss<Options> {
  /** The weight, or null for none. */
  readonly weight: Buffer | null;

  /** @internal */
  constructor(op: string, options: Options | undefined, kinds: OptionKinds<Options>) {
    // The module holds weights as its own buffers, and nothing of the caller's.
    const { weight, ...others } = optionsOf<BinaryCrossEntropyOptions>(
      op,
      options,
      kinds as unknown as OptionKinds<BinaryCrossEntropyOptions>,
    );
    super(op, others as Options, kinds);
    this.weight = bufferOf(op, "weight", weight);
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
export class BCELoss extends WeightedLoss<BinaryCrossEntropyOptions> {
  /** @internal */
  static override get name(): string {
    return "BCELoss";
  }

  /** @param options Passed to the function at each call. Default: its own defaults. */
  constructor(options?: BinaryCrossEntropyOptions) {
    super("BCELoss", options, BINARY);
  }

  /**
   * The loss, reduced as the options say.
   *
   * @param input Probabilities in [0, 1], any shape.
   * @param target Of the input's shape, in [0, 1].
   */
  forward(input: Tensor, target: Tensor): Tensor {
    return binaryCrossEntropy(input, target, { ...this.options, weight: this.weight });
  }
}

/**
 * Cross entropy of logits; the module of `functional.binaryCrossEntropyWithLogits`. Mirrors
 * [torch.nn.BCEWithLogitsLoss](https://docs.pytorch.org/docs/stable/generated/torch.nn.BCEWithLogitsLoss.html).
 */
export class BCEWithLogitsLoss extends WeightedLoss<BinaryCrossEntropyWithLogitsOptions> {
  /** @internal */
  static override get name(): string {
    return "BCEWithLogitsLoss";
  }

  /** What the losses of positive targets are multiplied by, or null. Named as PyTorch's state dict has it. */
  readonly pos_weight: Buffer | null;

  /** @param options Passed to the function at each call. Default: its own defaults. */
  constructor(options?: BinaryCrossEntropyWithLogitsOptions) {
    const { posWeight, ...others } = optionsOf("BCEWithLogitsLoss", options, BINARY_WITH_LOGITS);
    // All is checked before a buffer is made, which would outlive a refusal.
    if (posWeight !== null && posWeight !== undefined) checkTensor("BCEWithLogitsLoss", posWeight, "posWeight");
    super("BCEWithLogitsLoss", others, BINARY_WITH_LOGITS);
    this.pos_weight = bufferOf("BCEWithLogitsLoss", "posWeight", posWeight);
  }

  /**
   * The loss, reduced as the options say.
   *
   * @param input Logits, any shape.
   * @param target Of the input's shape, in [0, 1].
   */
  forward(input: Tensor, target: Tensor): Tensor {
    return binaryCrossEntropyWithLogits(input, target, { ...this.options, weight: this.weight, posWeight: this.pos_weight });
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
export class CrossEntropyLoss extends WeightedLoss<CrossEntropyOptions> {
  /** @internal */
  static override get name(): string {
    return "CrossEntropyLoss";
  }

  /** @param options Passed to the function at each call. Default: its own defaults. */
  constructor(options?: CrossEntropyOptions) {
    const given = optionsOf("CrossEntropyLoss", options, CROSS_ENTROPY);
    const { ignoreIndex = -100, labelSmoothing = 0 } = given;
    checkSmoothing("CrossEntropyLoss", labelSmoothing);
    checkInteger("CrossEntropyLoss", "ignoreIndex", ignoreIndex);
    super("CrossEntropyLoss", given, CROSS_ENTROPY);
  }

  /**
   * The loss, reduced as the options say.
   *
   * @param input Logits, `[N, C]`, `[C]` or `[N, C, d1, ...]`.
   * @param target int32 classes of the same shape without C, or float probabilities of the input's shape.
   */
  forward(input: Tensor, target: Tensor): Tensor {
    return crossEntropy(input, target, { ...this.options, weight: this.weight });
  }
}

/**
 * Minus the log-probability of classes; the module of `functional.nllLoss`. Mirrors
 * [torch.nn.NLLLoss](https://docs.pytorch.org/docs/stable/generated/torch.nn.NLLLoss.html).
 */
export class NLLLoss extends WeightedLoss<NllOptions> {
  /** @internal */
  static override get name(): string {
    return "NLLLoss";
  }

  /** @param options Passed to the function at each call. Default: its own defaults. */
  constructor(options?: NllOptions) {
    const given = optionsOf("NLLLoss", options, NLL);
    const { ignoreIndex = -100 } = given;
    checkInteger("NLLLoss", "ignoreIndex", ignoreIndex);
    super("NLLLoss", given, NLL);
  }

  /**
   * The loss, reduced as the options say.
   *
   * @param input Log-probabilities, `[N, C]`, `[C]` or `[N, C, d1, ...]`.
   * @param target int32 classes of the same shape without C.
   */
  forward(input: Tensor, target: Tensor): Tensor {
    return nllLoss(input, target, { ...this.options, weight: this.weight });
  }
}

// --- internal helpers ---

function bufferOf(op: string, name: string, weight: Tensor | null | undefined): Buffer | null {
  return weight === null || weight === undefined ? null : new Buffer(checkTensor(op, weight, name));
}
