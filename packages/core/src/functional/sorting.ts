import { composed, withScope } from "../autograd/scope";
import { createTypedArray, type TypedArray } from "../dtype/dtype";
import { checkInteger, optionsOf } from "../errors/options";
import { wrongValue } from "../errors/refusal";
import { checkTensor } from "../ops/binary";
import { gather } from "../ops/gather";
import { contiguous } from "../ops/layout";
import { normalizeDim, sizeOf } from "../shape/shape";
import type { Tensor } from "../tensor/tensor";
import { copyOf } from "./copies";
import { hostTensor, places } from "./host-tensor";
import { hostElements } from "./losses-shared";

/** Options of `sort` and `argsort`. */
export interface SortOptions {
  /** Along which dimension. Default: -1. */
  readonly dim?: number;
  /** The largest first. Default: false. */
  readonly descending?: boolean;
}

/** Options of `topk`. */
export interface TopkOptions {
  /** How many; at most the dimension's size. */
  readonly k: number;
  /** Along which dimension. Default: -1. */
  readonly dim?: number;
  /** The largest, or the smallest. Default: true. */
  readonly largest?: boolean;
}

/** Elements in order, and where each was. */
export interface Sorted {
  /** The elements. */
  readonly values: Tensor;
  /** Their places along the dimension; int32. */
  readonly indices: Tensor;
}

/**
 * Elements in order along a dimension; equal ones keep theirs, and NaN counts as the largest. Mirrors
 * [torch.sort](https://docs.pytorch.org/docs/stable/generated/torch.sort.html) with `stable`.
 *
 * Where the host does not see the memory (`webgpu`), every element is compared with every other, so that nothing waits: that takes memory and time by the
 * square of the dimension's size, and is meant for some thousands of elements at most.
 *
 * @param input Any shape and dtype.
 * @param options `dim`: default -1. `descending`: default false.
 * @throws RangeError for a dim that is not there.
 * @example
 * ```ts
 * const { values, indices } = F.sort(tensor([3, 1, 2]));
 * console.log(values.dataSync().join(" "), indices.dataSync().join(" ")); // 1 2 3 1 2 0
 * ```
 */
export function sort(input: Tensor, options?: SortOptions): Sorted {
  const { x, dim, size, descending } = readSort("sort", input, options);
  return picked(x, dim, size, descending);
}

/**
 * The places that `sort` gives. Mirrors [torch.argsort](https://docs.pytorch.org/docs/stable/generated/torch.argsort.html) with `stable`.
 *
 * @param input As for `sort`, and so are options, limits and errors.
 */
export function argsort(input: Tensor, options?: SortOptions): Tensor {
  const { x, dim, size, descending } = readSort("argsort", input, options);
  return composed(() => order(x, dim, size, descending));
}

/**
 * The largest or smallest elements along a dimension, in order; of equal ones the first. Mirrors [torch.topk](https://docs.pytorch.org/docs/stable/generated/torch.topk.html).
 *
 * @param input Any shape and dtype; limits as for `sort`.
 * @param options `k`: how many. `dim`: default -1. `largest`: default true.
 * @throws RangeError for a k above the dimension's size, or a dim that is not there.
 * @example
 * ```ts
 * console.log(F.topk(tensor([3, 1, 2]), { k: 2 }).values.dataSync().join(" ")); // 3 2
 * ```
 */
export function topk(input: Tensor, options: TopkOptions): Sorted {
  const { k, dim = -1, largest = true } = optionsOf<TopkOptions>("topk", options, { k: "any", dim: "any", largest: "flag" });
  const x = checkTensor("topk", input);
  const at = normalizeDim("topk", dim, x.sizes.length);
  checkInteger("topk", "k", k, 0);
  const size = x.sizes[at] ?? 1;
  if (k > size) throw wrongValue("topk", `k of at most ${size}`, k);
  return picked(x, at, k, largest);
}

