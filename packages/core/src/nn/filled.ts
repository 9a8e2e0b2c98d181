import type { Backend } from "../backend/backend";
import { deviceOf } from "../cpu/device-of";
import type { DType } from "../dtype/dtype";
import { computedLayout } from "../ops/layout";
import { checkShape, type Shape } from "../shape/shape";
import { getDefaultBackend } from "../tensor/creation";
import { Tensor } from "../tensor/tensor";

/** A parameter or buffer to be: one value everywhere. */
export interface Fill<T extends Tensor> {
  readonly kind: new (data: Tensor) => T;
  readonly shape: Shape;
  readonly value: number;
  /** Default: "float32". */
  readonly dtype?: DType;
}

/** The parts of a new layer, in order; null where a layer goes without. All of them, or none: when memory runs out on the way, those made are freed. */
export function filledParts<T extends Tensor>(op: string, backend: Backend | undefined, fills: readonly (Fill<T> | null)[]): (T | null)[] {
  const device = deviceOf(backend === undefined ? getDefaultBackend() : backend, op);
  const made: (T | null)[] = [];
  try {
    for (const fill of fills) {
      if (fill === null) {
        made.push(null);
        continue;
      }
      const { kind, shape, value, dtype = "float32" } = fill;
      const data = new Tensor(computedLayout(device, dtype, checkShape(op, shape), (out, kernels) => kernels.fill(out, value)));
      made.push(new kind(data));
      data.dispose(); // the part holds the memory now
    }
    return made;
  } catch (error) {
    for (const part of made) part?.dispose();
    throw error;
  }
}
