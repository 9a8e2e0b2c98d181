import { raw } from "../errors/brand";
import { checkBoolean, itemsOf, type OptionKinds } from "../errors/options";
import { checkProbability, rateOptions } from "../functional/dropout-options";
import { drawMask, type MaskRecord } from "../functional/dropout-select";
import { layerDropWithMask } from "../functional/layer-drop";
import { drawing } from "../random/drawing";
import { type Generator, resolveGenerator } from "../random/generator";
import type { Tensor } from "../tensor/tensor";
import { addNamed, checkModule, type TensorModule } from "./containers";
import { Module } from "./module";
import { partsOf } from "./tree";

/** What a `LayerDrop` is made with. */
export interface LayerDropOptions {
  /** Probability of a layer being left out, in [0, 1]. Default: 0.2. */
  readonly p?: number;
  /** Where masks come from. Default: the default generator. */
  readonly generator?: Generator;
}

const KINDS: OptionKinds<LayerDropOptions> = { p: "any", generator: "any" };

/**
 * Layers one after the other, of which some are left out in each forward while training; the module of `functional.layerDrop` (Fan et al.,
 * [2019](https://arxiv.org/abs/1909.11556)). In eval mode it is a
 * `Sequential`, and its state has the same names.
 *
 * @throws TypeError for what is no module; RangeError for p outside [0, 1] or NaN.
 * @example
 * ```ts
 * const layers = Array.from({ length: 6 }, () => new nn.TransformerEncoderLayer(8, 2));
 * const dropped = new nn.LayerDrop(layers, { p: 0.2 });
 * console.log(dropped.forward(ones([3, 1, 8])).shape.join(), dropped.lastMask()?.size); // 3,1,8 6
 * ```
 */
export class LayerDrop extends Module {
  /** @internal */
  static override get name(): string {
    return "LayerDrop";
  }

  /** Probability of being left out. */
  p: number;
  readonly #generator: Generator | undefined;
  #lastMask: MaskRecord | null = null;

  /**
   * @param layers In order; their names are "0", "1" and so on. They give what they take.
   * @param options A lone number is `p`. Default: p = 0.2, the default generator.
   */
  constructor(layers: Iterable<TensorModule>, options?: number | LayerDropOptions) {
    super();
    const { p = 0.2, generator } = rateOptions<LayerDropOptions>(OP, options, KINDS);
    checkProbability(OP, p);
    this.p = p;
    this.#generator = generator === undefined ? undefined : resolveGenerator(OP, generator);
    const all = itemsOf<TensorModule, TensorModule>(OP, "modules", layers, (layer) => {
      checkModule(OP, layer, "in the list");
      return layer;
    });
    all.forEach((layer, i) => {
      addNamed(OP, this, String(i), layer);
    });
  }

  /**
   * Runs `input` through the layers that are kept.
   *
   * @param input What the first layer takes.
   * @throws What a layer throws; the generator then takes no call.
   */
  forward(input: Tensor): Tensor {
    const self = raw(this);
    const { p, training } = self;
    checkProbability(OP, p);
    checkBoolean(OP, "training", training);
    const layers = partsOf<Module>(self).map(({ value }) => value as unknown as TensorModule);
    const steps = layers.map((layer) => (x: Tensor) => layer.forward(x));
    const generator = self.#generator === undefined ? {} : { generator: self.#generator };
    const { output, mask } = layerDropWithMask(input, steps, { p, training, ...generator });
    if (!drawing.isReplay) self.#lastMask = mask;
    return output;
  }

  /** Which layers ran in the last forward in training: bool, `[layers]`, on the input's backend. Null if that was in eval mode, or there was none. */
  lastMask(): Tensor | null {
    const mask = raw(this).#lastMask;
    return mask === null ? null : drawMask(mask);
  }

  /** @internal */
  protected override ownGenerator(): Generator | undefined {
    return this.#generator;
  }

  /** The options, for `toString()`. */
  protected override extraRepr(): string {
    return `p=${this.p}`;
  }
}

// --- internal helpers ---

const OP = "LayerDrop";
