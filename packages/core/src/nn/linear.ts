import type { Backend } from "../backend/backend";
import { describe, optionsOf } from "../errors/errors";
import { linear } from "../functional/math";
import { drawSymmetric } from "../random/draws";
import { type Generator, resolveGenerator } from "../random/generator";
import type { Shape } from "../shape/shape";
import { sizeOf } from "../shape/shape";
import { tensor } from "../tensor/creation";
import type { Tensor } from "../tensor/tensor";
import { Module } from "./module";
import { Parameter } from "./parameter";

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
  /** `[outFeatures, inFeatures]`. */
  readonly weight: Parameter;
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
    const { bias = true, backend, generator } = optionsOf("Linear", options);
    for (const [name, size] of [
      ["inFeatures", inFeatures],
      ["outFeatures", outFeatures],
    ] as const) {
      if (typeof size !== "number") throw new TypeError(`Linear: expected ${name} to be a number, got ${describe(size)}`);
      if (!Number.isSafeInteger(size) || size < 1) throw new RangeError(`Linear: expected ${name} to be a positive integer, got ${size}`);
    }
    const source = resolveGenerator("Linear", generator);
    const bound = 1 / Math.sqrt(inFeatures);
    const draw = (shape: Shape) => parameterOf(drawSymmetric(source, sizeOf(shape), bound), shape, backend);
    this.weight = draw([outFeatures, inFeatures]);
    this.bias = bias ? draw([outFeatures]) : null;
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

// --- internal helpers ---

function parameterOf(data: Float32Array, shape: Shape, backend: Backend | undefined): Parameter {
  const value = tensor(data, { shape, ...(backend && { backend }) });
  const parameter = new Parameter(value);
  value.dispose(); // the parameter holds the memory now
  return parameter;
}
