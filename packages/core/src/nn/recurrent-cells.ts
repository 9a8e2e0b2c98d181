import { checkInputs } from "../autograd/run";
import { withScope } from "../autograd/scope";
import type { Backend } from "../backend/backend";
import { checkFloating } from "../dtype/dtype";
import { raw } from "../errors/brand";
import { ShapeError } from "../errors/errors";
import { checkInteger, type OptionKinds, optionsOf } from "../errors/options";
import { wrongType, wrongValue } from "../errors/refusal";
import { type Cell, type CellWeights, gruCell, lstmCell, rnnCell } from "../functional/recurrent";
import { checkState, checkWeight, tensorsOf } from "../functional/recurrent-stack";
import { checkTensor } from "../ops/binary";
import { constantLike } from "../ops/layout";
import { linear } from "../ops/matmul";
import { relu, tanh } from "../ops/unary";
import type { Generator } from "../random/generator";
import { formatShape, type Shape } from "../shape/shape";
import type { Tensor } from "../tensor/tensor";
import { Module } from "./module";
import type { Parameter } from "./parameter";
import { uniformParameters } from "./uniform";

/** What an `LSTMCell` or a `GRUCell` may be made with. */
export interface RecurrentCellOptions {
  /** Add biases. Default: true. */
  readonly bias?: boolean;
  /** Where the parameters live. Default: the default backend. */
  readonly backend?: Backend;
  /** Where the initial values come from. Default: the default generator. */
  readonly generator?: Generator;
}

/** What an `RNNCell` may be made with. */
export interface RNNCellOptions extends RecurrentCellOptions {
  /** What is laid on the sum of input and state. Default: "tanh". */
  readonly nonlinearity?: "tanh" | "relu";
}

/** A parameter to be. */
export interface NamedShape {
  readonly name: string;
  readonly shape: Shape;
}

/** The parameters of one cell in PyTorch's order; `end` stands behind their names. */
export function cellLayout(gates: number, inputSize: number, hiddenSize: number, bias: boolean, end = ""): NamedShape[] {
  const rows = gates * hiddenSize;
  return [
    { name: `weight_ih${end}`, shape: [rows, inputSize] },
    { name: `weight_hh${end}`, shape: [rows, hiddenSize] },
    ...(bias ? ["bias_ih", "bias_hh"].map((name) => ({ name: `${name}${end}`, shape: [rows] })) : []),
  ];
}

/** The cell of an RNN. Refuses a nonlinearity that there is none of. */
export function rnnCellOf(op: string, nonlinearity: unknown): Cell {
  if (nonlinearity === "tanh") return rnnCell(tanh);
  if (nonlinearity === "relu") return rnnCell(relu);
  throw (typeof nonlinearity === "string" ? wrongValue : wrongType)(op, 'nonlinearity "tanh" or "relu"', nonlinearity);
}

/** Refuses what is no pair. */
export function checkPair(op: string, state: unknown): readonly unknown[] {
  if (Array.isArray(state) && state.length === 2) return state;
  throw wrongType(op, "a state [h, c] of two tensors", state);
}

const CELL: OptionKinds<RecurrentCellOptions> = { bias: "flag", backend: "any", generator: "any" };
const RNN_CELL: OptionKinds<RNNCellOptions> = { ...CELL, nonlinearity: "any" };

/** What the three kinds share. */
abstract class RecurrentCell extends Module {
  /** `[gates * hiddenSize, inputSize]`. */
  readonly weight_ih: Parameter;
  /** `[gates * hiddenSize, hiddenSize]`. */
  readonly weight_hh: Parameter;
  /** `[gates * hiddenSize]`, added to the input's share; or null. */
  readonly bias_ih: Parameter | null;
  /** `[gates * hiddenSize]`, added to the state's share; or null. */
  readonly bias_hh: Parameter | null;
  readonly #op: string;
  readonly #cell: Cell;
  readonly #sizes: readonly [input: number, hidden: number];

