/** The functions of `functional/activations` as layers, for `Sequential`. Shapes, dtypes and errors are those of the functions. */

import { checkInteger, checkNumber, optionsOf } from "../errors/options";
import { wrongType } from "../errors/refusal";
import {
  elu,
  type GeluOptions,
  gelu,
  geluApproximation,
  leakyRelu,
  logSoftmax,
  relu,
  selu,
  sigmoid,
  silu,
  softmax,
  softplus,
  tanh,
} from "../functional/activations";
import type { Tensor } from "../tensor/tensor";
import { Module } from "./module";

/**
 * max(x, 0), element by element; the layer of `functional.relu`. Mirrors
 * [torch.nn.ReLU](https://docs.pytorch.org/docs/stable/generated/torch.nn.ReLU.html).
 */
export class ReLU extends Module {
  /** @internal */
  static override get name(): string {
    return "ReLU";
  }

  /** The output for `input`, of its shape; float32 or float64. */
  forward(input: Tensor): Tensor {
    return relu(input);
  }
}

/**
 * 1 / (1 + e^-x), in (0, 1); the layer of `functional.sigmoid`. Mirrors
 * [torch.nn.Sigmoid](https://docs.pytorch.org/docs/stable/generated/torch.nn.Sigmoid.html).
 */
export class Sigmoid extends Module {
  /** @internal */
  static override get name(): string {
    return "Sigmoid";
  }

  /** The output for `input`, of its shape; float32 or float64. */
  forward(input: Tensor): Tensor {
    return sigmoid(input);
  }
}

/**
 * The hyperbolic tangent, in (-1, 1); the layer of `functional.tanh`. Mirrors
 * [torch.nn.Tanh](https://docs.pytorch.org/docs/stable/generated/torch.nn.Tanh.html).
 */
export class Tanh extends Module {
  /** @internal */
  static override get name(): string {
    return "Tanh";
  }

  /** The output for `input`, of its shape; float32 or float64. */
  forward(input: Tensor): Tensor {
    return tanh(input);
  }
}

/**
 * x times the normal distribution function of x; the layer of `functional.gelu`. Mirrors
 * [torch.nn.GELU](https://docs.pytorch.org/docs/stable/generated/torch.nn.GELU.html).
 */
export class GELU extends Module {
  /** @internal */
  static override get name(): string {
    return "GELU";
  }

  /** By the error function ("none") or a hyperbolic tangent ("tanh"). */
  readonly approximate: "none" | "tanh";

  /** @param options `approximate`: default "none". */
  constructor(options?: GeluOptions) {
    super();
    this.approximate = geluApproximation("GELU", options);
  }

  /** The output for `input`, of its shape; float32 or float64. */
  forward(input: Tensor): Tensor {
    checkPresent("GELU", "approximate", this.approximate);
    return gelu(input, { approximate: this.approximate });
  }

  /** The options, for `toString()`. */
  protected override extraRepr(): string {
    return `approximate=${this.approximate}`;
  }
}

/**
 * x sigmoid(x); the layer of `functional.silu`. Mirrors
 * [torch.nn.SiLU](https://docs.pytorch.org/docs/stable/generated/torch.nn.SiLU.html).
 */
export class SiLU extends Module {
  /** @internal */
  static override get name(): string {
    return "SiLU";
  }

  /** The output for `input`, of its shape; float32 or float64. */
  forward(input: Tensor): Tensor {
    return silu(input);
  }
}

/**
 * The self-normalising activation; the layer of `functional.selu`. Mirrors
 * [torch.nn.SELU](https://docs.pytorch.org/docs/stable/generated/torch.nn.SELU.html).
 */
export class SELU extends Module {
  /** @internal */
  static override get name(): string {
    return "SELU";
  }

  /** The output for `input`, of its shape; float32 or float64. */
  forward(input: Tensor): Tensor {
    return selu(input);
  }
}

/**
 * x, or `negativeSlope` x below 0; the layer of `functional.leakyRelu`. Mirrors
 * [torch.nn.LeakyReLU](https://docs.pytorch.org/docs/stable/generated/torch.nn.LeakyReLU.html).
 */
export class LeakyReLU extends Module {
  /** @internal */
  static override get name(): string {
    return "LeakyReLU";
  }

  /** The slope below 0. */
  readonly negativeSlope: number;

  /** @param options `negativeSlope`: default 0.01. */
  constructor(options?: { negativeSlope?: number }) {
    super();
    const { negativeSlope = 0.01 } = optionsOf<{ negativeSlope?: number }>("LeakyReLU", options, { negativeSlope: "number" });
    this.negativeSlope = negativeSlope;
  }

