import { noGrad } from "../../autograd/grad-mode";
import { raw } from "../../errors/brand";
import type { Tensor } from "../../tensor/tensor";
import { keep, tidy } from "../../tensor/tidy";
import { type LossFunction, lossOf } from "../loss";
import { noBatches } from "./counts";
import { Metric } from "./metric";

/** A mean of scalars by weight, of which the sum stays on the device, in their dtype. */
export class RunningMean {
  #sum: Tensor | null = null;
  #weight = 0;

  /** Takes `value` in; nothing where that fails. */
  add(value: Tensor, weight: number): void {
    const before = this.#sum;
    this.#sum = noGrad(() =>
      tidy(() => {
        const weighted = value.detach().reshape([]).mul(weight);
        return keep(before === null ? weighted : before.add(weighted));
      }),
    );
    before?.dispose();
    this.#weight += weight;
  }

  /** The mean; undefined where nothing was taken in. Waits for the device. */
  async read(): Promise<number | undefined> {
    const weight = this.#weight;
    return this.#sum === null ? undefined : (await this.#sum.item()) / weight;
  }

  reset(): void {
    this.#sum?.dispose();
    this.#sum = null;
    this.#weight = 0;
  }
}

/**
 * The mean of a loss over samples: each batch counts by its size, the first of its target's sizes. For losses whose `reduction` is "mean"; added up in the loss's
 * dtype. PyTorch users know it as ignite's [Loss](https://docs.pytorch.org/ignite/generated/ignite.metrics.Loss.html).
 *
 * @throws TypeError for what is no loss; from `update`: what the loss throws, and ShapeError where it gives more than one element.
 * @example
 * ```ts
 * const loss = new MeanLoss(F.mseLoss);
 * loss.update(tensor([1, 1, 1]), tensor([0, 0, 0]));
 * loss.update(tensor([5]), tensor([0]));
 * console.log(await loss.compute()); // 7
 * ```
 */
export class MeanLoss extends Metric<number> {
  readonly #loss: (output: unknown, target: unknown) => Tensor;
  readonly #mean = new RunningMean();

  /** @param loss A function of output and target, such as `F.crossEntropy`, or a module of losses. */
  constructor(loss: LossFunction) {
    super();
    this.#loss = lossOf(OP, loss);
  }

  /**
   * Takes a batch in; where it is refused, nothing changes.
   *
   * @param output What the model gave.
   * @param target What is right.
   */
  override update(output: Tensor, target: Tensor): void {
    const self = raw(this);
    noGrad(() =>
      tidy(() => {
        self.#mean.add(self.#loss(output, target), rowsOf(target));
      }),
    );
  }

  /** The value over all batches since the last `reset()`; more may follow. Waits for the device, once. @throws TypeError where there was none. */
  override async compute(): Promise<number> {
    const mean = await raw(this).#mean.read();
    if (mean === undefined) throw noBatches(OP);
    return mean;
  }

  /** Forgets all batches and frees what was kept of them. */
  override reset(): void {
    raw(this).#mean.reset();
  }
}

/** How many samples a target is of. */
export function rowsOf(target: unknown): number {
  return (target as Partial<Tensor> | null | undefined)?.shape?.[0] ?? 1;
}

// --- internal helpers ---

const OP = "MeanLoss";
