import { raw } from "../errors/brand";
import { ShapeError } from "../errors/errors";
import { checkBoolean, type OptionKinds } from "../errors/options";
import { type Dropped, dropoutWithMask } from "../functional/dropout";
import { checkNoiseShape, type DropoutOptions, type NoiseShape, rateOptions } from "../functional/dropout-options";
import { again, type MaskRecord } from "../functional/dropout-select";
import { checkTensor } from "../ops/binary";
import { drawing } from "../random/drawing";
import { resolveGenerator } from "../random/generator";
import { formatShape } from "../shape/shape";
import type { Tensor } from "../tensor/tensor";
import { DropoutLayer, type DropoutLayerOptions, FEATURE_LAYER } from "./dropout";

const HELD: OptionKinds<Omit<DropoutLayerOptions, "inplace">> = {
  p: FEATURE_LAYER.p,
  generator: FEATURE_LAYER.generator,
  noiseShape: "any",
};

/**
 * Dropout that keeps its mask until it is told to draw a new one: one mask for all steps of a recurrent loop, for all parts of a model that share the layer, or
 * for an iteration of training. In eval mode it returns its input, and keeps what it holds. PyTorch has no such layer; variational
 * dropout (Gal and Ghahramani, [2016](https://arxiv.org/abs/1512.05287)) is one use of it.
 *
 * @throws As `Dropout`; ShapeError in `forward` for an input on which the mask that is held does not fit.
 * @example
 * ```ts
 * manualSeed(42);
 * const layer = new nn.HeldDropout(0.5);
 * const x = ones([8]);
 * const [first, second] = [layer.forward(x), layer.forward(x)];
 * console.log(first.dataSync().join() === second.dataSync().join()); // true
 * layer.newMask();
 * console.log(layer.forward(x).dataSync().join() === first.dataSync().join()); // false
 * ```
 */
export class HeldDropout extends DropoutLayer {
  /** @internal */
  static override get name(): string {
    return "HeldDropout";
  }

  /** The mask's shape, when it is not the input's. */
  readonly noiseShape: NoiseShape | undefined;
  readonly #held: Held;

  /** @param options As of `Dropout`, without `inplace`. A lone number is `p`. Default: p = 0.5, the default generator. */
  constructor(options?: number | Omit<DropoutLayerOptions, "inplace">) {
    const { noiseShape, ...shared } = rateOptions("HeldDropout", options, HELD);
    const held: Held = { isHolding: true, mask: null };
    super("HeldDropout", (input, given) => dropHeld(held, input, given as DropoutOptions), shared);
    this.#held = held;
    this.noiseShape = noiseShape === undefined ? undefined : checkNoiseShape("HeldDropout", noiseShape);
  }

  /**
   * Says whether masks are held from here on.
   *
   * @param hold Default: true, the mask of the last forward in training, or else that of the next one, stays; false: every forward draws its own.
   * @returns This layer.
   * @throws TypeError for anything but true and false.
   */
  holdMask(hold = true): this {
    checkBoolean("holdMask", "hold", hold);
    const held = raw(this).#held;
    held.isHolding = hold;
    return this;
  }

  /** Lets go of the mask: the next forward in training draws one. Returns this layer. */
  newMask(): this {
    raw(this).#held.mask = null;
    return this;
  }

  /** @internal */
  protected override callOptions(): DropoutOptions {
    return this.noiseShape === undefined ? super.callOptions() : { ...super.callOptions(), noiseShape: this.noiseShape };
  }
}

// --- internal helpers ---

/** What a layer holds, and whether it does. */
interface Held {
  isHolding: boolean;
  mask: MaskRecord | null;
}

function dropHeld(held: Held, input: Tensor, options: DropoutOptions): Dropped {
  if (!held.isHolding || held.mask === null || options.training === false || isDrawnHere(held.mask, options)) {
    const dropped = dropoutWithMask(input, options, undefined, "HeldDropout");
    if (dropped.mask !== null && !drawing.isReplay) held.mask = dropped.mask;
    return dropped;
  }
  const x = checkTensor("HeldDropout", input);
  const { mask } = held;
  const { shape } = mask.key;
  const shift = x.sizes.length - shape.length;
  const fits = shift >= 0 && shape.every((size, i) => size === x.sizes[i + shift] || size === 1);
  if (!fits) {
    const detail = `expected an input for the mask that is held, of shape ${formatShape(shape)}, got ${formatShape(x.sizes)} - call newMask() before`;
    throw new ShapeError("HeldDropout", [shape, x.sizes], detail);
  }
  return { output: again(x, mask), mask };
}

/**
 * True where a checkpoint runs once more what drew the mask that is held: the generator is then as it was before that draw, and the draw is to be made as it was.
 */
function isDrawnHere({ key }: MaskRecord, { generator: given, p = 0.5 }: DropoutOptions): boolean {
  if (drawing.isReplay !== true || p === 0 || p === 1) return false;
  const generator = resolveGenerator("HeldDropout", given);
  const { call } = generator.source.mask({ op: "HeldDropout", generator, p, inplace: false, shape: key.shape, elementOffset: 0 });
  return (
    call.seedLo === key.call.seedLo && call.seedHi === key.call.seedHi && call.callLo === key.call.callLo && call.callHi === key.call.callHi
  );
}
