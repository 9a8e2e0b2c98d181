import { noGrad } from "../autograd/grad-mode";
import { composed } from "../autograd/scope";
import type { Backend } from "../backend/backend";
import { raw } from "../errors/brand";
import { ShapeError } from "../errors/errors";
import { checkBoolean, checkInteger, type OptionKinds, optionsOf } from "../errors/options";
import { wrongValue } from "../errors/refusal";
import { normalizeChannels } from "../functional/batch-norm";
import { checkEps, checkSizes, optionalTensor } from "../functional/normalization";
import { div } from "../ops/arithmetic";
import { checkTensor } from "../ops/binary";
import { overwrite } from "../ops/overwrite";
import { drawing } from "../random/drawing";
import { formatShape } from "../shape/shape";
import type { Tensor } from "../tensor/tensor";
import { filledParts } from "./filled";
import { Module } from "./module";
import { Buffer, Parameter } from "./parameter";

/** What a batch or instance normalisation may be made with. */
export interface StatisticsNormOptions {
  /** Added to the variance, under the root. Default: 1e-5. */
  readonly eps?: number;
  /** How far the running values move towards each batch, in [0, 1]; null: so that they are the mean of all batches. Default: 0.1. */
  readonly momentum?: number | null;
  /** Learn a scale and a shift for each channel. Default: true for batches, false for instances. */
  readonly affine?: boolean;
  /** Keep running values, and use them in evaluation. Default: true for batches, false for instances. */
  readonly trackRunningStats?: boolean;
  /** Where parameters and buffers live. Default: the default backend. */
  readonly backend?: Backend;
}

const OPTIONS: OptionKinds<StatisticsNormOptions> = {
  eps: "number",
  momentum: "any",
  affine: "flag",
  trackRunningStats: "flag",
  backend: "any",
};

/** What both kinds share. Buffers have the names that they have in a state dict, which are PyTorch's. */
abstract class StatisticsNorm extends Module {
  /** `[numFeatures]`, 1 at first; or null. */
  readonly weight: Parameter | null;
  /** `[numFeatures]`, 0 at first; or null. */
  readonly bias: Parameter | null;
  /** The running means, `[numFeatures]`, 0 at first; or null. */
  readonly running_mean: Buffer | null;
  /** The running variances, `[numFeatures]`, 1 at first; or null. */
  readonly running_var: Buffer | null;
  /** How many batches a batch normalisation has trained on: an int32 scalar; or null. */
  readonly num_batches_tracked: Buffer | null;
  /** The number of channels. */
  readonly numFeatures: number;
  /** Added to the variance. */
  readonly eps: number;
  /** How far the running values move. */
  readonly momentum: number | null;
  readonly #op: string;

  /** @internal */
  constructor(op: string, numFeatures: number, options: StatisticsNormOptions | undefined, isBatch: boolean) {
    super();
    const { eps = 1e-5, momentum = 0.1, affine = isBatch, trackRunningStats = isBatch, backend } = optionsOf(op, options, OPTIONS);
    checkInteger(op, "numFeatures", numFeatures, 1);
    checkEps(op, eps);
    checkMomentum(op, momentum);
    const [weight = null, bias = null, mean = null, variance = null, count = null] = filledParts<Parameter | Buffer>(op, backend, [
      ...[1, 0].map((value) => (affine ? { kind: Parameter, shape: [numFeatures], value } : null)),
      ...[0, 1].map((value) => (trackRunningStats ? { kind: Buffer, shape: [numFeatures], value } : null)),
      trackRunningStats ? { kind: Buffer, shape: [], value: 0, dtype: "int32" } : null,
    ]);
    this.weight = weight;
    this.bias = bias;
    this.running_mean = mean;
    this.running_var = variance;
    this.num_batches_tracked = count;
    this.numFeatures = numFeatures;
    this.eps = eps;
    this.momentum = momentum;
    this.#op = op;
  }

  /** @internal The input of a rank that the layer takes, and what its function is called with. */
  protected prepared(input: Tensor, ranks: readonly number[]) {
    const self = raw(this);
    const { eps, momentum, training, weight, bias, running_mean, running_var } = self;
    const op = self.#op;
    const x = checkTensor(op, input);
    checkEps(op, eps);
    checkMomentum(op, momentum);
    checkBoolean(op, "training", training);
    if (!ranks.includes(x.sizes.length)) {
      throw new ShapeError(op, [x.sizes], `expected ${ranks.join(" or ")} dimensions, got ${formatShape(x.sizes)}`);
    }
    const given = { eps, weight, bias, runningMean: running_mean, runningVar: running_var };
    return { op, x, given, byInput: training || running_mean === null };
  }

