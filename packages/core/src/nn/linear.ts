import type { Backend } from "../backend/backend";
import { checkInteger, optionsOf } from "../errors/options";
import { linear } from "../functional/math";
import type { Generator } from "../random/generator";
import type { Tensor } from "../tensor/tensor";
import { Module } from "./module";
import type { Parameter } from "./parameter";
import { uniformParameters } from "./uniform";

/** What a `Linear` layer may be made with. */
export interface LinearOptions {
  /** Add a bias. Default: true. */
  readonly bias?: boolean;
  /** Where the parameters live. Default: the default backend. */
  readonly backend?: Backend;
  /** Where the initial values come from. Default: the default generator. */
  readonly generator?: Generator;
}

/**
 * `x weight^T + bias` over the last dimension. Mirrors [torch.nn.Linear](https://docs.pytorch.org/docs/stable/generated/torch.nn.Linear.html): weight and bias start
 * uniform in ±1 / sqrt(in), float32. They take one host call each, weight first, and are the same for one seed on every backend.
 *
 * @throws RangeError for sizes that are no positive integers, TypeError for options of a wrong type.
 * @example
 * ```ts
 * const layer = new nn.Linear(10, 20);
 * console.log(layer.forward(ones([4, 10])).shape); // [ 4, 20 ]
 * console.log(layer.weight.shape, layer.bias?.shape); // [ 20, 10 ] [ 20 ]
 * ```
 */
export class Linear extends Module {
  /** @internal */
  static override get name(): string {
    return "Linear";
  }

  /** `[outFeatures, inFeatures]`. May be shared: `head.weight = embedding.weight`. */
  weight: Parameter;
  /** `[outFeatures]`, or null. */
  readonly bias: Parameter | null;

  /**
   * @param inFeatures The last size of the input.
   * @param outFeatures The last size of the output.
   * @param options Default: with a bias, on the default backend, from the default generator.
   */
  constructor(
    /** The last size of the input. */
    readonly inFeatures: number,
    /** The last size of the output. */
    readonly outFeatures: number,
    options?: LinearOptions,
  ) {
    super();
    const { bias = true, ...where } = optionsOf<LinearOptions>("Linear", options, { bias: "flag", backend: "any", generator: "any" });
    checkInteger("Linear", "inFeatures", inFeatures, 1);
    checkInteger("Linear", "outFeatures", outFeatures, 1);
    const shapes = bias ? [[outFeatures, inFeatures], [outFeatures]] : [[outFeatures, inFeatures]];
    const [weight, offset = null] = uniformParameters("Linear", shapes, 1 / Math.sqrt(inFeatures), where);
    this.weight = weight as Parameter;
    this.bias = offset;
  }

  /**
   * The output for an input.
   *
   * @param input `[..., inFeatures]`.
   * @returns `[..., outFeatures]`.
   * @throws ShapeError for another last size.
   */
  forward(input: Tensor): Tensor {
    return linear(input, this.weight, this.bias);
  }

  /** The options, for `toString()`. */
  protected override extraRepr(): string {
    return `inFeatures=${this.inFeatures}, outFeatures=${this.outFeatures}, bias=${this.bias !== null}`;
  }
}
