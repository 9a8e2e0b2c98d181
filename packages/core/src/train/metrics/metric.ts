import { Raw, raw } from "../../errors/brand";
import type { Tensor } from "../../tensor/tensor";
import { Counts } from "./counts";

/**
 * What all metrics share: they take in batch after batch and are read once. `update` only queues work for the device; nothing waits until `compute`.
 */
export abstract class Metric<Value = number> extends Raw {
  /**
   * Takes a batch in, outside the recorded graph. Where it is refused, nothing changes.
   *
   * @param output What the model gave.
   * @param target What is right.
   */
  abstract update(output: Tensor, target: Tensor): void;

  /** The value over all batches since the last `reset()`; more may follow. Waits for the device, once. @throws TypeError where there was none. */
  abstract compute(): Promise<Value>;

  /** Forgets all batches and frees what was kept of them. */
  abstract reset(): void;
}

/** What one batch adds. */
export interface Added {
  /** The most that it adds to one count. */
  readonly most: number;
  /** Computes it: int32, of one dimension, of the same size for every batch. */
  readonly counts: () => Tensor;
}

/** A metric that is computed from numbers of elements: the same bits, however the elements were cut into batches. */
export abstract class CountingMetric<Value = number> extends Metric<Value> {
  /** The name for messages. */
  readonly #op: string;
  readonly #counts = new Counts();

  /** @internal */
  constructor(op: string) {
    super();
    this.#op = op;
  }

  /**
   * Takes a batch in, outside the recorded graph. Where it is refused, nothing changes.
   *
   * @param output What the model gave.
   * @param target What is right.
   */
  override update(output: Tensor, target: Tensor): void {
    const self = raw(this);
    self.#counts.add(self.#op, self.added(output, target));
  }

  /** The value over all batches since the last `reset()`; more may follow. Waits for the device, once. @throws TypeError where there was none. */
  override async compute(): Promise<Value> {
    const self = raw(this);
    return self.valueFrom(await self.#counts.read(self.#op));
  }

  /** Forgets all batches and frees what was kept of them. */
  override reset(): void {
    raw(this).#counts.reset();
  }

  /** @internal Refuses what does not fit; gives what the batch adds. */
  protected abstract added(output: Tensor, target: Tensor): Added;

  /** @internal The value of all counts. */
  protected abstract valueFrom(counts: readonly number[]): Value;
}
