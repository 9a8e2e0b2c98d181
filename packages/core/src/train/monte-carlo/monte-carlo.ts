import { noGrad } from "../../autograd/grad-mode";
import { ShapeError } from "../../errors/errors";
import { checkInteger, type OptionKinds, optionsOf } from "../../errors/options";
import { wrongType, wrongValue } from "../../errors/refusal";
import { checkTensor } from "../../ops/binary";
import { withDrawing } from "../../random/drawing";
import { defaultGenerator, type Generator, resolveGenerator } from "../../random/generator";
import { formatShape } from "../../shape/shape";
import type { Tensor } from "../../tensor/tensor";
import { tidy } from "../../tensor/tidy";
import { checkModel, type Model } from "../mode";
import { Answers, type OutputKind } from "./answers";
import { run, split } from "./certain-part";
import { droppingModules, type LayerChoice, letGoOfMasks, withFlags } from "./flags";
import { runInPasses, runOneByOne } from "./passes";

/** Options of `monteCarlo`. */
export interface MonteCarloOptions {
  /** How often the model is asked, at most 2^20 times. Default: 50. */
  readonly samples?: number;
  /** Where masks come from, for layers that were not made with a generator of their own. Default: the default generator. */
  readonly generator?: Generator;
  /** The only layers that drop: their names, or a function that is asked about each. Default: all, and modules that pass `this.training` to `F.dropout`. */
  readonly only?: LayerChoice;
  /** In each sample, all rows of the batch have the same mask: one thinned network for each sample. Runs them one by one. Default: false. */
  readonly sameMasks?: boolean;
  /**
   * What the outputs are: `"values"`, or for classifiers `"logits"` or `"probabilities"` over dimension 1, which give the measures of doubt. Default: `"values"`.
   */
  readonly outputs?: OutputKind;
  /** Keep what each sample gave, for which memory grows with them. Default: false. */
  readonly keepSamples?: boolean;
  /** The most rows that are computed at once, of whole samples; at least one sample is. Default: 4,096, or what has 2^22 elements where rows are long. */
  readonly maxRows?: number;
}

/** Options of `monteCarlo` for a classifier. */
export interface MonteCarloClassOptions extends MonteCarloOptions {
  /** Whether outputs are logits or probabilities, over dimension 1. */
  readonly outputs: "logits" | "probabilities";
}

/** What the samples of a model came to; each tensor is the caller's to `dispose()`. */
export interface MonteCarloResult {
  /** The mean of the outputs, of the shape of one; of logits, that of the probabilities. */
  readonly mean: Tensor;
  /** Their variance, divided by the number of samples as in the paper, not by one less. */
  readonly variance: Tensor;
  /** With `keepSamples`, what each sample gave: `[samples, N, ...]`, of logits the probabilities. Else null. */
  readonly samples: Tensor | null;
}

/** The same of a classifier. */
export interface MonteCarloClasses extends MonteCarloResult {
  /** The entropy of the mean probabilities, in nats, `[N, ...]` without the classes: all of the doubt. */
  readonly predictiveEntropy: Tensor;
  /** How much of that is doubt about the weights (BALD): it less the mean entropy of the samples, which is noise in the data. At least 0. */
  readonly mutualInformation: Tensor;
}

/**
 * Asks a model many times with its dropout on, and all else as in evaluation: the mean answer, and how much the answers differ (Gal and Ghahramani,
 * [2016](https://arxiv.org/abs/1506.02142)). For classifiers also the entropy, and the mutual information of Houlsby et al., [2011](https://arxiv.org/abs/1112.5745).
 *
 * Layers before the first that draws run once; a `Sequential` is gone into for them, other models are run as a whole. The others run on all samples as one batch, in
 * passes of `maxRows` rows, of fewer where memory runs out. Each mask is that part of the whole batch's, so `maxRows` changes no mask, and results by rounding alone. Samples run
 * one by one, slower but right, where masks have no rows: shared by `noiseShape`, laid on a parameter, drawn on the host or under another framework's stream; and in
 * layers with `batchFirst: false`, from whose place there is no telling what the batch is.
 *
 * A layer that holds its mask (`HeldDropout`) holds one for each sample, and none afterwards. Normalisation uses its running statistics and does not change them. Modules of your own that drop by `F.dropout(x, { training: this.training })` do so. Every module
 * gets its flag back, also after an error; and inside a `shard`, the rows count as a batch of their own.
 *
 * @param model Any module that gives one tensor for one, and whose rows in evaluation know nothing of one another. Where nothing draws, the variance is 0.
 * @param input `[N, ...]`, at least one row. Not changed.
 * @param options `outputs`: "logits" or "probabilities"; without it, the outputs are values. Default of the others: 50 samples, of all that drops, from the default generator.
 * @returns Tensors on the model's backend, without waiting for it.
 * @throws TypeError, RangeError and ShapeError for arguments that do not fit; ShapeError and UnsupportedOpError for `sameMasks` where a mask is not one for each row, or
 *   under another stream; and what the model throws. No generator has moved then.
 * @example
 * ```ts
 * manualSeed(0);
 * const model = new nn.Sequential(new nn.Linear(4, 64), new nn.ReLU(), new nn.Dropout(0.5), new nn.Linear(64, 3));
 * const { mean, predictiveEntropy, mutualInformation } = monteCarlo(model, ones([2, 4]), { samples: 100, outputs: "logits" });
 * console.log(mean.shape, predictiveEntropy.shape); // [ 2, 3 ] [ 2 ]
 * console.log(mutualInformation.lt(predictiveEntropy).dataSync().join()); // 1,1
 * ```
 */
