import type { Backend } from "../backend/backend";
import { raw } from "../errors/brand";
import { checkBoolean, checkInteger, type OptionKinds, optionsOf } from "../errors/options";
import { wrongValue } from "../errors/refusal";
import { checkProbability } from "../functional/dropout-options";
import { drawMask, type MaskRecord } from "../functional/dropout-select";
import { type Cell, type CellWeights, gruCell, lstmCell } from "../functional/recurrent";
import { checkWeight, runStack } from "../functional/recurrent-stack";
import { warnOnce } from "../functional/warn";
import { drawing } from "../random/drawing";
import { type Generator, resolveGenerator } from "../random/generator";
import type { Tensor } from "../tensor/tensor";
import { Module } from "./module";
import type { Parameter } from "./parameter";
import { cellLayout, checkPair, type NamedShape, rnnCellOf } from "./recurrent-cells";
import { uniformParameters } from "./uniform";

/** What an `LSTM` or a `GRU` may be made with. */
export interface RecurrentOptions {
  /** How many layers, each of which reads the one before. Default: 1. */
  readonly numLayers?: number;
  /** Add biases, two for each layer and direction. Default: true. */
  readonly bias?: boolean;
  /** Input and output are `[batch, steps, size]`, not `[steps, batch, size]`; states stay as they are. Default: false. */
  readonly batchFirst?: boolean;
  /** Probability of being dropped, of the outputs of every layer but the last, in [0, 1]. Default: 0. */
  readonly dropout?: number;
  /** Read the sequence from its end, too; the outputs of both directions lie side by side. Default: false. */
  readonly bidirectional?: boolean;
  /** Where the parameters live. Default: the default backend. */
  readonly backend?: Backend;
  /** Where initial values and masks come from. Default: the default generator. */
  readonly generator?: Generator;
}

/** What an `RNN` may be made with. */
export interface RNNOptions extends RecurrentOptions {
  /** What is laid on the sum of input and state. Default: "tanh". */
  readonly nonlinearity?: "tanh" | "relu";
}

/** What the `forward` of a recurrent layer may be given beside tensors. */
export interface SequenceOptions {
  /**
   * How many steps each sample has, counted from the first, each from 1 to the steps of the input, in any order; for a batch that is padded. In place of PyTorch's
   * `pack_padded_sequence`. Default: all.
   */
  readonly lengths?: readonly number[];
}

/** More are a mistake, which would take minutes to run out of memory. */
const MAX_LAYERS = 1024;

const LAYER: OptionKinds<RecurrentOptions> = {
  numLayers: "number",
  bias: "flag",
  batchFirst: "flag",
  dropout: "any",
  bidirectional: "flag",
  backend: "any",
  generator: "any",
};
const RNN_LAYER: OptionKinds<RNNOptions> = { ...LAYER, nonlinearity: "any" };
const SEQUENCE: OptionKinds<SequenceOptions> = { lengths: "any" };

/** What the three kinds share. Parameters have the names that they have in a state dict, which are PyTorch's. */
abstract class Recurrent extends Module {
  /** `weight_ih_l0` `[gates * hiddenSize, inputSize]` and `weight_hh_l0` `[gates * hiddenSize, hiddenSize]`; of later layers `weight_ih_l1` and so on, of the reverse direction `weight_ih_l0_reverse`. */
  [name: `weight_${string}`]: Parameter;
  /** `bias_ih_l0` and `bias_hh_l0`, each `[gates * hiddenSize]`, and so on; none without `bias`. */
  [name: `bias_${string}`]: Parameter;
  /** Probability of being dropped, between layers. */
  dropout: number;
  readonly #op: string;
  readonly #cell: Cell;
  readonly #made: Made;
  readonly #generator: Generator | undefined;
  #lastMask: readonly MaskRecord[] | null = null;

