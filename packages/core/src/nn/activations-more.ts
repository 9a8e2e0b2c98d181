/** The functions of `functional/activations-more` as layers. Shapes, dtypes and errors are those of the functions. */

import type { Backend } from "../backend/backend";
import { deviceOf } from "../cpu/device-of";
import { checkInteger, checkNumber, optionsOf } from "../errors/options";
import {
  celu,
  checkCeluAlpha,
  glu,
  type HardtanhOptions,
  hardsigmoid,
  hardswish,
  hardtanh,
  hardtanhBounds,
  logSigmoid,
  mish,
  prelu,
  relu6,
  softsign,
} from "../functional/activations-more";
import { full } from "../tensor/creation";
import type { Tensor } from "../tensor/tensor";
import { Module } from "./module";
import { Parameter } from "./parameter";

/** Options of `nn.PReLU`. */
export interface PReLUOptions {
  /** How many weights there are: 1, or as many as channels. Default: 1. */
  readonly numParameters?: number;
  /** The weights' value before training. Default: 0.25. */
  readonly init?: number;
  /** Where the weights are made. Default: the default backend. */
  readonly backend?: Backend;
}

/**
 * min(max(x, 0), 6), element by element; the layer of `functional.relu6`. Mirrors
 * [torch.nn.ReLU6](https://docs.pytorch.org/docs/stable/generated/torch.nn.ReLU6.html).
 */
export class ReLU6 extends Module {
  /** @internal */
  static override get name(): string {
    return "ReLU6";
  }

  /** The output for `input`, of its shape; float32 or float64. */
  forward(input: Tensor): Tensor {
    return relu6(input);
  }
}

/**
 * x / 6 + 1/2 cut to [0, 1]; the layer of `functional.hardsigmoid`. Mirrors
 * [torch.nn.Hardsigmoid](https://docs.pytorch.org/docs/stable/generated/torch.nn.Hardsigmoid.html).
 */
export class Hardsigmoid extends Module {
  /** @internal */
  static override get name(): string {
    return "Hardsigmoid";
  }

  /** The output for `input`, of its shape; float32 or float64. */
  forward(input: Tensor): Tensor {
    return hardsigmoid(input);
  }
}

/**
 * x hardsigmoid(x); the layer of `functional.hardswish`. Mirrors
 * [torch.nn.Hardswish](https://docs.pytorch.org/docs/stable/generated/torch.nn.Hardswish.html).
 */
export class Hardswish extends Module {
  /** @internal */
  static override get name(): string {
    return "Hardswish";
  }

  /** The output for `input`, of its shape; float32 or float64. */
  forward(input: Tensor): Tensor {
    return hardswish(input);
  }
}

/**
 * x tanh(softplus(x)); the layer of `functional.mish`. Mirrors
 * [torch.nn.Mish](https://docs.pytorch.org/docs/stable/generated/torch.nn.Mish.html).
 */
export class Mish extends Module {
  /** @internal */
  static override get name(): string {
    return "Mish";
  }

  /** The output for `input`, of its shape; float32 or float64. */
  forward(input: Tensor): Tensor {
    return mish(input);
  }
}

/**
 * x / (1 + |x|), in (-1, 1); the layer of `functional.softsign`. Mirrors
 * [torch.nn.Softsign](https://docs.pytorch.org/docs/stable/generated/torch.nn.Softsign.html).
 */
export class Softsign extends Module {
  /** @internal */
  static override get name(): string {
    return "Softsign";
  }

  /** The output for `input`, of its shape; float32 or float64. */
  forward(input: Tensor): Tensor {
    return softsign(input);
  }
}

/**
 * The logarithm of the sigmoid; the layer of `functional.logSigmoid`. Mirrors
 * [torch.nn.LogSigmoid](https://docs.pytorch.org/docs/stable/generated/torch.nn.LogSigmoid.html).
 */
export class LogSigmoid extends Module {
  /** @internal */
  static override get name(): string {
    return "LogSigmoid";
  }

  /** The output for `input`, of its shape; float32 or float64. */
  forward(input: Tensor): Tensor {
    return logSigmoid(input);
  }
}

/**
 * x cut to [`minVal`, `maxVal`]; the layer of `functional.hardtanh`. Mirrors
 * [torch.nn.Hardtanh](https://docs.pytorch.org/docs/stable/generated/torch.nn.Hardtanh.html).
 */
export class Hardtanh extends Module {
  /** @internal */
  static override get name(): string {
    return "Hardtanh";
  }

  /** What smaller elements become. */
  readonly minVal: number;
  /** What larger elements become. */
  readonly maxVal: number;

