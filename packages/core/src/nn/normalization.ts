import type { Backend } from "../backend/backend";
import { checkInteger, optionsOf } from "../errors/options";
import { wrongValue } from "../errors/refusal";
import { checkEps, groupNorm, layerNorm, normalizedSizes, rmsNorm } from "../functional/normalization";
import { formatShape, type Shape } from "../shape/shape";
import type { Tensor } from "../tensor/tensor";
import { filledParts } from "./filled";
import { Module } from "./module";
import { Parameter } from "./parameter";

/** What a `LayerNorm` may be made with. */
export interface LayerNormLayerOptions {
  /** Added to the variance, under the root. Default: 1e-5. */
  readonly eps?: number;
  /** Learn a scale and a shift for each element. Default: true. */
  readonly elementwiseAffine?: boolean;
  /** Learn the shift. Default: true, with `elementwiseAffine`. */
  readonly bias?: boolean;
  /** Where the parameters live. Default: the default backend. */
  readonly backend?: Backend;
}

/** What an `RMSNorm` may be made with. */
export interface RMSNormLayerOptions {
  /** Added to the mean square, under the root. Default, also of null: the distance from 1 to the next number of the input's dtype. */
  readonly eps?: number | null;
  /** Learn a scale for each element. Default: true. */
  readonly elementwiseAffine?: boolean;
  /** Where the parameters live. Default: the default backend. */
  readonly backend?: Backend;
}

/** What a `GroupNorm` may be made with. */
export interface GroupNormLayerOptions {
  /** Added to the variance, under the root. Default: 1e-5. */
  readonly eps?: number;
  /** Learn a scale and a shift for each channel. Default: true. */
  readonly affine?: boolean;
  /** Where the parameters live. Default: the default backend. */
  readonly backend?: Backend;
}

/**
 * Normalises over the last dimensions, for each place before them; then scales and shifts. The layer of `functional.layerNorm`. Mirrors
 * [torch.nn.LayerNorm](https://docs.pytorch.org/docs/stable/generated/torch.nn.LayerNorm.html).
 *
 * @throws RangeError for sizes that are none and an eps below 0, TypeError for options of a wrong type.
 * @example
 * ```ts
 * const norm = new nn.LayerNorm(4);
 * console.log(norm.forward(ones([2, 3, 4])).shape, norm.weight?.shape); // [ 2, 3, 4 ] [ 4 ]
 * ```
 */
export class LayerNorm extends Module {
  /** @internal */
  static override get name(): string {
    return "LayerNorm";
  }

  /** Of `normalizedShape`, 1 at first; or null. */
  readonly weight: Parameter | null;
  /** Of `normalizedShape`, 0 at first; or null. */
  readonly bias: Parameter | null;
  /** The last sizes of the input. */
  readonly normalizedShape: Shape;
  /** Added to the variance. */
  readonly eps: number;

  /**
   * @param normalizedShape The last sizes of the input; a number stands for one.
   * @param options Default: `eps` 1e-5, with weight and bias, on the default backend.
   */
  constructor(normalizedShape: number | Shape, options?: LayerNormLayerOptions) {
    super();
    const {
      eps = 1e-5,
      elementwiseAffine = true,
      bias = true,
      backend,
    } = optionsOf<LayerNormLayerOptions>("LayerNorm", options, { eps: "number", elementwiseAffine: "flag", bias: "flag", backend: "any" });
    const shape = normalizedSizes("LayerNorm", normalizedShape);
    checkEps("LayerNorm", eps);
    const [scale = null, shift = null] = filledParts("LayerNorm", backend, [
      elementwiseAffine ? { kind: Parameter, shape, value: 1 } : null,
      elementwiseAffine && bias ? { kind: Parameter, shape, value: 0 } : null,
    ]);
    this.weight = scale;
    this.bias = shift;
    this.normalizedShape = shape;
    this.eps = eps;
  }

  /** The output for `input`, `[..., ...normalizedShape]`, of its shape. @throws As `functional.layerNorm`. */
  forward(input: Tensor): Tensor {
    const { weight, bias, normalizedShape, eps } = this;
    checkEps("LayerNorm", eps);
    return layerNorm(input, { normalizedShape, weight, bias, eps });
  }

  /** The options, for `toString()`. */
  protected override extraRepr(): string {
    return `${formatShape(this.normalizedShape)}, eps=${this.eps}, elementwiseAffine=${this.weight !== null}`;
  }
}

