/** Layers of recurrent cells, in one direction or both, with dropout between them: what `nn.RNN`, `nn.LSTM` and `nn.GRU` share. All is checked before anything is drawn. */
import { checkInputs } from "../autograd/run";
import { withScope } from "../autograd/scope";
import { checkFloating } from "../dtype/dtype";
import { ShapeError } from "../errors/errors";
import { checkInteger } from "../errors/options";
import { wrongType, wrongValue } from "../errors/refusal";
import { checkTensor } from "../ops/binary";
import { cat, stack } from "../ops/cat";
import { constantLike } from "../ops/layout";
import { attempt } from "../random/draws";
import { type Generator, resolveGenerator } from "../random/generator";
import { formatShape, type Shape, sameShape } from "../shape/shape";
import type { Tensor } from "../tensor/tensor";
import { dropoutWithMask } from "./dropout";
import type { MaskRecord } from "./dropout-select";
import { unbind } from "./parts";
import { type Cell, type CellWeights, overSequence } from "./recurrent";

/** What layers were made with, and how they run now. */
export interface StackOptions {
  readonly op: string;
  readonly cell: Cell;
  readonly inputSize: number;
  readonly hiddenSize: number;
  readonly numLayers: number;
  readonly bidirectional: boolean;
  readonly batchFirst: boolean;
  /** Probability of an output of every layer but the last to be dropped. */
  readonly dropout: number;
  readonly training: boolean;
  readonly generator: Generator | undefined;
}

/** The output of the last layer, each part of the state with a leading dimension of layers and directions, and a mask for each boundary between layers; null outside training. */
export interface StackRan {
  readonly output: Tensor;
  readonly state: readonly Tensor[];
  readonly masks: readonly MaskRecord[] | null;
}

/**
 * Runs all layers.
 *
 * @param input `[steps, batch, input]`, `[batch, steps, input]` with `batchFirst`, or `[steps, input]`.
 * @param given The parts of the state; null: zeros.
 * @param weights Of each layer and direction, the forward direction first; checked.
 * @param lengths How many steps each sample has; undefined: all.
 */
export function runStack(
  input: Tensor,
  given: readonly unknown[] | null,
  weights: readonly CellWeights[],
  lengths: unknown,
  options: StackOptions,
): StackRan {
  const { op, cell, numLayers, bidirectional, batchFirst, dropout: p, training } = options;
  const x = checkSequence(input, options);
  const isSample = x.sizes.length === 2;
  const [steps, batch] = isSample ? [x.sizes[0] as number, 1] : ((batchFirst ? [x.sizes[1], x.sizes[0]] : x.sizes) as [number, number]);
  const directions = bidirectional ? 2 : 1;
  const shape = [numLayers * directions, batch, options.hiddenSize];
  const initial = given === null ? null : checkState(op, cell, given, isSample ? [shape[0] as number, options.hiddenSize] : shape);
  const own = lengths === undefined ? null : checkLengths(op, lengths, steps, isSample ? null : batch);
  checkInputs(op, [x, ...(initial ?? []), ...weights.flatMap(tensorsOf)]);
  const generator = resolveGenerator(op, options.generator);

  return attempt(generator, () =>
    withScope(
      false,
      () => {
        const first = isSample ? x.unsqueeze(1) : batchFirst ? x.transpose(0, 1) : x;
        const states = cell.parts.map((_, i) => {
          const part = initial?.[i];
          if (part === undefined) return new Array<Tensor>(shape[0] as number).fill(constantLike(x, 0, [batch, options.hiddenSize]));
          return unbind(isSample ? part.unsqueeze(1) : part);
        });
        const masks: MaskRecord[] = [];
        const ends: (readonly Tensor[])[] = [];
        let layer = first;
        for (let number = 0; number < numLayers; number++) {
          const outputs = Array.from({ length: directions }, (_, direction) => {
            const place = number * directions + direction;
            const state = states.map((part) => part[place] as Tensor);
            const ran = overSequence(cell, layer, state, weights[place] as CellWeights, { lengths: own, reverse: direction === 1 });
            ends.push(ran.state);
            return ran.output;
          });
          layer = outputs.length === 1 ? (outputs[0] as Tensor) : cat(outputs, { dim: 2 });
          if (number === numLayers - 1) break;
          // Steps first, whatever the layout of the input: so PyTorch draws.
          const dropped = dropoutWithMask(layer, { p, training, generator }, isSample ? -1 : 1);
          layer = dropped.output;
          if (dropped.mask !== null) masks.push(dropped.mask);
        }
        const output = isSample ? layer.squeeze(1) : batchFirst ? layer.transpose(0, 1) : layer;
        const state = cell.parts.map((_, i) => {
          const all = stack(ends.map((end) => end[i] as Tensor));
          return isSample ? all.squeeze(1) : all;
        });
        return { output, state, masks: training ? masks : null };
      },
      ({ output, state }) => [output, ...state],
    ),
  );
}

