/** Keys of masks over weights of attention that no kernel here draws. */
import { refusal } from "../errors/refusal";
import type { MaskKey } from "../random/mask-key";
import type { MaskRequest } from "../random/source";
import { contiguousStrides, sizeOf } from "../shape/shape";
import { type AttentionMask, cudnnBits, cudnnTakes, flashBits, flashTakes } from "./attention-bits";
import { bitsInOrder, bitsKey } from "./bits";

/** The mask of `[..., queries, keys]`, and by how much the offset grows. */
export function attentionKey(
  kernel: "flash" | "cudnn",
  { op, p, shape, whole, strides, elementOffset }: MaskRequest,
  seed: bigint,
  offset: bigint,
): { key: MaskKey; grows: bigint } {
  // These rules know heads, rows and columns, and no single row of elements.
  if (whole === undefined && elementOffset > 0)
    throw refusal(op, `no elementOffset under ${kernel} attention`, String(elementOffset), "use shard()");
  const all = whole ?? shape;
  const [queries = 1, keys = 1] = all.slice(-2);
  const mask: AttentionMask = { heads: sizeOf(all.slice(0, -2)), queries, keys, p, seed, offset };
  const isFlash = kernel === "flash";
  const bits = (isFlash ? flashBits : cudnnBits)(mask);
  const order = { length: sizeOf(all), offset: elementOffset, strides: strides ?? contiguousStrides(all) };
  return { key: bitsKey(p, shape, bitsInOrder(bits, shape, order)), grows: isFlash ? flashTakes(mask) : cudnnTakes(mask) };
}
