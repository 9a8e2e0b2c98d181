import { type DType, dtypeOf, type TypedArray } from "../dtype/dtype";
import type { Shape } from "../shape/shape";
import type { Tensor } from "../tensor/tensor";
import { computedLayout } from "./layout";

/** Values that the host computed, as a tensor beside `x`. Default: of one dimension. */
export function valuesBeside(x: Tensor, values: TypedArray, shape: Shape = [values.length]): Tensor {
  const { device } = x.storage;
  return x.wrap(
    computedLayout(device, dtypeOf(values) as DType, shape, ({ storage }) => {
      if (values.length > 0) device.backend.write(storage, values);
    }),
  );
}
