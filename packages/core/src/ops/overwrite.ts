import type { Layout } from "../autograd/node";
import type { Tensor } from "../tensor/tensor";

/** Writes a layout's elements over those of `target`, whose shape it has, and whose memory it does not share. Needs no memory. */
export function overwriteBy(target: Tensor, source: Layout): void {
  target.storage.device.kernels.copy(source, target.layout);
  target.storage.version++;
}

/** The same for a tensor's elements; nothing, where it is the target itself. */
export function overwrite(target: Tensor, value: Tensor): void {
  if (value !== target) overwriteBy(target, value.layout);
}