export function monteCarlo(model: Model, input: Tensor, options: MonteCarloClassOptions): MonteCarloClasses;
/**
 * The same for outputs that are values, which have a mean and a variance.
 *
 * @param model Any module that gives one tensor for one, and whose rows in evaluation know nothing of one another.
 * @param input `[N, ...]`, at least one row. Not changed.
 * @param options Default: 50 samples, of all that drops, from the default generator.
 * @returns Tensors on the model's backend, without waiting for it.
 * @throws As for classifiers.
 */
export function monteCarlo(model: Model, input: Tensor, options?: MonteCarloOptions): MonteCarloResult;
export function monteCarlo(model: Model, input: Tensor, options?: MonteCarloOptions): MonteCarloResult | MonteCarloClasses {
  checkModel(OP, model);
  const x = checkTensor(OP, input);
  const {
    samples = 50,
    generator,
    only,
    sameMasks = false,
    outputs = "values",
    keepSamples = false,
    maxRows,
  } = optionsOf<MonteCarloOptions>(OP, options, OPTIONS);
  checkInteger(OP, "samples", samples, 1);
  if (samples > MAX_SAMPLES) throw wrongValue(OP, `samples of at most ${MAX_SAMPLES}`, samples);
  if (maxRows !== undefined) checkInteger(OP, "maxRows", maxRows, 1);
  if (!OUTPUTS.includes(outputs)) throw wrongType(OP, 'outputs "values", "logits" or "probabilities"', outputs);
  const rows = x.sizes[0] ?? 0;
  if (rows === 0) throw new ShapeError(OP, [x.sizes], `expected an input [N, ...] of at least one row, got ${formatShape(x.sizes)}`);
  const source = resolveGenerator(OP, generator);
  const dropping = droppingModules(OP, model, only);

  const ask = () => {
    const { input, rest } = split(OP, model, x, dropping);
    const forward = (y: Tensor) => {
      letGoOfMasks(model);
      return run(OP, rest, y);
    };
    const sampled = (take: (outputs: Tensor) => void) => ({ op: OP, forward, input, rows, samples, take });
    const isShared = sameMasks && rows > 1;
    if (!isShared && !rest.some(isSequenceFirst)) {
      const fitting = Math.floor((maxRows ?? Math.min(MAX_ROWS, MAX_ELEMENTS / (input.size / rows))) / rows);
      const result = halving(Math.min(samples, Math.max(1, fitting)), (most) => {
        const answers = new Answers(OP, outputs, keepSamples);
        return tidy(() => (runInPasses(sampled(answers.add), most) ? answers.read() : null));
      });
      if (result !== null) return result;
    }
    const answers = new Answers(OP, outputs, keepSamples);
    runOneByOne(sampled(answers.add), isShared);
    return answers.read();
  };
  return drawingFrom(source, () =>
    withFlags(model, dropping, () => noGrad(() => tidy(() => withDrawing({ part: undefined, keepsStatistics: true }, ask)))),
  );
}

// --- internal helpers ---

const OP = "monteCarlo";
const OUTPUTS: readonly unknown[] = ["values", "logits", "probabilities"];
const OPTIONS: OptionKinds<MonteCarloOptions> = {
  samples: "any",
  generator: "any",
  only: "any",
  sameMasks: "flag",
  outputs: "any",
  keepSamples: "flag",
  maxRows: "any",
};

const MAX_SAMPLES = 2 ** 20;

const MAX_ROWS = 4096;

/** Of what the layers that draw get. */
const MAX_ELEMENTS = 2 ** 22;

/** Whether dimension 0 may be something else than the batch. */
function isSequenceFirst(model: Model): boolean {
  return [...model.modules()].some((module) => (module as { batchFirst?: unknown }).batchFirst === false);
}

/** What `fn` gives, with half as much where memory runs out. */
function halving<T>(most: number, fn: (most: number) => T): T {
  try {
    return fn(most);
  } catch (error) {
    if (most === 1 || (error as Error | null)?.name !== "OutOfMemoryError") throw error;
  }
  return halving(Math.ceil(most / 2), fn);
}

/** Runs `fn` with the default generator drawing what `generator` would. */
function drawingFrom<T>(generator: Generator, fn: () => T): T {
  const own = defaultGenerator();
  const { source } = own;
  own.source = generator.source;
  try {
    return fn();
  } finally {
    own.source = source;
  }
}
