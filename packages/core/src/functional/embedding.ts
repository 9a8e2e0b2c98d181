import { checkInputs } from "../autograd/run";
import { composed } from "../autograd/scope";
import { hostArray } from "../dtype/dtype";
import { ShapeError, UnsupportedOpError } from "../errors/errors";
import { checkInteger, type OptionKinds, optionsOf } from "../errors/options";
import { refusal, wrongValue } from "../errors/refusal";
import { checkTensor } from "../ops/binary";
import { indexAlong } from "../ops/gather";
import { valuesBeside } from "../ops/values-beside";
import { checkShape, formatShape } from "../shape/shape";
import type { Tensor } from "../tensor/tensor";

/** Options of `embedding`. */
export interface EmbeddingOptions {
  /** A row that gets no gradient; negative ones count from the end. Default: none. */
  readonly paddingIdx?: number | null;
}

/** Options of `oneHot`. */
export interface OneHotOptions {
  /** How many classes there are. Default, also of -1: one more than the largest index, where the host sees the memory. */
  readonly numClasses?: number;
}

/**
 * The rows of `weight` that the indices name. A row that is picked several times gets the sum of the gradients. Mirrors
 * [torch.nn.functional.embedding](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.embedding.html) without `max_norm`,
 * `scale_grad_by_freq` and `sparse`.
 *
 * @param index int32, any shape.
 * @param weight `[rows, features]`.
 * @param options `paddingIdx`: the row that gets no gradient; default none.
 * @returns `[...index.shape, features]`.
 * @throws RangeError for an index or a `paddingIdx` out of range; where the host does not see the memory (WebGPU), such an index gives NaN in place of a
 *   row. ShapeError for another weight, TypeError for an index that is not int32.
 * @example
 * ```ts
 * const weight = tensor([[0, 0], [1, 2], [3, 4]]);
 * const y = F.embedding(tensor(new Int32Array([2, 1])), weight);
 * console.log(y.shape, y.dataSync().join()); // [ 2, 2 ] 3,4,1,2
 * ```
 */
export function embedding(index: Tensor, weight: Tensor, options?: EmbeddingOptions): Tensor {
  const { paddingIdx = null } = optionsOf("embedding", options, EMBEDDING);
  const places = checkIndex("embedding", index);
  const table = checkTensor("embedding", weight, "weight");
  checkInputs("embedding", [places, table]);
  const [rows, features] = table.sizes;
  if (table.sizes.length !== 2) {
    const detail = `expected a weight of (rows, features), got ${formatShape(table.sizes)} for indices ${formatShape(places.sizes)}`;
    throw new ShapeError("embedding", [table.sizes, places.sizes], detail);
  }
  const padding = checkPaddingIdx("embedding", paddingIdx, rows as number);
  checkRange("embedding", places, rows as number);
  return composed(() => {
    const flat = places.reshape([places.size]);
    const picked = indexAlong(table, 0, flat);
    // Where the padding row was picked, its values stand without the graph behind them.
    const y = padding === null ? picked : picked.where(flat.ne(padding).unsqueeze(-1), picked.detach());
    return y.reshape([...places.sizes, features as number]);
  });
}

/**
 * 1 at the place that each index names along a new last dimension, 0 elsewhere. Mirrors
 * [torch.nn.functional.one_hot](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.one_hot.html).
 *
 * @param index int32, any shape, of 0 or more.
 * @param options `numClasses`: the size of the new dimension; default: one more than the largest index.
 * @returns int32, `[...index.shape, numClasses]`, without a gradient.
 * @throws RangeError for an index that is no class (where the host does not see the memory, its row is 0), and for no index at all without `numClasses`;
 *   UnsupportedOpError for no `numClasses` where the host does not see the memory; TypeError for an index that is not int32.
 * @example
 * ```ts
 * const y = F.oneHot(tensor(new Int32Array([2, 0])), { numClasses: 3 });
 * console.log(y.shape, y.dataSync().join()); // [ 2, 3 ] 0,0,1,1,0,0
 * ```
 */
export function oneHot(index: Tensor, options?: OneHotOptions): Tensor {
  const { numClasses = -1 } = optionsOf("oneHot", options, ONE_HOT);
  const places = checkIndex("oneHot", index);
  if (numClasses !== -1) checkInteger("oneHot", "numClasses", numClasses, 1);
  const count = numClasses === -1 ? countClasses(places) : numClasses;
  checkRange("oneHot", places, count);
  checkShape("oneHot", [...places.sizes, count]);
  return composed(() => {
    const classes = hostArray(places.backend.name, "int32", count);
    for (let i = 0; i < count; i++) classes[i] = i;
    return places.unsqueeze(-1).eq(valuesBeside(places, classes)).type("int32");
  });
}

/** A row counted from the front, or null. Refuses one that is not there. */
export function checkPaddingIdx(op: string, paddingIdx: number | null, rows: number): number | null {
  if (paddingIdx === null) return null;
  checkInteger(op, "paddingIdx", paddingIdx);
  if (paddingIdx < -rows || paddingIdx >= rows) throw wrongValue(op, `paddingIdx in [${-rows}, ${rows - 1}]`, paddingIdx);
  return paddingIdx < 0 ? paddingIdx + rows : paddingIdx;
}

// --- internal helpers ---

const EMBEDDING: OptionKinds<EmbeddingOptions> = { paddingIdx: "any" };
const ONE_HOT: OptionKinds<OneHotOptions> = { numClasses: "any" };

function checkIndex(op: string, index: Tensor): Tensor {
  const places = checkTensor(op, index, "the index");
  if (places.dtype !== "int32") throw refusal(op, "an int32 index", places.dtype, 'convert it with index.type("int32")');
  return places;
}

/** Refuses places outside [0, count), where the host can look. */
function checkRange(op: string, places: Tensor, count: number): void {
  if (places.backend.view === undefined) return;
  for (const place of places.dataSync()) if (place < 0 || place >= count) throw wrongValue(op, `indices in [0, ${count})`, place);
}

function countClasses(places: Tensor): number {
  const { backend } = places;
  if (backend.view === undefined) {
    throw new UnsupportedOpError(
      "oneHot",
      backend.name,
      `expected numClasses on ${backend.name}, whose memory cannot be looked at - pass it`,
    );
  }
  if (places.size === 0) throw wrongValue("oneHot", "numClasses for no index at all", undefined, "pass it");
  let most = 0;
  for (const place of places.dataSync()) most = Math.max(most, place);
  return most + 1;
}
