/** The functions of `functional/activations` as layers, for `Sequential`. */

import { describe } from "../errors/errors";
import { elu, gelu, leakyRelu, logSoftmax, relu, selu, sigmoid, silu, softmax, softplus, tanh } from "../functional/activations";
import type { Tensor } from "../tensor/tensor";
import { Module } from "./module";

/** max(x, 0). Mirrors `torch.nn.ReLU`. */
export class ReLU extends Module {
  forward(input: Tensor): Tensor {
    return relu(input);
  }
}

/** 1 / (1 + e^-x). Mirrors `torch.nn.Sigmoid`. */
export class Sigmoid extends Module {
  forward(input: Tensor): Tensor {
    return sigmoid(input);
  }
}

/** The hyperbolic tangent. Mirrors `torch.nn.Tanh`. */
export class Tanh extends Module {
  forward(input: Tensor): Tensor {
    return tanh(input);
  }
}

/** x times the normal distribution function of x. Mirrors `torch.nn.GELU`. */
export class GELU extends Module {
  forward(input: Tensor): Tensor {
    return gelu(input);
  }
}

/** x sigmoid(x). Mirrors `torch.nn.SiLU`. */
export class SiLU extends Module {
  forward(input: Tensor): Tensor {
    return silu(input);
  }
}

/** The self-normalising activation. Mirrors `torch.nn.SELU`. */
export class SELU extends Module {
  forward(input: Tensor): Tensor {
    return selu(input);
  }
}

/** x, or `negativeSlope` x below 0. Mirrors `torch.nn.LeakyReLU`. */
export class LeakyReLU extends Module {
  readonly negativeSlope: number;

  /** @param options `negativeSlope`: default 0.01. */
  constructor({ negativeSlope = 0.01 }: { negativeSlope?: number } = {}) {
    super();
    this.negativeSlope = negativeSlope;
  }

  forward(input: Tensor): Tensor {
    return leakyRelu(input, { negativeSlope: this.negativeSlope });
  }

  protected override extraRepr(): string {
    return `negativeSlope=${this.negativeSlope}`;
  }
}

/** x, or `alpha` (e^x - 1) below 0. Mirrors `torch.nn.ELU`. */
export class ELU extends Module {
  readonly alpha: number;

  /** @param options `alpha`: default 1. */
  constructor({ alpha = 1 }: { alpha?: number } = {}) {
    super();
    this.alpha = alpha;
  }

  forward(input: Tensor): Tensor {
    return elu(input, { alpha: this.alpha });
  }

  protected override extraRepr(): string {
    return `alpha=${this.alpha}`;
  }
}

/** log(1 + e^(beta x)) / beta. Mirrors `torch.nn.Softplus`. */
export class Softplus extends Module {
  readonly beta: number;

  /** @param options `beta`: default 1. */
  constructor({ beta = 1 }: { beta?: number } = {}) {
    super();
    this.beta = beta;
  }

  forward(input: Tensor): Tensor {
    return softplus(input, { beta: this.beta });
  }

  protected override extraRepr(): string {
    return `beta=${this.beta}`;
  }
}

/** e^x over its sum along `dim`. Mirrors `torch.nn.Softmax`. */
export class Softmax extends Module {
  readonly dim: number;

  /** @param options `dim`: the dimension that sums to 1; has no default. */
  constructor(options: { dim: number }) {
    super();
    this.dim = dimOf("Softmax", options);
  }

  forward(input: Tensor): Tensor {
    return softmax(input, { dim: this.dim });
  }

  protected override extraRepr(): string {
    return `dim=${this.dim}`;
  }
}

/** The logarithm of softmax. Mirrors `torch.nn.LogSoftmax`. */
export class LogSoftmax extends Module {
  readonly dim: number;

  /** @param options `dim`: the dimension that sums to 1; has no default. */
  constructor(options: { dim: number }) {
    super();
    this.dim = dimOf("LogSoftmax", options);
  }

  forward(input: Tensor): Tensor {
    return logSoftmax(input, { dim: this.dim });
  }

  protected override extraRepr(): string {
    return `dim=${this.dim}`;
  }
}

// --- internal helpers ---

function dimOf(op: string, options: { dim: number }): number {
  const dim: unknown = options?.dim;
  if (typeof dim !== "number") throw new TypeError(`${op}: expected { dim }, got ${describe(options)}`);
  return dim;
}
