import { noGrad } from "../../autograd/grad-mode";
import { checkInputs } from "../../autograd/run";
import { checkFloating, type TypedArray } from "../../dtype/dtype";
import { raw } from "../../errors/brand";
import { cat, stack } from "../../ops/cat";
import type { Tensor } from "../../tensor/tensor";
import { keep, tidy } from "../../tensor/tidy";
import { noBatches } from "./counts";
import { Metric } from "./metric";
import { checkBinary } from "./predictions";

/**
 * The area under the receiver operating characteristic of a score for two classes: how likely a sample of class 1 scores higher than one of class 0, ties counting half.
 * Exact, over all scores. Mirrors [torchmetrics.AUROC](https://lightning.ai/docs/torchmetrics/stable/classification/auroc.html) with `task="binary"`, but that
 * logits are taken as they are, for the order is the same.
 *
 * Scores are floats of any shape, and targets 0 or 1, of any dtype, of the same. All of them stay on the device until `reset()`, 8 bytes for each sample, and are read
 * and sorted by the host in `compute()`. NaN where one of the classes was not there (torchmetrics says 0), or a score was NaN.
 *
 * @throws From `update`: ShapeError, TypeError and BackendMismatchError for what does not fit, and, on a host-visible backend, RangeError for a target that is
 *   neither 0 nor 1.
 * @example
 * ```ts
 * const metric = new AUROC();
 * metric.update(tensor([0.1, 0.4, 0.35, 0.8]), tensor(new Int32Array([0, 0, 1, 1])));
 * console.log(await metric.compute()); // 0.75
 * ```
 */
export class AUROC extends Metric<number> {
  /** Scores and targets of each batch, `[2, n]`. */
  #batches: Tensor[] = [];

  /**
   * Takes a batch in; where it is refused, nothing changes.
   *
   * @param scores A number for each sample, the higher the surer of 1.
   * @param target Their classes.
   */
  override update(scores: Tensor, target: Tensor): void {
    const self = raw(this);
    const [x, y] = checkBinary(OP, scores, target);
    checkFloating(OP, x.dtype);
    checkInputs(OP, [self.#batches[0] ?? x, x]);
    const flat = (t: Tensor) => t.type(x.dtype).reshape([x.size]);
    self.#batches.push(noGrad(() => tidy(() => keep(stack([flat(x), flat(y)])))));
  }

  /** The value over all batches since the last `reset()`; more may follow. Waits for the device, once. @throws TypeError where there was none. */
  override async compute(): Promise<number> {
    const batches = raw(this).#batches;
    if (batches.length === 0) throw noBatches(OP);
    const all = noGrad(() => tidy(() => cat(batches, { dim: 1 })));
    try {
      return areaUnder(await all.data());
    } finally {
      all.dispose();
    }
  }

  /** Forgets all batches and frees what was kept of them. */
  override reset(): void {
    const self = raw(this);
    for (const batch of self.#batches) batch.dispose();
    self.#batches = [];
  }
}

// --- internal helpers ---

const OP = "AUROC";

/** The area, from as many scores as targets. */
function areaUnder(data: TypedArray): number {
  const scores = data.subarray(0, data.length / 2);
  const targets = data.subarray(data.length / 2);
  const positive = scores.filter((_, i) => targets[i] === 1).sort();
  const negative = scores.filter((_, i) => targets[i] !== 1).sort();
  let below = 0; // negative ones that score less than the one that is looked at
  let upTo = 0; // and those that score as much or less
  let pairs = 0;
  for (const score of positive) {
    while ((negative[below] as number) < score) below++;
    while ((negative[upTo] as number) <= score) upTo++;
    pairs += (below + upTo) / 2;
  }
  // Sorted, NaN comes last.
  if (Number.isNaN(positive.at(-1)) || Number.isNaN(negative.at(-1))) return Number.NaN;
  return pairs / (positive.length * negative.length);
}
