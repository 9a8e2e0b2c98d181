/** What is measured: the list of tasks, free of how any library does them. */

import { LARGE, LAYERS, OPERATIONS } from "./operations";

/** The names that `--op` takes, in the order in which they are measured and shown. */
export const OPS = [
  "dropout",
  "dropout-backward",
  "dropout-inplace",
  "dropout-feature",
  "matmul",
  "ops",
  "layers",
  "large",
  "train-tiny",
  "train-mlp",
  "train-cnn",
  "train-lstm",
  "train-gpt",
  "loader",
  "train-loader",
  "monte-carlo",
  "latency",
  "memory",
  "bundle-size",
] as const;
export type Op = (typeof OPS)[number];

/** Those that are measured where none is named: what only a large GPU is quick with is asked for by name. */
export const USUAL_OPS: readonly Op[] = OPS.filter((op) => op !== "large");

/** Ops whose figures are times. */
export type TimedOp = Exclude<Op, "memory" | "bundle-size">;

/** Ops whose cost is told per element, over the sizes. */
const ELEMENTWISE = ["dropout", "dropout-backward", "dropout-inplace", "dropout-feature"] as const;

/** The probability of being dropped, everywhere: the default of PyTorch, and the hardest for a branch predictor. */
export const P = 0.5;

/** Sizes of the elementwise ops. */
export const SIZES: readonly number[] = [16, 1024, 2 ** 16, 2 ** 20, 2 ** 24];
const QUICK_SIZES: readonly number[] = [16, 2 ** 16, 2 ** 20];
/** Elements of a call whose cost is all overhead. */
const LATENCY_SIZES: readonly number[] = [4, 16];

interface Common {
  /** Shown, and with `op` the key under which results are compared. */
  readonly size: string;
  /** float32 values that the copy beside it moves: the input, or all operands, or all parameters. */
  readonly copied: number;
}

/** One of the dropout calls on a tensor of `shape`. */
export interface ElementwiseTask extends Common {
  readonly op: (typeof ELEMENTWISE)[number] | "latency";
  readonly elements: number;
  /** For feature masks (N, C, H, W), else [elements]. */
  readonly shape: readonly number[];
}

/** `a` [m, k] times `b` [k, n]; a transposed operand is stored the other way round. */
export interface MatmulTask extends Common {
  readonly op: "matmul";
  readonly m: number;
  readonly k: number;
  readonly n: number;
  readonly transposed: readonly [a: boolean, b: boolean];
}

/** A single operation or layer: see `operations.ts`. */
export interface OperationTask extends Common {
  readonly op: "ops" | "layers" | "large";
  /** What is computed. */
  readonly name: string;
  /** Of the operands, in order. */
  readonly shapes: readonly (readonly number[])[];
  /** With the gradients of all operands, from an incoming gradient that is at hand. */
  readonly gradients: boolean;
}

/** Training steps of a model that people really train; its sizes are beside its code. */
export interface ModelTask extends Common {
  readonly op: "train-cnn" | "train-lstm" | "train-gpt";
  readonly model: "cnn" | "lstm" | "gpt";
}

/** Training steps of a network of linear layers, each but the last followed by ReLU and dropout. */
export interface TrainTask extends Common {
  readonly op: "train-tiny" | "train-mlp";
  readonly layers: readonly number[];
  readonly batch: number;
  /** `sigmoid`: one output through a sigmoid, binary cross-entropy, SGD. `classes`: cross-entropy over the outputs, Adam. */
  readonly head: "sigmoid" | "classes";
  readonly learningRate: number;
}

/** Batches of a `DataLoader` over rows with a target each, alone or with the steps of a small training. */
export interface LoaderTask extends Common {
  readonly op: "loader" | "train-loader";
  readonly columns: number;
  readonly batch: number;
  /** `ready`: no loader, but the same batches made before. */
  readonly source: "ready" | "in order" | "shuffled";
}

/** Fifty answers of the network of `train-mlp` with its dropout on, for a batch: of `monteCarlo`, or of its forward one after the other. */
export interface MonteCarloTask extends Common {
  readonly op: "monte-carlo";
  readonly batch: number;
  readonly samples: number;
  readonly way: "at once" | "one by one";
}

export type Task = ElementwiseTask | MatmulTask | OperationTask | ModelTask | TrainTask | LoaderTask | MonteCarloTask;

