/** Tensors whose elements come in parts, from whoever reads them somewhere. */
import { checkDType, type DType, hostArray, type TypedArray } from "../dtype/dtype";
import { optionsOf } from "../errors/options";
import { wrongType, wrongValue } from "../errors/refusal";
import { computedLayout } from "../ops/layout";
import { checkShape, type Shape, sizeOf } from "../shape/shape";
import { CREATION, type CreationOptions, make, placementOf } from "./creation";
import { convert } from "./elements";
import type { Tensor } from "./tensor";

/** Elements of a part, in any kind of typed array. */
export type Part = ArrayBufferView & ArrayLike<number | bigint>;

/**
 * A tensor whose elements come in parts, one after the other, in row-major order. Each part is copied at once to where the tensor lives, in memory of this process
 * without a second array between: whoever gives the parts may use one and the same array for all of them. For readers of files and of streams.
 *
 * @param parts The elements. Converted where their array is not the dtype's: to int32 as far as they fit, to bool by `!= 0`.
 * @param shape Sizes, outermost first.
 * @param options As of `zeros`.
 * @returns The tensor, once the last part is there; where one fails, nothing of it is left.
 * @throws RangeError for more or fewer elements than the shape has, and numbers beyond int32 in one; TypeError for what gives no parts; what `parts` throws;
 *   UnsupportedOpError, OutOfMemoryError.
 * @example
 * ```ts
 * const part = new Float32Array(2);
 * async function* parts() {
 *   for (const value of [1, 2]) yield part.fill(value);
 * }
 * console.log(String(await tensorOfParts(parts(), [4]))); // Tensor([1, 1, 2, 2], [4], float32, cpu)
 * ```
 */
export async function tensorOfParts(parts: AsyncIterable<Part>, shape: Shape, options?: CreationOptions): Promise<Tensor> {
  const op = "tensorOfParts";
  if (typeof (parts as Partial<AsyncIterable<Part>> | null)?.[Symbol.asyncIterator] !== "function")
    throw wrongType(op, "parts as an async iterable of typed arrays", parts);
  const sizes = checkShape(op, shape);
  const { dtype: wanted = "float32", ...rest } = optionsOf<CreationOptions>(op, options, CREATION);
  const dtype = checkDType(op, wanted);
  const placed = placementOf(op, dtype, rest);
  const { backend } = placed.device;
  const layout = computedLayout(placed.device, dtype, sizes, () => {});
  const { storage } = layout;
  try {
    const count = sizeOf(sizes);
    if (backend.view === undefined) {
      const elements = hostArray("the host", dtype, count);
      await collect(op, parts, dtype, count, () => elements);
      if (count > 0) backend.write(storage, elements);
    } else await collect(op, parts, dtype, count, () => (backend.view as NonNullable<typeof backend.view>)(storage));
    return make(placed, () => layout);
  } catch (error) {
    storage.release();
    throw error;
  }
}

// --- internal helpers ---

/** Copies parts into `target`, which is asked for anew each time: memory may have grown since. */
async function collect(op: string, parts: AsyncIterable<Part>, dtype: DType, count: number, target: () => TypedArray): Promise<void> {
  let at = 0;
  for await (const part of parts) {
    if (!ArrayBuffer.isView(part) || typeof part.length !== "number") throw wrongType(op, "parts that are typed arrays", part);
    if (part.length > count - at) throw wrongValue(op, `${count} elements in all parts`, at + part.length);
    target().set(convert(op, part, dtype), at);
    at += part.length;
  }
  if (at !== count) throw wrongValue(op, `${count} elements in all parts`, at);
}