  /** @internal */
  constructor(op: string, cell: Cell, inputSize: number, hiddenSize: number, options: Partial<RecurrentOptions>) {
    super();
    const { numLayers = 1, bias = true, batchFirst = false, dropout = 0, bidirectional = false, ...where } = options;
    checkInteger(op, "inputSize", inputSize, 1);
    checkInteger(op, "hiddenSize", hiddenSize, 1);
    checkInteger(op, "numLayers", numLayers, 1);
    if (numLayers > MAX_LAYERS) throw wrongValue(op, `at most ${MAX_LAYERS} layers`, numLayers);
    checkProbability(op, dropout);
    this.#op = op;
    this.#cell = cell;
    this.#made = { inputSize, hiddenSize, numLayers, bias, batchFirst, bidirectional };
    this.#generator = where.generator === undefined ? undefined : resolveGenerator(op, where.generator);
    const parts = layoutOf(cell, this.#made).flat();
    const shapes = parts.map(({ shape }) => shape);
    const made = uniformParameters(op, shapes, 1 / Math.sqrt(hiddenSize), where);
    parts.forEach(({ name }, i) => {
      this[name as `weight_${string}`] = made[i] as Parameter;
    });
    this.dropout = dropout;
    if (dropout > 0 && numLayers === 1)
      warnOnce(`${op}: expected more than one layer for dropout, which is laid between layers, got numLayers 1 and dropout ${dropout}`);
  }

  /** The last size of the input. */
  get inputSize(): number {
    return raw(this).#made.inputSize;
  }

  /** The last size of the state. */
  get hiddenSize(): number {
    return raw(this).#made.hiddenSize;
  }

  /** How many layers there are. */
  get numLayers(): number {
    return raw(this).#made.numLayers;
  }

  /** Whether there are biases. */
  get bias(): boolean {
    return raw(this).#made.bias;
  }

  /** Whether input and output have the batch first. */
  get batchFirst(): boolean {
    return raw(this).#made.batchFirst;
  }

  /** Whether the sequence is read from its end, too. */
  get bidirectional(): boolean {
    return raw(this).#made.bidirectional;
  }

  /**
   * The masks of the last forward in training, drawn again from their keys: one for each boundary between layers, from the first on, bool, true where kept, of shape
   * `[steps, batch, hiddenSize * directions]` also with `batchFirst`; an unbatched sequence counts as a batch of one. All true for a dropout of 0.
   *
   * @returns null if the last forward was in eval mode, or there was none.
   */
  lastMask(): Tensor[] | null {
    return raw(this).#lastMask?.map(drawMask) ?? null;
  }

  /** @internal Runs all layers, and keeps the keys of their masks. */
  protected run(
    input: Tensor,
    state: readonly unknown[] | null,
    sequence: SequenceOptions | undefined,
  ): { output: Tensor; state: readonly Tensor[] } {
    const self = raw(this);
    const op = self.#op;
    const { lengths } = optionsOf<SequenceOptions>(op, sequence, SEQUENCE);
    const { dropout, training } = self;
    // A schedule that ran out leaves undefined.
    checkProbability(op, dropout);
    checkBoolean(op, "training", training);
    const weights = layoutOf(self.#cell, self.#made).map((parts) => {
      const [ih, hh, biasIh = null, biasHh = null] = parts.map(({ name, shape }) => checkWeight(op, Reflect.get(self, name), name, shape));
      return { ih, hh, biasIh, biasHh } as CellWeights;
    });
    const options = { ...self.#made, op, cell: self.#cell, dropout, training, generator: self.#generator };
    const { masks, ...ran } = runStack(input, state, weights, lengths, options);
    if (!drawing.isReplay) self.#lastMask = masks;
    return ran;
  }

  /** @internal */
  protected override ownGenerator(): Generator | undefined {
    return this.#generator;
  }

  /** The options, for `toString()`: those that are not the default, as PyTorch prints them. */
  protected override extraRepr(): string {
    const { numLayers, bias, batchFirst, dropout, bidirectional } = this;
    const given = { numLayers, bias, batchFirst, dropout, bidirectional };
    const usual = { numLayers: 1, bias: true, batchFirst: false, dropout: 0, bidirectional: false };
    const shown = Object.entries(given).filter(([name, value]) => value !== usual[name as keyof typeof usual]);
    return [this.inputSize, this.hiddenSize, ...shown.map(([name, value]) => `${name}=${value}`)].join(", ");
  }
}

/**
 * `h' = tanh(W_ih x + b_ih + W_hh h + b_hh)` for each step of a sequence. Mirrors [torch.nn.RNN](https://docs.pytorch.org/docs/stable/generated/torch.nn.RNN.html);
 * parameters, their first values, dropout and `lengths` are as for `LSTM`.
 *
 * @throws As `LSTM`; RangeError for another `nonlinearity`.
 * @example
 * ```ts
 * const layer = new nn.RNN(8, 16, { nonlinearity: "relu" });
 * const [output, h] = layer.forward(randn([10, 4, 8]));
 * console.log(output.shape, h.shape); // [ 10, 4, 16 ] [ 1, 4, 16 ]
 * ```
 */
export class RNN extends Recurrent {
  /** @internal */
  static override get name(): string {
    return "RNN";
  }

