import { ShapeError } from "../errors/errors";
import { checkInteger, optionsOf } from "../errors/options";
import { wrongValue } from "../errors/refusal";
import { checkTensor } from "../ops/binary";
import { arrayOf, checkShape, formatShape, normalizeDim, type Shape, sizeOf } from "../shape/shape";
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

/** Cuts one dimension into several: the opposite of `Flatten`. Mirrors [torch.nn.Unflatten](https://docs.pytorch.org/docs/stable/generated/torch.nn.Unflatten.html) for numbered dimensions. */
export class Unflatten extends Module {
  /** @internal */
  static override get name(): string {
    return "Unflatten";
  }

  /** The sizes that take its place. */
  readonly unflattenedSize: Shape;

  /**
   * @param dim The dimension that is cut; negative ones count from the end.
   * @param unflattenedSize The sizes that take its place; one may be -1 and follows from the others.
   * @throws TypeError and RangeError for what is no integer, and for sizes that are none.
   */
  constructor(
    /** The dimension that is cut. */
    readonly dim: number,
    unflattenedSize: Shape,
  ) {
    super();
    checkInteger("Unflatten", "dim", dim);
    this.unflattenedSize = checkSizes(unflattenedSize);
  }

  /**
   * A view of the input with that dimension cut.
   *
   * @param input Any shape that has it.
   * @throws ShapeError where the sizes do not make up the dimension, RangeError for a dimension that is not there.
   */
  forward(input: Tensor): Tensor {
    const x = checkTensor("Unflatten", input);
    const at = normalizeDim("Unflatten", this.dim, x.sizes.length);
    const sizes = checkSizes(this.unflattenedSize);
    const size = x.sizes[at];
    const known = sizeOf(sizes.filter((part) => part !== -1));
    const rest = (size ?? Number.NaN) / known;
    if (sizes.includes(-1) ? !Number.isInteger(rest) : known !== size) {
      const detail = `expected sizes that make up dimension ${at} of ${formatShape(x.sizes)}, got ${formatShape(sizes)}`;
      throw new ShapeError("Unflatten", [x.sizes, sizes], detail);
    }
    return x.reshape([...x.sizes.slice(0, at), ...sizes.map((part) => (part === -1 ? rest : part)), ...x.sizes.slice(at + 1)]);
  }

  /** The options, for `toString()`. */
  protected override extraRepr(): string {
    return `dim=${this.dim}, unflattenedSize=${formatShape(this.unflattenedSize)}`;
  }
}

// --- internal helpers ---

/** A copy of at least one size, at most one of them -1. */
function checkSizes(sizes: Shape): Shape {
  const given = arrayOf("Unflatten", "unflattenedSize to be an array such as [2, -1]", sizes) as number[];
  const open = given.indexOf(-1);
  if (given.length === 0 || open !== given.lastIndexOf(-1)) throw wrongValue("Unflatten", "sizes, at most one of them -1", given);
  return checkShape(
    "Unflatten",
    given.map((size) => (size === -1 ? 1 : size)),
  ).map((size, i) => (i === open ? -1 : size));
}