/** The unit in which results of an op are told, and which way is better. */
export const UNITS: Readonly<Record<TimedOp, { unit: string; higherIsBetter: boolean }>> = {
  dropout: { unit: "ns/element", higherIsBetter: false },
  "dropout-backward": { unit: "ns/element", higherIsBetter: false },
  "dropout-inplace": { unit: "ns/element", higherIsBetter: false },
  "dropout-feature": { unit: "ns/element", higherIsBetter: false },
  matmul: { unit: "GFLOP/s", higherIsBetter: true },
  ops: { unit: "us/call", higherIsBetter: false },
  layers: { unit: "ms/call", higherIsBetter: false },
  large: { unit: "us/call", higherIsBetter: false },
  "train-cnn": { unit: "ms/step", higherIsBetter: false },
  "train-lstm": { unit: "ms/step", higherIsBetter: false },
  "train-gpt": { unit: "ms/step", higherIsBetter: false },
  "train-tiny": { unit: "steps/s", higherIsBetter: true },
  "train-mlp": { unit: "steps/s", higherIsBetter: true },
  loader: { unit: "us/batch", higherIsBetter: false },
  "train-loader": { unit: "steps/s", higherIsBetter: true },
  "monte-carlo": { unit: "ms/call", higherIsBetter: false },
  latency: { unit: "us/call", higherIsBetter: false },
};

/** What each op does, in a sentence. */
export const ABOUT: Readonly<Record<Op, string>> = {
  dropout: "Dropout forward: F.dropout(x, { p: 0.5 }) without gradients, a new output for each call.",
  "dropout-backward": "Dropout forward and backward: F.dropout(x) on a leaf, then backward(gradient) with the incoming gradient at hand.",
  "dropout-inplace": "Dropout in place: F.dropout(x, { inplace: true }) without gradients.",
  "dropout-feature": "Whole channels: F.dropout2d on (N, C, H, W) without gradients, one random decision for each channel.",
  matmul: "Products of matrices: a layer's forward (NN), the gradient of its input (NT) and of its weight (TN).",
  ops: "Operations: one at a time, 1024 x 1024 unless a size is given, without gradients, a new output for each call.",
  layers: "Layers: attention, convolution, normalisation and a linear layer with dropout, some with the gradients of all operands.",
  large:
    "Operations of the size of a GPU: one at a time, without gradients, a new output for each call. Only where it is asked for by name.",
  "train-cnn":
    "Training, pictures: convolutions 1-32-64 of 3x3, two poolings, Dropout2d 0.25, 3136-128-10 with dropout 0.5, batch 64 of 28 x 28, Adam.",
  "train-lstm": "Training, sequences: two LSTM layers of 128, dropout 0.3, 32 steps of 64 inputs, batch 32, Adam.",
  "train-gpt": "Training, text: a GPT of 4 layers, 4 heads, width 128, context 64, batch 12, 65 letters, dropout 0.2, AdamW.",
  "train-tiny": "Training, small: steps of 10-20-1 with one dropout, batch 64, binary cross-entropy, SGD.",
  "train-mlp": "Training, larger: steps of 784-1024-1024-10 with two dropouts, batch 128, cross-entropy, Adam.",
  loader: "Loading: a batch of 64 rows of 10 columns and a target from a DataLoader over 6,400 rows, and nothing done with it.",
  "train-loader": "Training from a loader: the steps of train-tiny over batches that are ready, and over those of a DataLoader.",
  "monte-carlo":
    "Doubt: 50 answers of 784-1024-1024-10 with its two dropouts on, by monteCarlo at once with mean and variance, and by 50 forwards one by one without.",
  latency: "What a call costs: F.dropout on a few elements without gradients.",
  memory: "Peak memory: of F.dropout(x) and its backward in a process of its own, in tensors of the size of x.",
  "bundle-size": "Bundle size: what a page downloads for an import, minified and gzipped, in bytes.",
};

/**
 * The tasks that a selection asks for, in order. `memory` and `bundle-size` are no tasks: they run in processes of their own and are not timed.
 *
 * @param sizes Elements, for the elementwise ops; `undefined` for the usual ones.
 */
export function tasksFor({ ops, sizes, quick }: { ops: readonly Op[]; sizes: readonly number[] | undefined; quick: boolean }): Task[] {
  return OPS.filter((op) => ops.includes(op)).flatMap((op): readonly Task[] => {
    switch (op) {
      case "matmul":
        return quick ? products.slice(0, 1) : products;
      case "ops":
        return OPERATIONS;
      case "layers":
        return LAYERS;
      case "large":
        return LARGE;
      case "train-cnn":
        return [MODELS.cnn];
      case "train-lstm":
        return [MODELS.lstm];
      case "train-gpt":
        return [MODELS.gpt];
      case "train-tiny":
        return [TINY];
      case "train-mlp":
        return [MLP];
      case "loader":
        return (["in order", "shuffled"] as const).map((source) => loading(op, source));
      case "train-loader":
        return (["ready", "in order", "shuffled"] as const).map((source) => loading(op, source));
      case "monte-carlo":
        return [1, 32].flatMap((batch) => (["at once", "one by one"] as const).map((way) => asking(batch, way)));
      case "latency":
        return LATENCY_SIZES.map((elements) => elementwise(op, elements));
      case "memory":
      case "bundle-size":
        return [];
      default:
        return (sizes ?? (quick ? QUICK_SIZES : SIZES)).map((elements) => elementwise(op, elements));
    }
  });
}