  /** The options, for `toString()`. */
  protected override extraRepr(): string {
    const { numFeatures, eps, momentum, weight, running_mean } = this;
    return `${numFeatures}, eps=${eps}, momentum=${momentum}, affine=${weight !== null}, trackRunningStats=${running_mean !== null}`;
  }
}

/** Statistics over the batch. */
abstract class BatchNorm extends StatisticsNorm {
  readonly #ranks: readonly number[];

  /** @internal */
  constructor(op: string, ranks: readonly number[], numFeatures: number, options: StatisticsNormOptions | undefined) {
    super(op, numFeatures, options, true);
    this.#ranks = ranks;
  }

  /**
   * Normalises by the batch in training, which also moves the running values; by these in evaluation, where there are any.
   *
   * @param input Of the dimensions that the layer is for; float32 or float64.
   * @returns A tensor of the input's shape.
   * @throws ShapeError for another rank or number of channels, and in training for one value in each channel. Nothing has changed then.
   */
  forward(input: Tensor): Tensor {
    const self = raw(this);
    const { op, x, given, byInput } = self.prepared(input, self.#ranks);
    const { momentum } = self;
    const tracked = self.training ? optionalTensor(op, self.num_batches_tracked, "num_batches_tracked") : null;
    checkSizes(op, x, { num_batches_tracked: tracked }, []);
    return composed(() => {
      const count = tracked === null ? null : noGrad(() => tracked.add(1));
      // Not looked at, which would have to wait for a device.
      const share = momentum ?? (count === null ? 0 : noGrad(() => div(1, count)));
      const y = normalizeChannels(op, x, { ...given, momentum: share }, { byInput, overBatch: true });
      if (count !== null && !drawing.isReplay && !drawing.keepsStatistics) overwrite(tracked as Tensor, count);
      return y;
    });
  }
}

/** Statistics of each sample. */
abstract class InstanceNorm extends StatisticsNorm {
  readonly #spatial: number;

  /** @internal */
  constructor(op: string, spatial: number, numFeatures: number, options: StatisticsNormOptions | undefined) {
    super(op, numFeatures, options, false);
    this.#spatial = spatial;
  }

  /**
   * Normalises each channel of each sample over its places; in evaluation by the running values, where there are any.
   *
   * @param input Of the dimensions that the layer is for, with a batch or without; float32 or float64.
   * @returns A tensor of the input's shape.
   * @throws ShapeError for another rank or, where there are parameters or buffers, number of channels, and for one place in each channel.
   */
  forward(input: Tensor): Tensor {
    const self = raw(this);
    const unbatched = self.#spatial + 1;
    const { op, x, given, byInput } = self.prepared(input, [unbatched, unbatched + 1]);
    const momentum = self.momentum ?? 0; // as in PyTorch, which counts no batches here
    const isSample = x.sizes.length === unbatched;
    return composed(() => {
      const y = normalizeChannels(op, isSample ? x.unsqueeze(0) : x, { ...given, momentum }, { byInput, overBatch: false });
      return isSample ? y.squeeze(0) : y;
    });
  }
}

/**
 * Normalises each channel of (N, C) or (N, C, L) over the batch and its places; the layer of `functional.batchNorm`. Mirrors
 * [torch.nn.BatchNorm1d](https://docs.pytorch.org/docs/stable/generated/torch.nn.BatchNorm1d.html); its count of batches is int32 here.
 *
 * @throws RangeError for a number of channels that is none, a momentum outside [0, 1] and an eps below 0; TypeError for options of a wrong type.
 */
export class BatchNorm1d extends BatchNorm {
  /** @internal */
  static override get name(): string {
    return "BatchNorm1d";
  }

  /**
   * @param numFeatures The number of channels, C.
   * @param options Default: `eps` 1e-5, `momentum` 0.1, `affine` and `trackRunningStats` true, on the default backend.
   */
  constructor(numFeatures: number, options?: StatisticsNormOptions) {
    super("BatchNorm1d", [2, 3], numFeatures, options);
  }
}

/**
 * Normalises each channel of (N, C, H, W) over the batch and its places; the layer of `functional.batchNorm`. Mirrors
 * [torch.nn.BatchNorm2d](https://docs.pytorch.org/docs/stable/generated/torch.nn.BatchNorm2d.html); its count of batches is int32 here.
 *
 * @throws RangeError for a number of channels that is none, a momentum outside [0, 1] and an eps below 0; TypeError for options of a wrong type.
 * @example
 * ```ts
 * const norm = new nn.BatchNorm2d(3);
 * console.log(norm.forward(ones([4, 3, 2, 2])).shape); // [ 4, 3, 2, 2 ]
 * console.log(Object.keys(norm.stateDict()).join()); // weight,bias,running_mean,running_var,num_batches_tracked
 * ```
 */
export class BatchNorm2d extends BatchNorm {
  /** @internal */
  static override get name(): string {
    return "BatchNorm2d";
  }