  /** The output for `input`, of its shape; float32 or float64. */
  forward(input: Tensor): Tensor {
    checkNumber("LeakyReLU", "negativeSlope", this.negativeSlope);
    return leakyRelu(input, { negativeSlope: this.negativeSlope });
  }

  /** The options, for `toString()`. */
  protected override extraRepr(): string {
    return `negativeSlope=${this.negativeSlope}`;
  }
}

/**
 * x, or `alpha` (e^x - 1) below 0; the layer of `functional.elu`. Mirrors
 * [torch.nn.ELU](https://docs.pytorch.org/docs/stable/generated/torch.nn.ELU.html).
 */
export class ELU extends Module {
  /** @internal */
  static override get name(): string {
    return "ELU";
  }

  /** Minus the limit far below 0. */
  readonly alpha: number;

  /** @param options `alpha`: default 1. */
  constructor(options?: { alpha?: number }) {
    super();
    const { alpha = 1 } = optionsOf<{ alpha?: number }>("ELU", options, { alpha: "number" });
    this.alpha = alpha;
  }

  /** The output for `input`, of its shape; float32 or float64. */
  forward(input: Tensor): Tensor {
    checkNumber("ELU", "alpha", this.alpha);
    return elu(input, { alpha: this.alpha });
  }

  /** The options, for `toString()`. */
  protected override extraRepr(): string {
    return `alpha=${this.alpha}`;
  }
}

/**
 * log(1 + e^(beta x)) / beta; the layer of `functional.softplus`. Mirrors
 * [torch.nn.Softplus](https://docs.pytorch.org/docs/stable/generated/torch.nn.Softplus.html).
 */
export class Softplus extends Module {
  /** @internal */
  static override get name(): string {
    return "Softplus";
  }

  /** How sharp the bend at 0 is. */
  readonly beta: number;

  /** @param options `beta`: default 1. */
  constructor(options?: { beta?: number }) {
    super();
    const { beta = 1 } = optionsOf<{ beta?: number }>("Softplus", options, { beta: "number" });
    this.beta = beta;
  }

  /** The output for `input`, of its shape; float32 or float64. */
  forward(input: Tensor): Tensor {
    checkNumber("Softplus", "beta", this.beta);
    return softplus(input, { beta: this.beta });
  }

  /** The options, for `toString()`. */
  protected override extraRepr(): string {
    return `beta=${this.beta}`;
  }
}

/**
 * e^x over its sum along `dim`; the layer of `functional.softmax`. Mirrors
 * [torch.nn.Softmax](https://docs.pytorch.org/docs/stable/generated/torch.nn.Softmax.html).
 */
export class Softmax extends Module {
  /** @internal */
  static override get name(): string {
    return "Softmax";
  }

  /** The dimension that sums to 1. */
  readonly dim: number;

  /**
   * @param options `dim`: the dimension that sums to 1; has no default.
   * @throws TypeError without one.
   */
  constructor(options: { dim: number }) {
    super();
    this.dim = dimOf("Softmax", options);
  }

  /** The output for `input`, of its shape; float32 or float64. */
  forward(input: Tensor): Tensor {
    return softmax(input, { dim: this.dim });
  }

  /** The options, for `toString()`. */
  protected override extraRepr(): string {
    return `dim=${this.dim}`;
  }
}

/**
 * The logarithm of softmax along `dim`; the layer of `functional.logSoftmax`. Mirrors
 * [torch.nn.LogSoftmax](https://docs.pytorch.org/docs/stable/generated/torch.nn.LogSoftmax.html).
 */
export class LogSoftmax extends Module {
  /** @internal */
  static override get name(): string {
    return "LogSoftmax";
  }

  /** The dimension that sums to 1. */
  readonly dim: number;

  /**
   * @param options `dim`: the dimension that sums to 1; has no default.
   * @throws TypeError without one.
   */
  constructor(options: { dim: number }) {
    super();
    this.dim = dimOf("LogSoftmax", options);
  }

  /** The output for `input`, of its shape; float32 or float64. */
  forward(input: Tensor): Tensor {
    return logSoftmax(input, { dim: this.dim });
  }

  /** The options, for `toString()`. */
  protected override extraRepr(): string {
    return `dim=${this.dim}`;
  }
}

// --- internal helpers ---

/** A property that became undefined is no option that was left out. */
function checkPresent(op: string, name: string, value: unknown): void {
  if (value === undefined) throw wrongType(op, `${name} to be set`, value);
}

function dimOf(op: string, options: { dim: number }): number {
  const { dim } = optionsOf<{ dim: number }>(op, options, { dim: "any" });
  if (dim === undefined) throw wrongType(op, "{ dim }", options, "name the dimension that sums to 1");
  checkInteger(op, "dim", dim);
  return dim;
}