/** The parameters that are there. */
export function tensorsOf({ ih, hh, biasIh, biasHh }: CellWeights): Tensor[] {
  return [ih, hh, biasIh, biasHh].filter((x) => x !== null);
}

/** Refuses a parameter that was replaced by something of another shape. */
export function checkWeight(op: string, value: unknown, name: string, shape: Shape): Tensor {
  const weight = checkTensor(op, value, name);
  if (!sameShape(weight.sizes, shape)) throw unfit(op, name, shape, weight);
  checkFloating(op, weight.dtype);
  return weight;
}

/** Refuses parts of a state that are not all tensors of `shape`. */
export function checkState(op: string, { parts }: Cell, given: readonly unknown[], shape: Shape): Tensor[] {
  return parts.map((name, i) => {
    const part = checkTensor(op, given[i], `the state's ${name}`);
    if (!sameShape(part.sizes, shape)) throw unfit(op, `the state's ${name}`, shape, part);
    checkFloating(op, part.dtype);
    return part;
  });
}

// --- internal helpers ---

function unfit(op: string, name: string, shape: Shape, got: Tensor): ShapeError {
  return new ShapeError(op, [got.sizes, shape], `expected ${name} of shape ${formatShape(shape)}, got ${formatShape(got.sizes)}`);
}

function checkSequence(input: Tensor, { op, inputSize, batchFirst }: StackOptions): Tensor {
  const x = checkTensor(op, input);
  const { sizes } = x;
  if ((sizes.length !== 2 && sizes.length !== 3) || sizes.at(-1) !== inputSize) {
    const expected = `[${batchFirst ? "batch, steps" : "steps, batch"}, ${inputSize}] or [steps, ${inputSize}]`;
    throw new ShapeError(op, [sizes], `expected ${expected}, got ${formatShape(sizes)}`);
  }
  if (sizes.includes(0)) {
    const detail = `expected at least one step and one sample, got ${formatShape(sizes)} - leave empty sequences out`;
    throw new ShapeError(op, [sizes], detail);
  }
  checkFloating(op, x.dtype);
  return x;
}

/** `batch`: null for a sequence without one. */
function checkLengths(op: string, lengths: unknown, steps: number, batch: number | null): number[] {
  if (!Array.isArray(lengths)) throw wrongType(op, "lengths as an array of numbers", lengths);
  if (batch === null) throw wrongValue(op, "lengths for a batch of sequences, not for one", lengths, "cut the sequence");
  if (lengths.length !== batch) throw wrongValue(op, `${batch} lengths, one for each sample`, lengths);
  return Array.from(lengths as readonly unknown[], (length) => {
    checkInteger(op, "each length", length, 1);
    if (length > steps) throw wrongValue(op, `lengths of at most ${steps}, the steps of the input`, length);
    return length;
  });
}
