import { checkInteger, optionsOf } from "../errors/options";
import { checkTensor } from "../ops/binary";
import { normalizeDim, sizeOf } from "../shape/shape";
import type { Tensor } from "../tensor/tensor";
import { Module } from "./module";

/** Returns its input. Mirrors [torch.nn.Identity](https://docs.pytorch.org/docs/stable/generated/torch.nn.Identity.html). */
export class Identity extends Module {
  /** @internal */
  static override get name(): string {
    return "Identity";
  }

  /** The `input` itself. @throws TypeError for what is no tensor. */
  forward(input: Tensor): Tensor {
    return checkTensor("Identity", input);
  }
}

/** Which dimensions `Flatten` merges. */
export interface FlattenOptions {
  /** The first. Default: 1. */
  readonly startDim?: number;
  /** The last. Default: -1, the last one there is. */
  readonly endDim?: number;
}

/** Merges the dimensions from `startDim` to `endDim` into one. Mirrors [torch.nn.Flatten](https://docs.pytorch.org/docs/stable/generated/torch.nn.Flatten.html). */
export class Flatten extends Module {
  /** @internal */
  static override get name(): string {
    return "Flatten";
  }

  /** The first dimension that is merged. */
  readonly startDim: number;
  /** The last dimension that is merged. */
  readonly endDim: number;

  /**
   * @param options `startDim`: default 1. `endDim`: default -1, the last.
   * @throws TypeError and RangeError for what is no integer.
   */
  constructor(options?: FlattenOptions) {
    super();
    const { startDim = 1, endDim = -1 } = optionsOf<FlattenOptions>("Flatten", options, { startDim: "any", endDim: "any" });
    checkInteger("Flatten", "startDim", startDim);
    checkInteger("Flatten", "endDim", endDim);
    this.startDim = startDim;
    this.endDim = endDim;
  }

  /**
   * A view of the input with those dimensions merged.
   *
   * @param input Any shape that has them.
   * @throws RangeError for dimensions it does not have, or the last before the first.
   */
  forward(input: Tensor): Tensor {
    const x = checkTensor("Flatten", input);
    const rank = x.sizes.length;
    const start = normalizeDim("Flatten", this.startDim, rank);
    const end = normalizeDim("Flatten", this.endDim, rank);
    if (start > end) throw new RangeError(`Flatten: expected startDim at or before endDim, got ${this.startDim} and ${this.endDim}`);
    return x.reshape([...x.sizes.slice(0, start), sizeOf(x.sizes.slice(start, end + 1)), ...x.sizes.slice(end + 1)]);
  }

  /** The options, for `toString()`. */
  protected override extraRepr(): string {
    return `startDim=${this.startDim}, endDim=${this.endDim}`;
  }
}