  /** @internal */
  constructor(op: string, cell: Cell, inputSize: number, hiddenSize: number, { bias = true, ...where }: Partial<RecurrentCellOptions>) {
    super();
    checkInteger(op, "inputSize", inputSize, 1);
    checkInteger(op, "hiddenSize", hiddenSize, 1);
    const shapes = cellLayout(cell.gates, inputSize, hiddenSize, bias).map(({ shape }) => shape);
    const [ih, hh, biasIh = null, biasHh = null] = uniformParameters(op, shapes, 1 / Math.sqrt(hiddenSize), where);
    this.weight_ih = ih as Parameter;
    this.weight_hh = hh as Parameter;
    this.bias_ih = biasIh;
    this.bias_hh = biasHh;
    this.#op = op;
    this.#cell = cell;
    this.#sizes = [inputSize, hiddenSize];
  }

  /** The last size of the input. */
  get inputSize(): number {
    return raw(this).#sizes[0];
  }

  /** The last size of the state. */
  get hiddenSize(): number {
    return raw(this).#sizes[1];
  }

  /** @internal The state after one step. */
  protected step(input: Tensor, given: readonly unknown[] | null): Tensor[] {
    const self = raw(this);
    const op = self.#op;
    const cell = self.#cell;
    const [inputSize, hiddenSize] = self.#sizes;
    const x = checkTensor(op, input);
    const { sizes } = x;
    if ((sizes.length !== 1 && sizes.length !== 2) || sizes.at(-1) !== inputSize) {
      throw new ShapeError(op, [sizes], `expected [batch, ${inputSize}] or [${inputSize}], got ${formatShape(sizes)}`);
    }
    checkFloating(op, x.dtype);
    const isSample = sizes.length === 1;
    const shape = [...sizes.slice(0, -1), hiddenSize];
    const initial = given === null ? null : checkState(op, cell, given, shape);
    const optional = (name: "bias_ih" | "bias_hh") => {
      const value = self[name];
      return value === null ? null : checkWeight(op, value, name, [cell.gates * hiddenSize]);
    };
    const weights: CellWeights = {
      ih: checkWeight(op, self.weight_ih, "weight_ih", [cell.gates * hiddenSize, inputSize]),
      hh: checkWeight(op, self.weight_hh, "weight_hh", [cell.gates * hiddenSize, hiddenSize]),
      biasIh: optional("bias_ih"),
      biasHh: optional("bias_hh"),
    };
    checkInputs(op, [x, ...(initial ?? []), ...tensorsOf(weights)]);
    return withScope(
      false,
      () => {
        const row = (part: Tensor) => (isSample ? part.unsqueeze(0) : part);
        const state = initial ?? cell.parts.map(() => constantLike(x, 0, shape));
        const next = cell.next(linear(row(x), weights.ih, weights.biasIh), state.map(row), weights);
        return isSample ? next.map((part) => part.squeeze(0)) : next;
      },
      (next) => next,
    );
  }

  /** The options, for `toString()`. */
  protected override extraRepr(): string {
    return `${this.inputSize}, ${this.hiddenSize}${this.bias_ih === null ? ", bias=false" : ""}`;
  }
}

/**
 * One step of an `RNN`. Mirrors [torch.nn.RNNCell](https://docs.pytorch.org/docs/stable/generated/torch.nn.RNNCell.html).
 *
 * @throws As `LSTMCell`; RangeError for another `nonlinearity`.
 * @example
 * ```ts
 * const h = new nn.RNNCell(8, 16).forward(randn([4, 8]));
 * console.log(h.shape); // [ 4, 16 ]
 * ```
 */
export class RNNCell extends RecurrentCell {
  /** @internal */
  static override get name(): string {
    return "RNNCell";
  }

  /** What is laid on the sum of input and state. */
  readonly nonlinearity: "tanh" | "relu";

  /**
   * @param inputSize The last size of the input.
   * @param hiddenSize The last size of the state.
   * @param options Default: tanh, with biases, on the default backend, from the default generator.
   */
  constructor(inputSize: number, hiddenSize: number, options?: RNNCellOptions) {
    const { nonlinearity = "tanh", ...others } = optionsOf<RNNCellOptions>("RNNCell", options, RNN_CELL);
    super("RNNCell", rnnCellOf("RNNCell", nonlinearity), inputSize, hiddenSize, others);
    this.nonlinearity = nonlinearity;
  }

