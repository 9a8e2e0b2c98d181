/** Places in a dataset: those that callers give are checked and copied, those that a loader made itself are not. */
import { checkAttached, type TypedArray, typedArrayKind } from "../dtype/dtype";
import { wrongType, wrongValue } from "../errors/refusal";

/** The method of the datasets here, of whichever copy of core, that trusts the places it is given. */
export const ROWS: unique symbol = /* @__PURE__ */ Symbol.for("@dropwise/core:rows") as never;

/** The most samples that a dataset may have: places are int32. */
const MAX_LENGTH = 2 ** 31 - 1;

/** A copy of what a caller gave as places, all of them in a dataset of `length` samples. */
export function placesOf(op: string, indices: unknown, length: number): Int32Array {
  if (!Array.isArray(indices)) {
    if (!/^U?[Ii]nt(8|16|32)Array$/.test(typedArrayKind(indices) ?? ""))
      throw wrongType(op, "places as an Int32Array or an array of integers", indices);
    checkAttached(op, indices as TypedArray);
  }
  const given = indices as ArrayLike<unknown>;
  const places: number[] = [];
  // Each is looked at before the next is read: an array may have more holes than memory has bytes.
  for (let i = 0; i < given.length; i++) places.push(checkPlace(op, given[i], length));
  return Int32Array.from(places);
}

/** Refuses what is no place in a dataset of `length` samples; `source` says where it comes from. */
export function checkPlace(op: string, place: unknown, length: number, source = ""): number {
  if (typeof place !== "number" || !Number.isInteger(place)) throw wrongType(op, `places${source} that are integers`, place);
  if (place < 0 || place >= length) throw wrongValue(op, `places${source} from 0 to ${length - 1}`, place);
  return place;
}

/** The length that a dataset, or a sampler, says it has. */
export function lengthOf(op: string, dataset: { readonly length: number }, what = "dataset"): number {
  const length: unknown = typeof dataset === "object" && dataset !== null ? dataset.length : undefined;
  if (typeof length !== "number") throw wrongType(op, `a ${what} with a length`, dataset);
  if (!Number.isInteger(length) || length < 0 || length > MAX_LENGTH)
    throw wrongValue(op, `the ${what}'s length to be an integer from 0 to ${MAX_LENGTH}`, length);
  return length;
}

/** Refuses what has no samples to ask for. */
export function checkDataset(op: string, dataset: unknown): void {
  const { at, batch } = (typeof dataset === "object" && dataset !== null ? dataset : {}) as { at?: unknown; batch?: unknown };
  if (typeof batch !== "function" && typeof at !== "function")
    throw wrongType(op, "a dataset", dataset, "such as a TensorDataset, an array of samples, or { length, at(i) { ... } }");
}
