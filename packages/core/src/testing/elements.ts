/** What lies in a tensor's memory, past all that is tested; for the backends of the tests. */
import type { Tensor, TypedArray } from "../index";

/** Where in its memory a tensor's elements are, in row-major order. */
export function placesOf({ shape, strides, offset }: Tensor): number[] {
  return shape.reduce(
    (places, size, dim) => places.flatMap((place) => Array.from({ length: size }, (_, i) => place + i * (strides[dim] as number))),
    [offset],
  );
}

/** A tensor's memory. Throws where it was given back. */
export function memoryOf({ storage }: Tensor): TypedArray {
  const handle = storage.handle as TypedArray | { data: TypedArray; isReleased: boolean };
  if (!("data" in handle)) return handle;
  if (handle.isReleased) throw new Error("the memory of a live tensor was released");
  return handle.data;
}