  /**
   * @param options `minVal`: default -1. `maxVal`: default 1.
   * @throws RangeError for bounds in the wrong order.
   */
  constructor(options?: HardtanhOptions) {
    super();
    const { minVal, maxVal } = hardtanhBounds("Hardtanh", options);
    this.minVal = minVal;
    this.maxVal = maxVal;
  }

  /** The output for `input`, of its shape; float32 or float64. */
  forward(input: Tensor): Tensor {
    const { minVal, maxVal } = this;
    checkNumber("Hardtanh", "minVal", minVal);
    checkNumber("Hardtanh", "maxVal", maxVal);
    return hardtanh(input, { minVal, maxVal });
  }

  /** The options, for `toString()`. */
  protected override extraRepr(): string {
    return `minVal=${this.minVal}, maxVal=${this.maxVal}`;
  }
}

/**
 * x, or `alpha` (e^(x / alpha) - 1) below 0; the layer of `functional.celu`. Mirrors
 * [torch.nn.CELU](https://docs.pytorch.org/docs/stable/generated/torch.nn.CELU.html).
 */
export class CELU extends Module {
  /** @internal */
  static override get name(): string {
    return "CELU";
  }

  /** Minus the limit far below 0. */
  readonly alpha: number;

  /** @param options `alpha`: default 1; not 0. */
  constructor(options?: { alpha?: number }) {
    super();
    const { alpha = 1 } = optionsOf<{ alpha?: number }>("CELU", options, { alpha: "number" });
    checkCeluAlpha("CELU", alpha);
    this.alpha = alpha;
  }

  /** The output for `input`, of its shape; float32 or float64. */
  forward(input: Tensor): Tensor {
    checkNumber("CELU", "alpha", this.alpha);
    return celu(input, { alpha: this.alpha });
  }

  /** The options, for `toString()`. */
  protected override extraRepr(): string {
    return `alpha=${this.alpha}`;
  }
}

/**
 * x, or a learned multiple of x below 0; the layer of `functional.prelu`. Mirrors
 * [torch.nn.PReLU](https://docs.pytorch.org/docs/stable/generated/torch.nn.PReLU.html).
 *
 * @example
 * ```ts
 * console.log(new nn.PReLU().forward(tensor([-4, 4])).detach().dataSync().join(" ")); // -1 4
 * ```
 */
export class PReLU extends Module {
  /** @internal */
  static override get name(): string {
    return "PReLU";
  }

  /** The slopes below 0, `[numParameters]`. */
  readonly weight: Parameter;
  /** How many there are. */
  readonly numParameters: number;

  /** @param options `numParameters`: default 1. `init`: default 0.25. `backend`: default the default backend. */
  constructor(options?: PReLUOptions) {
    super();
    const {
      numParameters = 1,
      init = 0.25,
      ...place
    } = optionsOf<PReLUOptions>("PReLU", options, { numParameters: "any", init: "number", backend: "any" });
    checkInteger("PReLU", "numParameters", numParameters, 1);
    if (place.backend !== undefined) deviceOf(place.backend, "PReLU"); // refuses what is no backend
    const weight = full([numParameters], init, place);
    this.weight = new Parameter(weight);
    weight.dispose();
    this.numParameters = numParameters;
  }

  /** The output for `input`, `[N, C, ...]` where there are several weights, of its shape. */
  forward(input: Tensor): Tensor {
    return prelu(input, this.weight);
  }

  /** The options, for `toString()`. */
  protected override extraRepr(): string {
    return `numParameters=${this.numParameters}`;
  }
}

/**
 * The first half of a dimension times the sigmoid of the second; the layer of `functional.glu`. Mirrors
 * [torch.nn.GLU](https://docs.pytorch.org/docs/stable/generated/torch.nn.GLU.html).
 */
export class GLU extends Module {
  /** @internal */
  static override get name(): string {
    return "GLU";
  }

  /** The dimension that is halved. */
  readonly dim: number;

  /** @param options `dim`: default -1. */
  constructor(options?: { dim?: number }) {
    super();
    const { dim = -1 } = optionsOf<{ dim?: number }>("GLU", options, { dim: "any" });
    checkInteger("GLU", "dim", dim);
    this.dim = dim;
  }

  /** The output for `input`, half as large along `dim`; float32 or float64. */
  forward(input: Tensor): Tensor {
    checkInteger("GLU", "dim", this.dim);
    return glu(input, { dim: this.dim });
  }

  /** The options, for `toString()`. */
  protected override extraRepr(): string {
    return `dim=${this.dim}`;
  }
}