/** The order by comparing every element with every other, on any device. */
export function orderByComparing(x: Tensor, count: number, descending: boolean): Tensor {
  const [rows, size] = x.sizes as [number, number];
  const nans = x.ne(x).type("int32");
  const other = (t: Tensor) => t.reshape([rows, 1, size]);
  const own = (t: Tensor) => t.reshape([rows, size, 1]);
  const nanOther = other(nans);
  const nanOwn = own(nans);
  const isBefore = descending ? other(x).gt(own(x)) : other(x).lt(own(x));
  // NaN is larger than all others, and comes in their order.
  const nanBefore = descending ? nanOther.gt(nanOwn) : nanOther.lt(nanOwn);
  const isEqual = other(x).eq(own(x)).add(nanOther.mul(nanOwn));
  const isEarlier = places(x, [1, 1, size], size).lt(places(x, [1, size, 1], size));
  const rank = isBefore.add(nanBefore).add(isEqual.mul(isEarlier)).sum({ dim: 2 });
  // The element of rank r goes to place r.
  const isThere = rank.reshape([rows, 1, size]).eq(places(x, [1, count, 1], count));
  return isThere.mul(places(x, [1, 1, size], size)).sum({ dim: 2 });
}

// --- internal helpers ---

function readSort(op: string, input: Tensor, options: SortOptions | undefined) {
  const { dim = -1, descending = false } = optionsOf<SortOptions>(op, options, { dim: "any", descending: "flag" });
  const x = checkTensor(op, input);
  const at = normalizeDim(op, dim, x.sizes.length);
  return { x, dim: at, size: x.sizes[at] ?? 1, descending };
}

/** The first `count` elements in order, with their places. */
function picked(x: Tensor, dim: number, count: number, descending: boolean): Sorted {
  return withScope(
    false,
    () => {
      const indices = order(x, dim, count, descending);
      return { values: x.sizes.length === 0 ? copyOf(x) : valuesAt(x, dim, indices), indices };
    },
    ({ values, indices }) => [values, indices],
  );
}

function valuesAt(x: Tensor, dim: number, indices: Tensor): Tensor {
  return x.dtype === "bool" ? gather(x.type("int32"), dim, indices).type("bool") : gather(x, dim, indices);
}

/** The places of the first `count` elements in order; of the input's shape but for `dim`. */
function order(x: Tensor, dim: number, count: number, descending: boolean): Tensor {
  if (x.sizes.length === 0) return places(x, [], 1);
  const end = x.sizes.length - 1;
  const rows = sizeOf(x.sizes.filter((_, i) => i !== dim));
  const size = x.sizes[dim] as number;
  const last = contiguous(x.detach().transpose(dim, end)).reshape([rows, size]);
  const elements = hostElements(last);
  const flat =
    elements === undefined
      ? orderByComparing(last, count, descending)
      : hostTensor(x, [rows, count], sorted(elements, rows, size, count, descending));
  const swapped = x.sizes.map((_, i) => (i === end ? count : (x.sizes[i === dim ? end : i] as number)));
  return contiguous(flat.reshape(swapped).transpose(dim, end));
}

/** The same on the host. */
function sorted(elements: TypedArray, rows: number, size: number, count: number, descending: boolean): Int32Array {
  const out = createTypedArray("int32", rows * count);
  const list = Array.from({ length: size }, (_, i) => i);
  for (let row = 0; row < rows; row++) {
    const value = (i: number) => elements[row * size + i] as number;
    const compare = (i: number, j: number) => {
      const [a, b] = descending ? [value(j), value(i)] : [value(i), value(j)];
      if (a < b) return -1;
      if (a > b) return 1;
      return Number(Number.isNaN(a)) - Number(Number.isNaN(b)) || i - j;
    };
    const inOrder = [...list].sort(compare);
    for (let k = 0; k < count; k++) out[row * count + k] = inOrder[k] as number;
  }
  return out;
}