  /**
   * The state after one step.
   *
   * @param input `[batch, inputSize]` or `[inputSize]`.
   * @param state `[batch, hiddenSize]` or `[hiddenSize]`. Default, and null: zeros.
   * @throws As `LSTMCell`.
   */
  forward(input: Tensor, state?: Tensor | null): Tensor {
    return this.step(input, state == null ? null : [state])[0] as Tensor;
  }

  /** The options, for `toString()`. */
  protected override extraRepr(): string {
    return `${super.extraRepr()}${this.nonlinearity === "tanh" ? "" : `, nonlinearity=${this.nonlinearity}`}`;
  }
}

/**
 * One step of an `LSTM`. Mirrors [torch.nn.LSTMCell](https://docs.pytorch.org/docs/stable/generated/torch.nn.LSTMCell.html): parameters start uniform in
 * ±1 / sqrt(hiddenSize), float32, and take one host call each.
 *
 * @throws RangeError for sizes that are no positive integers, TypeError for options of a wrong type.
 * @example
 * ```ts
 * const cell = new nn.LSTMCell(8, 16);
 * const [h, c] = cell.forward(randn([4, 8]));
 * console.log(h.shape, cell.forward(randn([4, 8]), [h, c])[1].shape); // [ 4, 16 ] [ 4, 16 ]
 * ```
 */
export class LSTMCell extends RecurrentCell {
  /** @internal */
  static override get name(): string {
    return "LSTMCell";
  }

  /**
   * @param inputSize The last size of the input.
   * @param hiddenSize The last size of the state.
   * @param options Default: with biases, on the default backend, from the default generator.
   */
  constructor(inputSize: number, hiddenSize: number, options?: RecurrentCellOptions) {
    super("LSTMCell", lstmCell, inputSize, hiddenSize, optionsOf("LSTMCell", options, CELL));
  }

  /**
   * The state after one step.
   *
   * @param input `[batch, inputSize]` or `[inputSize]`.
   * @param state h and c, each `[batch, hiddenSize]` or `[hiddenSize]`. Default, and null: zeros.
   * @throws ShapeError for an input, a state or a parameter of another shape; TypeError for integers and what is no tensor.
   */
  forward(input: Tensor, state?: readonly [h: Tensor, c: Tensor] | null): [h: Tensor, c: Tensor] {
    return this.step(input, state == null ? null : checkPair("LSTMCell", state)) as [Tensor, Tensor];
  }
}

/**
 * One step of a `GRU`. Mirrors [torch.nn.GRUCell](https://docs.pytorch.org/docs/stable/generated/torch.nn.GRUCell.html).
 *
 * @throws As `LSTMCell`.
 * @example
 * ```ts
 * const h = new nn.GRUCell(8, 16).forward(randn([4, 8]));
 * console.log(h.shape); // [ 4, 16 ]
 * ```
 */
export class GRUCell extends RecurrentCell {
  /** @internal */
  static override get name(): string {
    return "GRUCell";
  }

  /**
   * @param inputSize The last size of the input.
   * @param hiddenSize The last size of the state.
   * @param options Default: with biases, on the default backend, from the default generator.
   */
  constructor(inputSize: number, hiddenSize: number, options?: RecurrentCellOptions) {
    super("GRUCell", gruCell, inputSize, hiddenSize, optionsOf("GRUCell", options, CELL));
  }

  /**
   * The state after one step.
   *
   * @param input `[batch, inputSize]` or `[inputSize]`.
   * @param state `[batch, hiddenSize]` or `[hiddenSize]`. Default, and null: zeros.
   * @throws As `LSTMCell`.
   */
  forward(input: Tensor, state?: Tensor | null): Tensor {
    return this.step(input, state == null ? null : [state])[0] as Tensor;
  }
}
