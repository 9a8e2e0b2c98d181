/** Masks whose words lie as another framework's threads share them: drawn by kernels that know layouts, and here for those that do not. */
import type { DropoutSpec, MaskLayout } from "../backend/backend";
import { type Affine, dropoutAffine, dropoutSpec, type MaskKey } from "../random/mask-key";
import type { MaskRequest } from "../random/source";
import { contiguousStrides, type Shape, sizeOf } from "../shape/shape";
import { bitsInOrder, bitsKey } from "./bits";

/** Which words of a layout are kept. */
export interface LaidOut {
  readonly layout: MaskLayout;
  /** The smallest word that is dropped, by the layout's test. */
  readonly threshold: number;
}

/** The key of a mask that is drawn by a layout's rule; for a backend of the first contract, drawn here and kept in bits. */
export function laidOutKey({ input }: MaskRequest, key: MaskKey, rule: LaidOut): MaskKey {
  const specOf = (affine: Affine, shape: Shape): DropoutSpec => ({ ...dropoutSpec(key, affine, shape), ...rule });
  if (input?.backend.info.contract === 2) {
    return { ...key, apply: (affine, x, out) => x.storage.device.kernels.dropout(specOf(affine, x.shape), x, out) };
  }
  const { shape, p, elementOffset, strides = contiguousStrides(shape) } = key;
  const keeps = rule.layout.keeps(specOf(dropoutAffine(p), shape));
  const length = 1 + shape.reduce((last, size, dim) => last + (size - 1) * (strides[dim] as number), 0);
  const bits = new Uint8Array(Math.ceil(length / 8));
  for (let i = 0; i < length; i++) if (keeps(elementOffset + i)) (bits[i >> 3] as number) |= 1 << (i & 7);
  return bitsKey(p, shape, sizeOf(shape) === 0 ? bits : bitsInOrder(bits, shape, { length, offset: 0, strides }));
}