/**
 * Divides by the root of the mean square over the last dimensions; then scales. The layer of `functional.rmsNorm`. Mirrors
 * [torch.nn.RMSNorm](https://docs.pytorch.org/docs/stable/generated/torch.nn.RMSNorm.html).
 *
 * @throws As for `LayerNorm`.
 */
export class RMSNorm extends Module {
  /** @internal */
  static override get name(): string {
    return "RMSNorm";
  }

  /** Of `normalizedShape`, 1 at first; or null. */
  readonly weight: Parameter | null;
  /** The last sizes of the input. */
  readonly normalizedShape: Shape;
  /** Added to the mean square; null for what the input's dtype says. */
  readonly eps: number | null;

  /**
   * @param normalizedShape The last sizes of the input; a number stands for one.
   * @param options Default: `eps` null, with a weight, on the default backend.
   */
  constructor(normalizedShape: number | Shape, options?: RMSNormLayerOptions) {
    super();
    const {
      eps = null,
      elementwiseAffine = true,
      backend,
    } = optionsOf<RMSNormLayerOptions>("RMSNorm", options, { eps: "any", elementwiseAffine: "flag", backend: "any" });
    const shape = normalizedSizes("RMSNorm", normalizedShape);
    if (eps !== null) checkEps("RMSNorm", eps);
    const [scale = null] = filledParts("RMSNorm", backend, [elementwiseAffine ? { kind: Parameter, shape, value: 1 } : null]);
    this.weight = scale;
    this.normalizedShape = shape;
    this.eps = eps;
  }

  /** The output for `input`, `[..., ...normalizedShape]`, of its shape. @throws As `functional.rmsNorm`. */
  forward(input: Tensor): Tensor {
    const { weight, normalizedShape, eps } = this;
    if (eps !== null) checkEps("RMSNorm", eps);
    return rmsNorm(input, { normalizedShape, weight, eps });
  }

  /** The options, for `toString()`. */
  protected override extraRepr(): string {
    return `${formatShape(this.normalizedShape)}, eps=${this.eps}, elementwiseAffine=${this.weight !== null}`;
  }
}

/**
 * Normalises each sample over groups of channels; then scales and shifts by channel. The layer of `functional.groupNorm`. Mirrors
 * [torch.nn.GroupNorm](https://docs.pytorch.org/docs/stable/generated/torch.nn.GroupNorm.html).
 *
 * @throws RangeError for channels that the groups cannot share, and else as for `LayerNorm`.
 */
export class GroupNorm extends Module {
  /** @internal */
  static override get name(): string {
    return "GroupNorm";
  }

  /** `[numChannels]`, 1 at first; or null. */
  readonly weight: Parameter | null;
  /** `[numChannels]`, 0 at first; or null. */
  readonly bias: Parameter | null;
  /** Added to the variance. */
  readonly eps: number;

  /**
   * @param numGroups By which `numChannels` can be divided.
   * @param numChannels The second size of the input.
   * @param options Default: `eps` 1e-5, with weight and bias, on the default backend.
   */
  constructor(
    /** How many groups there are. */
    readonly numGroups: number,
    /** The second size of the input. */
    readonly numChannels: number,
    options?: GroupNormLayerOptions,
  ) {
    super();
    const {
      eps = 1e-5,
      affine = true,
      backend,
    } = optionsOf<GroupNormLayerOptions>("GroupNorm", options, { eps: "number", affine: "flag", backend: "any" });
    checkInteger("GroupNorm", "numGroups", numGroups, 1);
    checkInteger("GroupNorm", "numChannels", numChannels, 1);
    if (numChannels % numGroups !== 0) throw wrongValue("GroupNorm", `numChannels that ${numGroups} groups can share`, numChannels);
    checkEps("GroupNorm", eps);
    const [scale = null, shift = null] = filledParts(
      "GroupNorm",
      backend,
      [1, 0].map((value) => (affine ? { kind: Parameter, shape: [numChannels], value } : null)),
    );
    this.weight = scale;
    this.bias = shift;
    this.eps = eps;
  }

  /** The output for `input`, `[N, numChannels, ...]`, of its shape. @throws As `functional.groupNorm`. */
  forward(input: Tensor): Tensor {
    const { numGroups, weight, bias, eps } = this;
    checkEps("GroupNorm", eps);
    return groupNorm(input, { numGroups, weight, bias, eps });
  }

  /** The options, for `toString()`. */
  protected override extraRepr(): string {
    return `${this.numGroups}, ${this.numChannels}, eps=${this.eps}, affine=${this.weight !== null}`;
  }
}
