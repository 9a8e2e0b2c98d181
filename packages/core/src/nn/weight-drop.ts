import { withScope } from "../autograd/scope";
import { isTensor, raw } from "../errors/brand";
import { itemsOf } from "../errors/options";
import { wrongType, wrongValue } from "../errors/refusal";
import { droppedWeights } from "../functional/drop-connect";
import { rateOptions } from "../functional/dropout-options";
import { drawMask, type MaskRecord } from "../functional/dropout-select";
import { drawing } from "../random/drawing";
import { attempt } from "../random/draws";
import { defaultGenerator } from "../random/generator";
import type { Tensor } from "../tensor/tensor";
import { tensorsIn } from "../tensor/tidy";
import { checkModule } from "./containers";
import type { Module } from "./module";
import { RATE, RateLayer, type RateOptions } from "./rate-layer";

/**
 * Drops weights of any module while training, once for each forward (DropConnect, Wan et al., [2013](https://proceedings.mlr.press/v28/wan13.html)); on the
 * hidden-to-hidden weights of an LSTM it is the weight-dropped LSTM of AWD-LSTM (Merity et al., [2018](https://arxiv.org/abs/1708.02182)), which has one mask for all time steps.
 * Gradients reach the weights that are kept. PyTorch has no such layer.
 *
 * The module inside runs with dropped weights in place of its own for the time of the call: parameters keep their names, values and places, so that its state
 * loads into the module without a `WeightDrop` and back, under `module.`.
 *
 * @throws RangeError for a name that is no parameter of the module, or p outside [0, 1]; TypeError for wrong types.
 * @example
 * ```ts
 * const lstm = new nn.WeightDrop(new nn.LSTM(4, 8), ["weight_hh_l0"], { p: 0.5 });
 * const [output] = lstm.forward(ones([3, 2, 4]));
 * console.log(output.shape.join(), Object.keys(lstm.stateDict())[0]); // 3,2,8 module.weight_ih_l0
 * ```
 */
export class WeightDrop<M extends Module> extends RateLayer {
  /** @internal */
  static override get name(): string {
    return "WeightDrop";
  }

  /** The module whose weights are dropped. */
  readonly module: M;
  readonly #weights: readonly string[];
  #lastMasks: readonly MaskRecord[] | null = null;

  /**
   * @param module Any module.
   * @param weights Dotted names as `namedParameters()` has them, such as "weight_hh_l0".
   * @param options A lone number is `p`. Default: p = 0.5, the default generator.
   */
  constructor(module: M, weights: Iterable<string>, options?: number | RateOptions) {
    super(OP, 0.5, rateOptions<RateOptions>(OP, options, RATE));
    checkModule(OP, module, "as the first argument");
    const names = new Set([...module.namedParameters()].map(([name]) => name));
    this.#weights = itemsOf<string, string>(OP, "names of weights", weights, (name) => {
      if (typeof name !== "string") throw wrongType(OP, "names of weights as strings", name);
      if (!names.has(name)) throw wrongValue(OP, `names among ${[...names].join(", ")}`, name);
      return name;
    });
    this.module = module;
  }

  /** The names of the parameters that are dropped, in the order of their masks. */
  get weights(): readonly string[] {
    return [...raw(this).#weights];
  }

  /**
   * What the module inside makes of `inputs`, with weights dropped while training.
   *
   * @param inputs Those of the module.
   * @throws What that throws; the generator then takes no call.
   */
  forward(...inputs: Parameters<M["forward"]>): ReturnType<M["forward"]> {
    const self = raw(this);
    const { module } = self;
    checkModule(OP, module, "inside");
    const { p, training, generator = defaultGenerator() } = self.callOptions();
    const call = () => module.forward(...inputs) as ReturnType<M["forward"]>;
    if (!drawing.isReplay) self.#lastMasks = null;
    if (!training) return call();
    const masks: MaskRecord[] = [];
    const result = attempt(generator, () =>
      withScope(
        false,
        () => {
          const places = self.#weights.map((name) => placeOf(raw(module), name));
          const dropped = places.map(({ weight }) => {
            const { output, mask } = droppedWeights(OP, weight, { p, generator });
            if (mask !== null) masks.push(mask);
            return output;
          });
          try {
            places.forEach(({ holder, key }, i) => {
              holder[key] = dropped[i] as Tensor;
            });
            return call();
          } finally {
            for (const { holder, key, weight } of places) holder[key] = weight;
          }
        },
        tensorsIn,
      ),
    );
    if (!drawing.isReplay) self.#lastMasks = masks;
    return result;
  }

  /** The masks of the last forward in training, one for each weight, drawn again: bool, true where kept. Null if that was in eval mode, or there was none. */
  lastMask(): Tensor[] | null {
    return raw(this).#lastMasks?.map(drawMask) ?? null;
  }

  /** The options, for `toString()`. */
  protected override extraRepr(): string {
    return `${this.weights.join(", ")}, ${super.extraRepr()}`;
  }
}

// --- internal helpers ---

const OP = "WeightDrop";

/** Where a parameter is, so that another tensor can take its place for a while. */
interface Place {
  readonly holder: Record<string, Tensor>;
  readonly key: string;
  readonly weight: Tensor;
}

/** The place of the parameter with a dotted name. */
function placeOf(module: Module, name: string): Place {
  const path = name.split(".");
  const key = path.pop() as string;
  let holder: unknown = module;
  for (const step of path) holder = (raw(holder as object) as Record<string, unknown>)[step] ?? {};
  const own = raw(holder as object) as Record<string, Tensor>;
  const weight = own[key];
  if (!isTensor(weight)) throw wrongValue(OP, "a module that still has the weight that is dropped", name);
  return { holder: own, key, weight };
}
