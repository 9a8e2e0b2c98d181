import { BRAND, type Brand, Raw } from "../errors/brand";
import { describe } from "../errors/describe";
import { ShapeError } from "../errors/errors";
import { checkTensor } from "../ops/binary";
import type { Tensor } from "../tensor/tensor";
import { makeBatch } from "./batch";
import type { BatchWatcher } from "./batch-watcher";
import { placesOf, ROWS } from "./places";
import { takeRows } from "./rows";

/**
 * Samples held in tensors whose first dimension counts them. Mirrors [torch.utils.data.TensorDataset](https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.TensorDataset). The tensors stay the caller's.
 *
 * @example
 * ```ts
 * const dataset = new TensorDataset(rand([100, 10]), zeros([100, 1]));
 * console.log(dataset.length); // 100
 * const [input, target] = dataset.batch(new Int32Array([7, 3]));
 * console.log(input.shape, target.shape); // [ 2, 10 ] [ 2, 1 ]
 * ```
 */
export class TensorDataset<T extends readonly Tensor[] = readonly Tensor[]> extends Raw {
  /** The tensors, in the order in which a batch has them. */
  readonly tensors: T;

  /**
   * @param tensors `[N, ...]`, all of one N, of any dtypes.
   * @throws ShapeError when their first sizes differ, TypeError for anything but tensors.
   */
  constructor(...tensors: T) {
    super();
    if (tensors.length === 0) throw new TypeError("TensorDataset: expected at least one tensor, got none");
    const own = tensors.map((x) => checkTensor("TensorDataset", x));
    const first = own[0] as Tensor;
    for (const x of own) {
      if (x.sizes.length === 0 || x.sizes[0] !== first.sizes[0]) {
        throw new ShapeError(
          "TensorDataset",
          own.map((t) => t.sizes),
          `expected tensors with equal first sizes, got ${own.map(describe).join(" and ")}`,
        );
      }
    }
    this.tensors = Object.freeze(own) as unknown as T;
  }

  /** @internal */
  get [BRAND](): Brand {
    return "Dataset";
  }

  /** @internal */
  static override get name(): string {
    return "TensorDataset";
  }

  /** The number of samples. */
  get length(): number {
    return this.tensors[0]?.shape[0] as number;
  }

  /**
   * The samples at the places `indices`, as one batch of new tensors, which the caller disposes.
   *
   * @param indices Places from 0 to `length - 1`, in any order, also repeated.
   * @throws TypeError for anything but an array of integers, RangeError for a place that is not there, OutOfMemoryError.
   */
  batch(indices: Int32Array | readonly number[]): { [K in keyof T]: Tensor } {
    return this[ROWS](placesOf("batch", indices, this.length));
  }

  /** @internal The same for places that are known to be there, for a loader that frees it. */
  [ROWS](places: Int32Array, _collate?: unknown, watcher?: BatchWatcher): { [K in keyof T]: Tensor } {
    const rows = makeBatch(
      () => this.tensors.map((x) => takeRows(checkTensor("TensorDataset", x), places)),
      (made) => made,
      watcher,
    );
    return rows as unknown as { [K in keyof T]: Tensor };
  }
}