  /** What is laid on the sum of input and state. */
  readonly nonlinearity: "tanh" | "relu";

  /**
   * @param inputSize The last size of the input.
   * @param hiddenSize The last size of the state.
   * @param options Default: one layer, one direction, tanh, with biases, no dropout, steps first.
   */
  constructor(inputSize: number, hiddenSize: number, options?: RNNOptions) {
    const { nonlinearity = "tanh", ...others } = optionsOf<RNNOptions>("RNN", options, RNN_LAYER);
    super("RNN", rnnCellOf("RNN", nonlinearity), inputSize, hiddenSize, others);
    this.nonlinearity = nonlinearity;
  }

  /**
   * The output at each step, and the last state.
   *
   * @param input As for `LSTM`.
   * @param state `[layers * directions, batch, hiddenSize]`. Default, and null: zeros.
   * @param options `lengths`: how many steps each sample has.
   * @returns The output and the state, as for `LSTM`.
   * @throws As `LSTM`.
   */
  forward(input: Tensor, state?: Tensor | null, options?: SequenceOptions): [output: Tensor, h: Tensor] {
    return withOneState(this.run(input, state == null ? null : [state], options));
  }
}

/**
 * Long short-term memory (Hochreiter and Schmidhuber, [1997](https://doi.org/10.1162/neco.1997.9.8.1735)). Mirrors
 * [torch.nn.LSTM](https://docs.pytorch.org/docs/stable/generated/torch.nn.LSTM.html), without `proj_size`. Parameters have PyTorch's names and start uniform in
 * ±1 / sqrt(hiddenSize), float32; they take one host call each, in order of definition.
 *
 * `dropout` takes one call of the generator for each boundary between layers; its mask lies over `[steps, batch, hiddenSize * directions]` in row-major order, also with
 * `batchFirst`, and with `lengths` over the padding, too. With one layer it does nothing, and warns.
 *
 * @throws RangeError for sizes that are no positive integers, more than 1,024 layers and a `dropout` outside [0, 1], TypeError for options of a wrong type.
 * @example
 * ```ts
 * const layer = new nn.LSTM(8, 16, { numLayers: 2, dropout: 0.3, batchFirst: true });
 * const [output, [h, c]] = layer.forward(randn([4, 10, 8]));
 * console.log(output.shape, h.shape, c.shape); // [ 4, 10, 16 ] [ 2, 4, 16 ] [ 2, 4, 16 ]
 * const [, [last]] = layer.forward(randn([4, 10, 8]), [h, c], { lengths: [10, 3, 7, 1] }); // a padded batch
 * console.log(last.shape); // [ 2, 4, 16 ]
 * ```
 */
export class LSTM extends Recurrent {
  /** @internal */
  static override get name(): string {
    return "LSTM";
  }

  /**
   * @param inputSize The last size of the input.
   * @param hiddenSize The last size of the state.
   * @param options Default: one layer, one direction, with biases, no dropout, steps first.
   */
  constructor(inputSize: number, hiddenSize: number, options?: RecurrentOptions) {
    super("LSTM", lstmCell, inputSize, hiddenSize, optionsOf("LSTM", options, LAYER));
  }

