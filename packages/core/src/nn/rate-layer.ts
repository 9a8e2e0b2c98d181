import { raw } from "../errors/brand";
import { checkBoolean, type OptionKinds } from "../errors/options";
import { checkProbability } from "../functional/dropout-options";
import { drawMask, type MaskRecord } from "../functional/dropout-select";
import { drawing } from "../random/drawing";
import { type Generator, resolveGenerator } from "../random/generator";
import type { Tensor } from "../tensor/tensor";
import { Module } from "./module";

/** What a layer is made with that has a rate and a generator. */
export interface RateOptions {
  /** Probability of being dropped, in [0, 1]. */
  readonly p?: number;
  /** Where masks come from. Default: the default generator. */
  readonly generator?: Generator;
}

export const RATE: OptionKinds<RateOptions> = { p: "any", generator: "any" };

/** What layers share that drop something else than elements of their input: a rate and a generator. */
export abstract class RateLayer extends Module {
  /** Probability of being dropped. */
  p: number;
  readonly #generator: Generator | undefined;
  readonly #op: string;

  /** @internal */
  constructor(op: string, rate: number, { p = rate, generator }: RateOptions) {
    super();
    checkProbability(op, p);
    this.p = p;
    this.#generator = generator === undefined ? undefined : resolveGenerator(op, generator);
    this.#op = op;
  }

  /** @internal What the function is called with. */
  protected callOptions(): { p: number; training: boolean; generator?: Generator } {
    const { p, training } = this;
    checkProbability(this.#op, p);
    checkBoolean(this.#op, "training", training);
    return this.#generator === undefined ? { p, training } : { p, training, generator: this.#generator };
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

/** Those that have one mask in each forward. */
export abstract class MaskLayer extends RateLayer {
  #last: (() => Tensor) | null = null;

  /**
   * The mask of the last forward in training, drawn again: bool, true where kept, on the backend of the input. Null if that was in eval mode, or there was
   * none.
   */
  lastMask(): Tensor | null {
    return raw(this).#last?.() ?? null;
  }

  /** @internal Says how the last mask is drawn again. */
  protected remember(draw: (() => Tensor) | MaskRecord | null): void {
    if (drawing.isReplay) return;
    this.#last = draw === null || typeof draw === "function" ? draw : () => drawMask(draw);
  }
}
