import { raw } from "../errors/brand";
import { itemsOf } from "../errors/options";
import { rateOptions } from "../functional/dropout-options";
import { layerDropWithMask } from "../functional/layer-drop";
import type { Tensor } from "../tensor/tensor";
import { addNamed, checkModule, type TensorModule } from "./containers";
import type { Module } from "./module";
import { MaskLayer, RATE, type RateOptions } from "./rate-layer";
import { partsOf } from "./tree";

/**
 * Layers one after the other, of which some are left out in each forward while training; the module of `functional.layerDrop` (Fan et al.,
 * [2019](https://arxiv.org/abs/1909.11556)). In eval mode it is a
 * `Sequential`, and its state has the same names. `lastMask()`, `[layers]`, tells which ran.
 *
 * @throws TypeError for what is no module; RangeError for p outside [0, 1] or NaN.
 * @example
 * ```ts
 * const layers = Array.from({ length: 6 }, () => new nn.TransformerEncoderLayer(8, 2));
 * const dropped = new nn.LayerDrop(layers, { p: 0.2 });
 * console.log(dropped.forward(ones([3, 1, 8])).shape.join(), dropped.lastMask()?.size); // 3,1,8 6
 * ```
 */
export class LayerDrop extends MaskLayer {
  /** @internal */
  static override get name(): string {
    return "LayerDrop";
  }

  /**
   * @param layers In order; their names are "0", "1" and so on. They give what they take.
   * @param options A lone number is `p`. Default: p = 0.2, the default generator.
   */
  constructor(layers: Iterable<TensorModule>, options?: number | RateOptions) {
    super(OP, 0.2, rateOptions<RateOptions>(OP, options, RATE));
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
    const layers = partsOf<Module>(self).map(({ value }) => value as unknown as TensorModule);
    const steps = layers.map((layer) => (x: Tensor) => layer.forward(x));
    const { output, mask } = layerDropWithMask(input, steps, self.callOptions());
    self.remember(mask);
    return output;
  }
}

// --- internal helpers ---

const OP = "LayerDrop";
