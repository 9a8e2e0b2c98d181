import type { Layout } from "../autograd/node";
import type { Device } from "../backend/storage";
import { deviceOf } from "../cpu/device-of";
import { type DType, isFloating } from "../dtype/dtype";
import type { OptionKinds } from "../errors/options";
import { refusal } from "../errors/refusal";
import { type CreationOptions, getDefaultBackend } from "./creation";
import { Tensor } from "./tensor";

/** What makers of tensors take. */
export const CREATION: OptionKinds<CreationOptions> = { dtype: "any", requiresGrad: "flag", backend: "any" };

/** Where a tensor goes, and what it may be asked. */
export interface Placement {
  readonly device: Device;
  readonly requiresGrad: boolean;
}

/** The same from options: all checked, before anything is allocated or drawn. As in `creation`, which small programs carry alone. */
export function placementOf(op: string, dtype: DType, { requiresGrad = false, backend = getDefaultBackend() }: CreationOptions): Placement {
  if (requiresGrad && !isFloating(dtype)) throw refusal(op, "a float dtype with requiresGrad", dtype, "integers have no gradient");
  return { device: deviceOf(backend, op), requiresGrad };
}

/** The tensor of a layout, as it was asked for. */
export function make({ requiresGrad }: Placement, layout: () => Layout): Tensor {
  const x = new Tensor(layout());
  x.wantsGrad = requiresGrad;
  return x;
}
