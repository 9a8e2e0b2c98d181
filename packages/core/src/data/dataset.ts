import { noGrad } from "../autograd/grad-mode";
import { withScope } from "../autograd/scope";
import { checkAttached, type TypedArray, typedArrayKind } from "../dtype/dtype";
import { BRAND, type Brand, Raw } from "../errors/brand";
import { describe } from "../errors/describe";
import { ShapeError } from "../errors/errors";
import { wrongType, wrongValue } from "../errors/refusal";
import { checkTensor } from "../ops/binary";
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
    const places = placesOf(indices, this.length);
    const rows = noGrad(() =>
      withScope(
        true,
        () => this.tensors.map((x) => indexRows(x, tensor(places, { backend: x.backend }))),
        (rows) => rows,
      ),
    );
    return rows.map(keep) as unknown as { [K in keyof T]: Tensor };
  }
}

// --- internal helpers ---

/** A copy of what a caller gave as places, all of them there. */
function placesOf(indices: unknown, length: number): Int32Array {
  if (!Array.isArray(indices)) {
    if (!/^U?[Ii]nt(8|16|32)Array$/.test(typedArrayKind(indices) ?? ""))
      throw wrongType("batch", "places as an Int32Array or an array of integers", indices);
    checkAttached("batch", indices as TypedArray);
  }
  const given = indices as ArrayLike<unknown>;
  const places: number[] = [];
  // Each is looked at before the next is read: an array may have more holes than memory has bytes.
  for (let i = 0; i < given.length; i++) {
    const place = given[i];
    if (typeof place !== "number" || !Number.isInteger(place)) throw wrongType("batch", "places that are integers", place);
    if (place < 0 || place >= length) throw wrongValue("batch", `places from 0 to ${length - 1}`, place);
    places.push(place);
  }
  return Int32Array.from(places);
}
