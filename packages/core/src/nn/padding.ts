/** `functional.pad` as layers, for `Sequential`: each mode for one, two and three dimensions at the end. */

import { raw } from "../errors/brand";
import { checkNumber } from "../errors/options";
import { wrongValue } from "../errors/refusal";
import { checkPairs, type PadMode, pad } from "../functional/padding";
import { formatShape } from "../shape/shape";
import type { Tensor } from "../tensor/tensor";
import { Module } from "./module";

/** Places on every side, or before and after the last dimension, then before and after the one before it, and so on; negative ones are cut off. */
export type Padding = number | readonly number[];

/** A layer that puts places around the last dimensions of its input: one of [torch.nn's padding layers](https://docs.pytorch.org/docs/stable/nn.html#padding-layers). */
export abstract class PaddingLayer extends Module {
  /** Places before and after the last dimension, then before and after the one before it, and so on. */
  readonly padding: readonly number[];
  readonly #mode: PadMode;
  readonly #value: number | undefined;

  /** @internal */
  constructor(op: string, mode: PadMode, spatial: number, padding: Padding, value: number | undefined) {
    super();
    const pairs = checkPairs(op, typeof padding === "number" ? Array(2 * spatial).fill(padding) : padding);
    if (pairs.length !== 2 * spatial) throw wrongValue(op, `padding to be a number, or an array of ${2 * spatial}`, padding);
    if (value !== undefined) checkNumber(op, "value", value);
    this.padding = pairs;
    this.#mode = mode;
    this.#value = value;
  }

