/** Noise in place of dropping, and a rate that is learned, as layers; what each does is told at the function of the same name. */

import { checkInputs } from "../autograd/run";
import { composed } from "../autograd/scope";
import type { Backend } from "../backend/backend";
import { deviceOf } from "../cpu/device-of";
import { raw } from "../errors/brand";
import { checkBoolean, checkInteger, checkNumber, type OptionKinds, optionsOf } from "../errors/options";
import { wrongValue } from "../errors/refusal";
import { sigmoid, softplus } from "../functional/activations";
import { checkTemperature, concreteDropout } from "../functional/concrete-dropout";
import { checkProbability, rateOptions } from "../functional/dropout-options";
import { gaussianDropout, gaussianNoise, gaussianOptions } from "../functional/gaussian-dropout";
import { drawing } from "../random/drawing";
import { defaultGenerator, type Generator, resolveGenerator } from "../random/generator";
import type { Shape } from "../shape/shape";
import { full, getDefaultBackend } from "../tensor/creation";
import type { Tensor } from "../tensor/tensor";
import { Module } from "./module";
import { Parameter, tensorsOf } from "./parameter";
import { RATE, RateLayer } from "./rate-layer";

/** What a `GaussianDropout` layer is made with. */
export interface GaussianDropoutLayerOptions {
  /** The rate of the dropout whose noise has the same variance, in [0, 1). Default: 0.5. */
  readonly p?: number;
  /** Where the noise comes from. Default: the default generator. */
  readonly generator?: Generator;
}

/** What a `ConcreteDropout` layer is made with. */
export interface ConcreteDropoutLayerOptions {
  /** The rate to begin with, in (0, 1). Default: 0.1. */
  readonly p?: number;
  /** How soft the mask is. Default: 0.1. */
  readonly temperature?: number;
  /** Where the numbers come from. Default: the default generator. */
  readonly generator?: Generator;
  /** Where the parameter is. Default: the default backend. */
  readonly backend?: Backend;
}

/** What weighs in a `ConcreteDropout`'s regularizer. */
export interface ConcreteRegularizerOptions {
  /** The weight of the squares of the layer's weights, `l^2 / (tau N)` in the paper. Default: 1e-6, the authors'. */
  readonly weight?: number;
  /** The weight of the entropy of the masks, `2 / (tau N)` in the paper. Default: 1e-5, the authors'. */
  readonly dropout?: number;
}

const CONCRETE: OptionKinds<ConcreteDropoutLayerOptions> = { p: "number", temperature: "number", generator: "any", backend: "any" };
const REGULARIZER: OptionKinds<ConcreteRegularizerOptions> = { weight: "number", dropout: "number" };

/**
 * Multiplies with normal noise of mean 1 while training; the layer of `functional.gaussianDropout`. Mirrors
 * [keras.layers.GaussianDropout](https://keras.io/api/layers/regularization_layers/gaussian_dropout/).
 *
 * @throws RangeError for p outside [0, 1) or NaN; TypeError for options of a wrong type.
 * @example
 * ```ts
 * const layer = new nn.GaussianDropout({ p: 0.2, generator: new Generator(1) });
 * const y = layer.forward(ones([10000]));
 * console.log(y.std().itemSync().toFixed(1), layer.lastNoise()?.dataSync().join() === y.dataSync().join()); // 0.5 true
 * ```
 */
export class GaussianDropout extends RateLayer {
  /** @internal */
  static override get name(): string {
    return "GaussianDropout";
  }

  #last: Drawn | null = null;

  /** @param options A lone number is `p`. Default: p = 0.5, the default generator. */
  constructor(options?: number | GaussianDropoutLayerOptions) {
    super("GaussianDropout", 0.5, rateOptions<GaussianDropoutLayerOptions>("GaussianDropout", options, RATE));
    gaussianOptions("GaussianDropout", { p: this.p });
  }

  /**
   * Lays noise over `input` while `training`; returns the input itself in eval mode.
   *
   * @param input Any shape; float32 or float64.
   */
  forward(input: Tensor): Tensor {
    const self = raw(this);
    const { p, training, generator = defaultGenerator() } = self.callOptions();
    const before = training ? generator.clone() : null;
    const y = gaussianDropout(input, { p, training, generator });
    if (!drawing.isReplay) self.#last = before && { p, generator: before, shape: input.shape, dtype: input.dtype, backend: input.backend };
    return y;
  }

  /** The noise of the last forward in training, drawn again, of the input's shape, dtype and backend. Null if that was in eval mode, or there was none. */
  lastNoise(): Tensor | null {
    const last = raw(this).#last;
    return last === null ? null : gaussianNoise(last, last.shape, last.p, last.generator.clone());
  }
}

