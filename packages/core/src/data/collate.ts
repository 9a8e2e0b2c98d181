import { checkAttached, dtypeOf, hostArray, type TypedArray } from "../dtype/dtype";
import { isPlainObject, isTensor } from "../errors/brand";
import { describe } from "../errors/describe";
import { ShapeError } from "../errors/errors";
import { refusal, wrongType } from "../errors/refusal";
import { checkTensor } from "../ops/binary";
import { stack } from "../ops/cat";
import { sameShape } from "../shape/shape";
import { tensor } from "../tensor/creation";
import type { Tensor } from "../tensor/tensor";
import { makeBatch } from "./batch";
import type { Collated, Sample } from "./dataset";

/**
 * Puts samples together as a batch: a tensor for each number, boolean, typed array or tensor in one of them, with a new first dimension that counts the
 * samples. Arrays and plain objects keep their form. Mirrors
 * [torch.utils.data.default_collate](https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.default_collate).
 *
 * As for `tensor`, numbers become float32, booleans bool, and typed arrays keep their type; class labels, which are int32, are
 * `tensor(label, { dtype: "int32" })` in a sample, or `labels.type("int32")` in the loader's `transform`.
 *
 * @param samples At least one, all of one form and of equal shapes.
 * @throws TypeError for other samples or forms that differ, ShapeError for shapes or lengths that differ.
 * @example
 * ```ts
 * const [pixels, label] = defaultCollate([
 *   [new Float32Array([0.1, 0.2, 0.3]), 1],
 *   [new Float32Array([0.4, 0.5, 0.6]), 0],
 * ]);
 * console.log(pixels.shape, label.shape); // [ 2, 3 ] [ 2 ]
 * ```
 */
export function defaultCollate<const S extends Sample>(samples: readonly S[]): Collated<S> {
  if (!Array.isArray(samples) || samples.length === 0) throw wrongType("defaultCollate", "a non-empty array of samples", samples);
  return collateSamples("defaultCollate", samples) as Collated<S>;
}

/** The same for samples that a loader asked for. */
export function collateSamples(op: string, samples: readonly unknown[]): unknown {
  return makeBatch(() => together(op, samples, 0));
}

// --- internal helpers ---

/** No sample is that deep, but for one that is in itself. */
const MAX_DEPTH = 64;

function together(op: string, samples: readonly unknown[], depth: number): unknown {
  const [first] = samples;
  const form = formOf(first);
  if (form === undefined || depth > MAX_DEPTH) {
    const expected = "samples of tensors, numbers, booleans, Float32Arrays, Float64Arrays and Int32Arrays, in arrays or plain objects";
    throw wrongType(
      op,
      expected,
      first,
      ArrayBuffer.isView(first) ? "new Float32Array(bytes), for example" : "write a collate of your own",
    );
  }
  for (const sample of samples) if (formOf(sample) !== form) throw unlike(op, first, sample);
  switch (form) {
    case "number":
    case "boolean":
      return tensor(samples as number[]);
    case "tensor":
      return stacked(op, samples as Tensor[]);
    case "array":
      sameLengths(op, samples as unknown[][]);
      return Array.from(first as unknown[], (_, i) =>
        together(
          op,
          samples.map((x) => (x as unknown[])[i]),
          depth + 1,
        ),
      );
    case "object":
      return Object.fromEntries(
        Object.keys(first as object).map((name) => [
          name,
          together(
            op,
            samples.map((x) => (x as Record<string, unknown>)[name]),
            depth + 1,
          ),
        ]),
      );
    default:
      return joined(op, samples as TypedArray[]);
  }
}

/** What kind of sample it is; undefined for none. */
function formOf(value: unknown): string | undefined {
  if (typeof value === "number" || typeof value === "boolean") return typeof value;
  if (isTensor(value)) return "tensor";
  // Bytes may be numbers or truth values, and the same for one batch as for another.
  const dtype = dtypeOf(value);
  if (dtype !== null && dtype !== "bool") return dtype;
  return Array.isArray(value) ? "array" : isPlainObject(value) ? "object" : undefined;
}

function unlike(op: string, first: unknown, other: unknown): TypeError {
  return refusal(op, "samples of one form", `${describe(first)} and ${describe(other)}`, ADVICE);
}

function stacked(op: string, samples: readonly Tensor[]): Tensor {
  const list = samples.map((x) => checkTensor(op, x));
  const first = list[0] as Tensor;
  for (const x of list) if (!sameShape(x.sizes, first.sizes)) throw unequal(op, first, x, first.sizes, x.sizes);
  return stack(list);
}

function joined(op: string, samples: readonly TypedArray[]): Tensor {
  sameLengths(op, samples);
  for (const x of samples) checkAttached(op, x);
  const { length } = samples[0] as TypedArray;
  const flat = hostArray("the host", dtypeOf(samples[0]) ?? "float32", samples.length * length);
  for (const [i, x] of samples.entries()) flat.set(x, i * length);
  return tensor(flat, { shape: [samples.length, length] });
}

function sameLengths(op: string, samples: readonly { readonly length: number }[]): void {
  const first = samples[0] as { readonly length: number };
  for (const x of samples) if (x.length !== first.length) throw unequal(op, first, x, [first.length], [x.length]);
}

function unequal(op: string, first: unknown, other: unknown, ...shapes: readonly (readonly number[])[]): ShapeError {
  const sizes = isTensor(first) ? `${describe(first)} and ${describe(other)}` : `lengths ${shapes.join(" and ")}`;
  return new ShapeError(op, shapes, `expected samples of equal shapes, got ${sizes} - ${ADVICE}`);
}

const ADVICE = "make them alike, or write a collate of your own";