  /**
   * The output at each step, and the last state.
   *
   * @param input `[steps, batch, inputSize]`, `[batch, steps, inputSize]` with `batchFirst`, or `[steps, inputSize]`; of at least one step and one sample.
   * @param state h and c, each `[layers * directions, batch, hiddenSize]`, forward before reverse; without a batch for an input without one. Default, and null: zeros.
   * @param options `lengths`: how many steps each sample has. Past them the output is 0, the state is that of the last one, and the reverse direction starts there.
   * @returns The output of the last layer, of the input's shape with hiddenSize * directions for its last size, and the state of all layers.
   * @throws ShapeError for an input, a state or a parameter of another shape, and for no steps or samples; RangeError for lengths that do not fit; TypeError for
   *   integers and what is no tensor. Nothing is drawn then.
   */
  forward(
    input: Tensor,
    state?: readonly [h: Tensor, c: Tensor] | null,
    options?: SequenceOptions,
  ): [output: Tensor, state: [h: Tensor, c: Tensor]] {
    const ran = this.run(input, state == null ? null : checkPair("LSTM", state), options);
    const [h, c] = ran.state as [Tensor, Tensor];
    return [ran.output, [h, c]];
  }
}

/**
 * Gated recurrent units (Cho et al., [2014](https://arxiv.org/abs/1406.1078)), with the reset laid on the product of the state. Mirrors
 * [torch.nn.GRU](https://docs.pytorch.org/docs/stable/generated/torch.nn.GRU.html); parameters, their first values, dropout and `lengths` are as for `LSTM`.
 *
 * @throws As `LSTM`.
 * @example
 * ```ts
 * const layer = new nn.GRU(8, 16, { bidirectional: true });
 * const [output, h] = layer.forward(randn([10, 4, 8]));
 * console.log(output.shape, h.shape); // [ 10, 4, 32 ] [ 2, 4, 16 ]
 * ```
 */
export class GRU extends Recurrent {
  /** @internal */
  static override get name(): string {
    return "GRU";
  }

  /**
   * @param inputSize The last size of the input.
   * @param hiddenSize The last size of the state.
   * @param options Default: one layer, one direction, with biases, no dropout, steps first.
   */
  constructor(inputSize: number, hiddenSize: number, options?: RecurrentOptions) {
    super("GRU", gruCell, inputSize, hiddenSize, optionsOf("GRU", options, LAYER));
  }

  /**
   * The output at each step, and the last state.
   *
   * @param input As for `LSTM`.
   * @param state `[layers * directions, batch, hiddenSize]`. Default, and null: zeros.
   * @param options `lengths`: how many steps each sample has.
   * @returns The output and the state, as for `LSTM`.
   * @throws As `LSTM`.
   */
  forward(input: Tensor, state?: Tensor | null, options?: SequenceOptions): [output: Tensor, h: Tensor] {
    return withOneState(this.run(input, state == null ? null : [state], options));
  }
}

// --- internal helpers ---

/** What does not change after a layer was made. */
type Made = Required<Pick<RecurrentOptions, "numLayers" | "bias" | "batchFirst" | "bidirectional">> & {
  readonly inputSize: number;
  readonly hiddenSize: number;
};

/** The names and shapes of the parameters, by layer and direction, in PyTorch's order. */
function layoutOf({ gates }: Cell, { inputSize, hiddenSize, numLayers, bias, bidirectional }: Made): NamedShape[][] {
  const directions = bidirectional ? ["", "_reverse"] : [""];
  return Array.from({ length: numLayers }, (_, layer) => {
    const columns = layer === 0 ? inputSize : hiddenSize * directions.length;
    return directions.map((direction) => cellLayout(gates, columns, hiddenSize, bias, `_l${layer}${direction}`));
  }).flat();
}

function withOneState({ output, state }: { output: Tensor; state: readonly Tensor[] }): [Tensor, Tensor] {
  return [output, state[0] as Tensor];
}
