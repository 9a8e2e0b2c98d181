import type { Backend } from "../backend/backend";
import { describe } from "../errors/errors";
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
 * `x weight^T + bias`. Mirrors `torch.nn.Linear`: weight [out, in] and bias [out] start uniform in ±1 / sqrt(in). They take one host
 * call each, weight first, and are the same for one seed on every backend.
 *
 * @throws RangeError for sizes that are no positive integers.
 */
export class Linear extends Module {
  readonly weight: Parameter;
  readonly bias: Parameter | null;

  constructor(
    readonly inFeatures: number,
    readonly outFeatures: number,
    { bias = true, backend, generator }: LinearOptions = {},
  ) {
    super();
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

  /** @param input [..., inFeatures]. Returns [..., outFeatures]. */
  forward(input: Tensor): Tensor {
    return linear(input, this.weight, this.bias);
  }

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
