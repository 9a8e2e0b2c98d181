import { noGrad } from "../autograd/grad-mode";
import { composed } from "../autograd/scope";
import { isTensor } from "../errors/brand";
import { describe } from "../errors/describe";
import { ShapeError } from "../errors/errors";
import { indexRows } from "../ops/gather";
import { tensor } from "../tensor/creation";
import type { Tensor } from "../tensor/tensor";
import { keep } from "../tensor/tidy";

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
export class TensorDataset<T extends readonly Tensor[] = readonly Tensor[]> {
  /** The tensors, in the order in which a batch has them. */
  readonly tensors: T;

  /**
   * @param tensors `[N, ...]`, all of one N, of any dtypes.
   * @throws ShapeError when their first sizes differ, TypeError for anything but tensors.
   */
  constructor(...tensors: T) {
    if (tensors.length === 0) throw new TypeError("TensorDataset: expected at least one tensor, got none");
    for (const x of tensors) {
      if (!isTensor(x)) throw new TypeError(`TensorDataset: expected tensors, got ${describe(x)}`);
      if (x.shape.length === 0 || x.shape[0] !== tensors[0]?.shape[0]) {
        throw new ShapeError(
          "TensorDataset",
          tensors.map((t) => t.shape),
          `expected tensors with equal first sizes, got ${tensors.map(describe).join(" and ")}`,
        );
      }
    }
    this.tensors = tensors;
  }

  /** The number of samples. */
  get length(): number {
    return this.tensors[0]?.shape[0] as number;
  }

  /**
   * The samples at the places `indices`, as one batch of new tensors, which the caller disposes.
   *
   * @throws RangeError for a place that is not there, on a host-visible backend.
   */
  batch(indices: Int32Array): { [K in keyof T]: Tensor } {
    return noGrad(() => {
      const rows = this.tensors.map((x) => {
        const index = tensor(indices, { backend: x.backend });
        const picked = keep(composed(() => indexRows(x, index)));
        index.dispose();
        return picked;
      });
      return rows as { [K in keyof T]: Tensor };
    });
  }
}