  /**
   * @param numFeatures The number of channels, C.
   * @param options Default: `eps` 1e-5, `momentum` 0.1, `affine` and `trackRunningStats` true, on the default backend.
   */
  constructor(numFeatures: number, options?: StatisticsNormOptions) {
    super("BatchNorm2d", [4], numFeatures, options);
  }
}

/**
 * Normalises each channel of (N, C, D, H, W) over the batch and its places; the layer of `functional.batchNorm`. Mirrors
 * [torch.nn.BatchNorm3d](https://docs.pytorch.org/docs/stable/generated/torch.nn.BatchNorm3d.html); its count of batches is int32 here.
 *
 * @throws RangeError for a number of channels that is none, a momentum outside [0, 1] and an eps below 0; TypeError for options of a wrong type.
 */
export class BatchNorm3d extends BatchNorm {
  /** @internal */
  static override get name(): string {
    return "BatchNorm3d";
  }

  /**
   * @param numFeatures The number of channels, C.
   * @param options Default: `eps` 1e-5, `momentum` 0.1, `affine` and `trackRunningStats` true, on the default backend.
   */
  constructor(numFeatures: number, options?: StatisticsNormOptions) {
    super("BatchNorm3d", [5], numFeatures, options);
  }
}

/**
 * Normalises each channel of (C, L) or (N, C, L) over its places; the layer of `functional.instanceNorm`. Mirrors
 * [torch.nn.InstanceNorm1d](https://docs.pytorch.org/docs/stable/generated/torch.nn.InstanceNorm1d.html).
 *
 * @throws As for `BatchNorm1d`.
 */
export class InstanceNorm1d extends InstanceNorm {
  /** @internal */
  static override get name(): string {
    return "InstanceNorm1d";
  }

  /**
   * @param numFeatures The number of channels, C.
   * @param options Default: `eps` 1e-5, `momentum` 0.1, `affine` and `trackRunningStats` false, on the default backend.
   */
  constructor(numFeatures: number, options?: StatisticsNormOptions) {
    super("InstanceNorm1d", 1, numFeatures, options);
  }
}

/**
 * Normalises each channel of (C, H, W) or (N, C, H, W) over its places; the layer of `functional.instanceNorm`. Mirrors
 * [torch.nn.InstanceNorm2d](https://docs.pytorch.org/docs/stable/generated/torch.nn.InstanceNorm2d.html).
 *
 * @throws As for `BatchNorm2d`.
 */
export class InstanceNorm2d extends InstanceNorm {
  /** @internal */
  static override get name(): string {
    return "InstanceNorm2d";
  }

  /**
   * @param numFeatures The number of channels, C.
   * @param options Default: `eps` 1e-5, `momentum` 0.1, `affine` and `trackRunningStats` false, on the default backend.
   */
  constructor(numFeatures: number, options?: StatisticsNormOptions) {
    super("InstanceNorm2d", 2, numFeatures, options);
  }
}

/**
 * Normalises each channel of (C, D, H, W) or (N, C, D, H, W) over its places; the layer of `functional.instanceNorm`. Mirrors
 * [torch.nn.InstanceNorm3d](https://docs.pytorch.org/docs/stable/generated/torch.nn.InstanceNorm3d.html).
 *
 * @throws As for `BatchNorm3d`.
 */
export class InstanceNorm3d extends InstanceNorm {
  /** @internal */
  static override get name(): string {
    return "InstanceNorm3d";
  }

  /**
   * @param numFeatures The number of channels, C.
   * @param options Default: `eps` 1e-5, `momentum` 0.1, `affine` and `trackRunningStats` false, on the default backend.
   */
  constructor(numFeatures: number, options?: StatisticsNormOptions) {
    super("InstanceNorm3d", 3, numFeatures, options);
  }
}

// --- internal helpers ---

function checkMomentum(op: string, momentum: unknown): void {
  if (momentum === null || (typeof momentum === "number" && momentum >= 0 && momentum <= 1)) return;
  throw wrongValue(op, "momentum in [0, 1], or null", momentum);
}