/**
 * Dropout whose rate is a parameter, learned with the others; the layer of `functional.concreteDropout` (Gal, Hron and Kendall,
 * [2017](https://arxiv.org/abs/1705.07832)). Add `regularizer` of what comes behind it to the loss.
 *
 * @throws RangeError for p outside (0, 1) or a temperature that is not above 0; TypeError for options of a wrong type.
 * @example
 * ```ts
 * const [drop, linear] = [new nn.ConcreteDropout(), new nn.Linear(8, 1)];
 * const loss = linear.forward(drop.forward(ones([4, 8]))).pow(2).mean().add(drop.regularizer(linear.parameters(), 8));
 * loss.backward();
 * console.log(drop.logit.grad !== null, drop.rate().itemSync().toFixed(1)); // true 0.1
 * ```
 */
export class ConcreteDropout extends Module {
  /** @internal */
  static override get name(): string {
    return "ConcreteDropout";
  }

  /** The logit of the rate, a scalar. */
  logit: Parameter;
  /** How soft the mask is. */
  temperature: number;
  readonly #generator: Generator | undefined;

  /** @param options A lone number is `p`, the rate to begin with. Default: p = 0.1, temperature 0.1, the default generator and backend. */
  constructor(options?: number | ConcreteDropoutLayerOptions) {
    super();
    const {
      p = 0.1,
      temperature = 0.1,
      generator,
      backend = getDefaultBackend(),
    } = rateOptions<ConcreteDropoutLayerOptions>("ConcreteDropout", options, CONCRETE);
    checkProbability("ConcreteDropout", p);
    if (p === 0 || p === 1) throw wrongValue("ConcreteDropout", "p in (0, 1), which has a logit", p);
    checkTemperature("ConcreteDropout", temperature);
    this.temperature = temperature;
    this.#generator = generator === undefined ? undefined : resolveGenerator("ConcreteDropout", generator);
    deviceOf(backend, "ConcreteDropout");
    const data = full([], Math.log(p / (1 - p)), { backend });
    this.logit = new Parameter(data);
    data.dispose();
  }

  /**
   * Drops while `training`; returns the input itself in eval mode.
   *
   * @param input Any shape; of the parameter's dtype and backend.
   */
  forward(input: Tensor): Tensor {
    const self = raw(this);
    const { logit, temperature, training } = self;
    checkBoolean("ConcreteDropout", "training", training);
    checkTemperature("ConcreteDropout", temperature);
    const generator = self.#generator === undefined ? {} : { generator: self.#generator };
    return concreteDropout(input, logit, { temperature, training, ...generator });
  }

  /** The rate as it is now, a scalar with a gradient. */
  rate(): Tensor {
    return sigmoid(raw(this).logit);
  }

  /**
   * What the paper adds to the loss for one layer: `weight * sum(w^2) / (1 - p) - dropout * features * H(p)`, H the entropy of one mask element. Without it nothing
   * speaks for dropping.
   *
   * @param weights The parameters of the layer that takes the dropped input.
   * @param features How many elements a row of that input has.
   * @param options `weight` and `dropout`, by how much each part counts; default: the authors' 1e-6 and 1e-5.
   * @returns A scalar.
   * @throws RangeError for features below 1, or a weight below 0; TypeError for what are no tensors.
   */
  regularizer(weights: Tensor | Iterable<Tensor>, features: number, options?: ConcreteRegularizerOptions): Tensor {
    const given = tensorsOf("regularizer", weights);
    if (given.length === 0) throw new RangeError("regularizer: expected at least one weight, got none - pass layer.parameters()");
    const { logit } = raw(this);
    checkInputs("regularizer", [logit, ...given]);
    checkInteger("regularizer", "features", features, 1);
    const { weight = 1e-6, dropout = 1e-5 } = optionsOf<ConcreteRegularizerOptions>("regularizer", options, REGULARIZER);
    for (const [name, value] of Object.entries({ weight, dropout })) {
      checkNumber("regularizer", name, value);
      if (!(value >= 0 && value < Number.POSITIVE_INFINITY)) throw wrongValue("regularizer", `a finite ${name} of 0 or more`, value);
    }
    return composed(() => {
      const p = sigmoid(logit);
      // H = -p ln p - (1 - p) ln(1 - p) = softplus(logit) - p logit.
      const entropy = softplus(logit).sub(p.mul(logit));
      const cost = entropy.mul(-dropout * features);
      // 1 / (1 - p) = 1 + exp(logit).
      return given.reduce((sum, w) => sum.add(w.mul(w).sum().mul(logit.exp().add(1)).mul(weight)), cost);
    });
  }

  /** @internal */
  protected override ownGenerator(): Generator | undefined {
    return this.#generator;
  }

  /** The options, for `toString()`. */
  protected override extraRepr(): string {
    return `temperature=${this.temperature}`;
  }
}

// --- internal helpers ---

/** What it takes to draw noise again. */
interface Drawn {
  readonly p: number;
  readonly generator: Generator;
  readonly shape: Shape;
  readonly dtype: Tensor["dtype"];
  readonly backend: Backend;
}