  /** The `input`, of any rank that has the dimensions, padded. @throws As `functional.pad`. */
  forward(input: Tensor): Tensor {
    const self = raw(this);
    return pad(input, { pad: self.padding, mode: self.#mode, ...(self.#value !== undefined && { value: self.#value }) });
  }

  /** The options, for `toString()`. */
  protected override extraRepr(): string {
    const value = raw(this).#value;
    return `${formatShape(this.padding)}${value === undefined ? "" : `, value=${value}`}`;
  }
}

/** Makes a padding layer. @throws RangeError for places that are no integers, or another number of them; TypeError for what is neither a number nor an array. */
export type PaddingLayerClass = new (padding: Padding) => PaddingLayer;

/** The same with the constant that is put there. */
export type ConstantPadClass = new (padding: Padding, value: number) => PaddingLayer;

/** Puts zeros around the last dimension. Mirrors [torch.nn.ZeroPad1d](https://docs.pytorch.org/docs/stable/generated/torch.nn.ZeroPad1d.html). */
export const ZeroPad1d: PaddingLayerClass = /* @__PURE__ */ paddingLayer("ZeroPad1d", "constant", 1);
/** Puts zeros around the last two dimensions. Mirrors [torch.nn.ZeroPad2d](https://docs.pytorch.org/docs/stable/generated/torch.nn.ZeroPad2d.html). */
export const ZeroPad2d: PaddingLayerClass = /* @__PURE__ */ paddingLayer("ZeroPad2d", "constant", 2);
/** Puts zeros around the last three dimensions. Mirrors [torch.nn.ZeroPad3d](https://docs.pytorch.org/docs/stable/generated/torch.nn.ZeroPad3d.html). */
export const ZeroPad3d: PaddingLayerClass = /* @__PURE__ */ paddingLayer("ZeroPad3d", "constant", 3);
/** Puts a constant around the last dimension. Mirrors [torch.nn.ConstantPad1d](https://docs.pytorch.org/docs/stable/generated/torch.nn.ConstantPad1d.html). */
export const ConstantPad1d: ConstantPadClass = /* @__PURE__ */ constantPad("ConstantPad1d", 1);
/** Puts a constant around the last two dimensions. Mirrors [torch.nn.ConstantPad2d](https://docs.pytorch.org/docs/stable/generated/torch.nn.ConstantPad2d.html). */
export const ConstantPad2d: ConstantPadClass = /* @__PURE__ */ constantPad("ConstantPad2d", 2);
/** Puts a constant around the last three dimensions. Mirrors [torch.nn.ConstantPad3d](https://docs.pytorch.org/docs/stable/generated/torch.nn.ConstantPad3d.html). */
export const ConstantPad3d: ConstantPadClass = /* @__PURE__ */ constantPad("ConstantPad3d", 3);
/** Puts the mirror image, without the outermost elements, around the last dimension. Mirrors [torch.nn.ReflectionPad1d](https://docs.pytorch.org/docs/stable/generated/torch.nn.ReflectionPad1d.html). */
export const ReflectionPad1d: PaddingLayerClass = /* @__PURE__ */ paddingLayer("ReflectionPad1d", "reflect", 1);
/** Puts the mirror image, without the outermost elements, around the last two dimensions. Mirrors [torch.nn.ReflectionPad2d](https://docs.pytorch.org/docs/stable/generated/torch.nn.ReflectionPad2d.html). */
export const ReflectionPad2d: PaddingLayerClass = /* @__PURE__ */ paddingLayer("ReflectionPad2d", "reflect", 2);
/** Puts the mirror image, without the outermost elements, around the last three dimensions. Mirrors [torch.nn.ReflectionPad3d](https://docs.pytorch.org/docs/stable/generated/torch.nn.ReflectionPad3d.html). */
export const ReflectionPad3d: PaddingLayerClass = /* @__PURE__ */ paddingLayer("ReflectionPad3d", "reflect", 3);
/** Repeats the outermost elements around the last dimension. Mirrors [torch.nn.ReplicationPad1d](https://docs.pytorch.org/docs/stable/generated/torch.nn.ReplicationPad1d.html). */
export const ReplicationPad1d: PaddingLayerClass = /* @__PURE__ */ paddingLayer("ReplicationPad1d", "replicate", 1);
/** Repeats the outermost elements around the last two dimensions. Mirrors [torch.nn.ReplicationPad2d](https://docs.pytorch.org/docs/stable/generated/torch.nn.ReplicationPad2d.html). */
export const ReplicationPad2d: PaddingLayerClass = /* @__PURE__ */ paddingLayer("ReplicationPad2d", "replicate", 2);
/** Repeats the outermost elements around the last three dimensions. Mirrors [torch.nn.ReplicationPad3d](https://docs.pytorch.org/docs/stable/generated/torch.nn.ReplicationPad3d.html). */
export const ReplicationPad3d: PaddingLayerClass = /* @__PURE__ */ paddingLayer("ReplicationPad3d", "replicate", 3);
/** Puts the other end around the last dimension. Mirrors [torch.nn.CircularPad1d](https://docs.pytorch.org/docs/stable/generated/torch.nn.CircularPad1d.html). */
export const CircularPad1d: PaddingLayerClass = /* @__PURE__ */ paddingLayer("CircularPad1d", "circular", 1);
/** Puts the other end around the last two dimensions. Mirrors [torch.nn.CircularPad2d](https://docs.pytorch.org/docs/stable/generated/torch.nn.CircularPad2d.html). */
export const CircularPad2d: PaddingLayerClass = /* @__PURE__ */ paddingLayer("CircularPad2d", "circular", 2);
/** Puts the other end around the last three dimensions. Mirrors [torch.nn.CircularPad3d](https://docs.pytorch.org/docs/stable/generated/torch.nn.CircularPad3d.html). */
export const CircularPad3d: PaddingLayerClass = /* @__PURE__ */ paddingLayer("CircularPad3d", "circular", 3);

// --- internal helpers ---

function paddingLayer(name: string, mode: PadMode, spatial: number): PaddingLayerClass {
  return class extends PaddingLayer {
    static override get name(): string {
      return name;
    }

    constructor(padding: Padding) {
      super(name, mode, spatial, padding, undefined);
    }
  };
}

function constantPad(name: string, spatial: number): ConstantPadClass {
  return class extends PaddingLayer {
    static override get name(): string {
      return name;
    }

    constructor(padding: Padding, value: number) {
      checkNumber(name, "value", value); // also where there is none
      super(name, "constant", spatial, padding, value);
    }
  };
}
