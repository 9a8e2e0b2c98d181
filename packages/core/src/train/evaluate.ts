import { noGrad } from "../autograd/grad-mode";
import { type AbortSignalLike, checkSignal } from "../data/signal";
import { isPlainObject } from "../errors/brand";
import { type OptionKinds, optionsOf } from "../errors/options";
import { refusal, wrongType } from "../errors/refusal";
import { tidy } from "../tensor/tidy";
import { type Batches, checkBatches, partsOf, passOver } from "./batches";
import { checkModel, inMode, type Model } from "./mode";

/** What is asked of a metric: those of this entry have it, and one of your own may. */
export interface MetricLike<Value = unknown> {
  /**
   * Takes a batch in, without waiting.
   *
   * @param output What the model gave.
   * @param target What is right.
   */
  // biome-ignore lint/suspicious/noExplicitAny: outputs and targets are what the model and the loader give
  update(output: any, target: any): void;
  /** The value over all batches, or the promise of it. */
  compute(): Value | PromiseLike<Value>;
  /** Forgets them. */
  reset(): void;
}

/** The values of metrics, by their names. */
export type MetricValues<M extends Readonly<Record<string, MetricLike>>> = {
  -readonly [Name in keyof M]: Awaited<ReturnType<M[Name]["compute"]>>;
};

/** Options of `evaluate`. */
export interface EvaluateOptions {
  /** An `AbortSignal` that ends it: the promise rejects with its reason. */
  readonly signal?: AbortSignalLike;
}

/**
 * Measures a model: one pass over a loader in evaluation mode, without gradients. The metrics begin anew and are reset again at the end; each module gets its training
 * flag back, also after an error.
 *
 * @param model Its `forward` gets all of a batch but the last.
 * @param loader Batches `[input, target]`, or `[...inputs, target]`.
 * @param metrics By name; `new MeanLoss(loss)` is one for the loss.
 * @param options `signal`.
 * @returns Their values, by name.
 * @throws TypeError for what is no model, loader or metric, for a loader without batches, or batches of another form; the signal's reason; and what the model, the
 *   loader and the metrics throw.
 * @example
 * ```ts
 * const model = new nn.Linear(2, 3);
 * const loader = new DataLoader(new TensorDataset(ones([6, 2]), zeros([6], { dtype: "int32" })), { batchSize: 4 });
 * const { loss, accuracy } = await evaluate(model, loader, { loss: new MeanLoss(F.crossEntropy), accuracy: new Accuracy() });
 * console.log(loss > 0, accuracy === 0 || accuracy === 1); // true true
 * ```
 */
export async function evaluate<M extends Readonly<Record<string, MetricLike>>>(
  model: Model,
  loader: Batches,
  metrics: M,
  options?: EvaluateOptions,
): Promise<MetricValues<M>> {
  checkModel(OP, model);
  checkBatches(OP, loader);
  const list = checkMetrics(metrics);
  const { signal } = optionsOf<EvaluateOptions>(OP, options, OPTIONS);
  checkSignal(OP, signal);
  const reset = () => {
    for (const [, metric] of list) metric.reset();
  };
  reset();
  try {
    await inMode(model, false, async () => {
      let batches = 0;
      for await (const batch of passOver(OP, loader, signal)) {
        const { inputs, target } = partsOf(OP, batch);
        noGrad(() =>
          tidy(() => {
            const output = model.forward(...inputs);
            for (const [, metric] of list) metric.update(output, target);
          }),
        );
        batches++;
      }
      if (batches === 0) throw refusal(OP, "a loader that gives batches", "none", "a generator can be looped over only once");
    });
    return Object.fromEntries(await Promise.all(list.map(async ([name, metric]) => [name, await metric.compute()]))) as MetricValues<M>;
  } finally {
    reset();
  }
}

// --- internal helpers ---

const OP = "evaluate";
const OPTIONS: OptionKinds<EvaluateOptions> = { signal: "any" };

function checkMetrics(metrics: Readonly<Record<string, MetricLike>>): [string, MetricLike][] {
  if (!isPlainObject(metrics)) throw wrongType(OP, "metrics as { name: metric }", metrics, "such as { accuracy: new Accuracy() }");
  const list = Object.entries(metrics);
  for (const [name, metric] of list) {
    const { update, compute, reset } = (metric ?? {}) as Partial<MetricLike>;
    if ([update, compute, reset].some((method) => typeof method !== "function"))
      throw wrongType(OP, `${name} to be a metric, with update, compute and reset`, metric);
  }
  return list;
}
