import { copyRows } from "../cpu/gather";
import { indexAlong } from "../ops/gather";
import { computedLayout, contiguous } from "../ops/layout";
import { sliceLayout } from "../ops/slice";
import { isContiguous, sizeOf } from "../shape/shape";
import { tensor } from "../tensor/creation";
import type { Tensor } from "../tensor/tensor";

/**
 * The rows of x at `places`, all of them there, as a new tensor outside the graph: on host memory copied in ranges, elsewhere by one kernel. The caller
 * has a scope open, for what this makes on its way.
 */
export function takeRows(x: Tensor, places: Int32Array): Tensor {
  const { device } = x.storage;
  const { view } = device;
  const shape = [places.length, ...x.sizes.slice(1)];
  if (view !== undefined) {
    const rows = isContiguous(shape.slice(1), x.steps.slice(1)) ? x : contiguous(x);
    const { storage, offset, strides } = rows.layout;
    const row = sizeOf(shape.slice(1));
    return x.wrap(
      computedLayout(device, x.dtype, shape, (out) =>
        copyRows(view(storage), offset, strides[0] as number, places, row, view(out.storage)),
      ),
    );
  }
  const [start = 0] = places;
  if (!places.every((place, i) => place === start + i)) return indexAlong(x, 0, tensor(places, { backend: x.backend }));
  const part = sliceLayout(x.layout, { dim: 0, start, step: 1, count: places.length });
  return x.wrap(computedLayout(device, x.dtype, shape, (out, kernels) => kernels.copy(part, out)));
}