/** Nanoseconds per call in the unit of the op. */
export function inUnit(task: Task, nanoseconds: number): number {
  if (task.op === "latency" || task.op === "loader" || task.op === "ops" || task.op === "large") return nanoseconds / 1000;
  if (task.op === "layers" || task.op === "monte-carlo" || "model" in task) return nanoseconds / 1e6;
  if (task.op === "matmul") return (2 * task.m * task.k * task.n) / nanoseconds;
  return "elements" in task ? nanoseconds / task.elements : 1e9 / nanoseconds;
}

/** 65536 as "64k"; numbers that are no multiple of 1024 as they are. */
export function formatSize(elements: number): string {
  if (elements >= 2 ** 20 && elements % 2 ** 20 === 0) return `${elements / 2 ** 20}M`;
  return elements >= 1024 && elements % 1024 === 0 ? `${elements / 1024}k` : String(elements);
}

/**
 * (N, C, H, W) with as many elements and square images, as near to equal parts as powers of two allow.
 *
 * @throws RangeError for fewer than 16 elements or no power of two.
 */
export function featureShape(elements: number): [number, number, number, number] {
  const exponent = Math.log2(elements);
  if (!Number.isInteger(exponent) || exponent < 4) {
    throw new RangeError(`dropout-feature: expected a power of two from 16 on, got ${elements} elements - choose another --size`);
  }
  const side = Math.floor(exponent / 4);
  const channels = Math.floor((exponent - 2 * side + 1) / 2);
  return [2 ** (exponent - 2 * side - channels), 2 ** channels, 2 ** side, 2 ** side];
}

/** The small training. */
export const TINY: TrainTask = {
  op: "train-tiny",
  size: "10-20-1",
  layers: [10, 20, 1],
  batch: 64,
  head: "sigmoid",
  learningRate: 0.1,
  copied: 241,
};

/** The network of two wide hidden layers. */
export const MLP: TrainTask = {
  op: "train-mlp",
  size: "784-1024-1024-10",
  layers: [784, 1024, 1024, 10],
  batch: 128,
  head: "classes",
  learningRate: 1e-3,
  copied: 784 * 1024 + 1024 + 1024 * 1024 + 1024 + 1024 * 10 + 10,
};

/** The larger trainings. Beside each step stands a copy of the parameters. */
const MODELS: Readonly<Record<ModelTask["model"], ModelTask>> = {
  cnn: { op: "train-cnn", model: "cnn", size: "1-32-64-128-10", copied: 421_642 },
  lstm: { op: "train-lstm", model: "lstm", size: "64-128-128-10", copied: 232_714 },
  gpt: { op: "train-gpt", model: "gpt", size: "4x4x128", copied: 818_241 },
};

// --- internal helpers ---

function loading(op: LoaderTask["op"], source: LoaderTask["source"]): LoaderTask {
  const [batch, columns] = [TINY.batch, TINY.layers[0] as number];
  return { op, size: `${batch}x${columns} ${source}`, batch, columns, source, copied: batch * (columns + 1) };
}

function asking(batch: number, way: MonteCarloTask["way"]): MonteCarloTask {
  return { op: "monte-carlo", size: `${batch} x50 ${way}`, batch, samples: 50, way, copied: MLP.copied };
}

function elementwise(op: ElementwiseTask["op"], elements: number): ElementwiseTask {
  const shape = op === "dropout-feature" ? featureShape(elements) : [elements];
  return { op, size: formatSize(elements), elements, shape, copied: elements };
}

const [m, k, n] = [128, 784, 1024];

function product(name: string, rows: number, inner: number, columns: number, transposed: readonly [boolean, boolean]): MatmulTask {
  const copied = rows * inner + inner * columns + rows * columns;
  return { op: "matmul", size: `${rows}x${inner}x${columns} ${name}`, m: rows, k: inner, n: columns, transposed, copied };
}

/** The three products of a layer of 784 inputs and 1024 outputs, batch 128. "T" stands for an operand that is stored transposed. */
const products: readonly MatmulTask[] = [
  product("NN", m, k, n, [false, false]),
  product("NT", m, n, k, [false, true]),
  product("TN", k, m, n, [true, false]),
];
