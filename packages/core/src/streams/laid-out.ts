/** Masks with a layout, for backends that know of none. */
import type { DropoutSpec } from "../backend/backend";
import type { MaskKey } from "../random/mask-key";
import { dropoutAffine, dropoutSpec } from "../random/mask-key";
import type { MaskRequest } from "../random/source";
import { contiguousStrides, sizeOf } from "../shape/shape";
import { bitsInOrder, bitsKey } from "./bits";

/** The key itself, or, for a backend of the first contract, the same mask drawn here. */
export function drawable({ input }: MaskRequest, key: MaskKey): MaskKey {
  const { layout, shape, p, elementOffset, strides = contiguousStrides(shape) } = key;
  if (layout === undefined || input?.backend.info.contract === 2) return key;
  const keeps = layout.keeps(dropoutSpec(key, dropoutAffine(p), shape) as DropoutSpec);
  const length = 1 + shape.reduce((last, size, dim) => last + (size - 1) * (strides[dim] as number), 0);
  const bits = new Uint8Array(Math.ceil(length / 8));
  for (let i = 0; i < length; i++) if (keeps(elementOffset + i)) (bits[i >> 3] as number) |= 1 << (i & 7);
  return bitsKey(p, shape, sizeOf(shape) === 0 ? bits : bitsInOrder(bits, shape, { length, offset: 0, strides }));
}
