import { dtypeOf, type TypedArray } from "../dtype/dtype";
import { type Shape, sizeOf } from "../shape/shape";
import type { Tensor } from "../tensor/tensor";
import { layoutFrom } from "../tensor/transfer";

/** A tensor beside `x` with elements that the host computed: places and masks. `data` is asked for once there is memory. */
export function hostTensor(x: Tensor, shape: Shape, data: TypedArray): Tensor {
  return x.wrap(layoutFrom(x.storage.device, dtypeOf(data) ?? "int32", shape, () => data));
}

/** Numbers beside `x`, of its dtype, that the host draws once there is memory for them. */
export function drawn(x: Tensor, shape: Shape, draw: (length: number) => Float32Array): Tensor {
  return x.wrap(layoutFrom(x.storage.device, "float32", shape, () => draw(sizeOf(shape)))).type(x.dtype);
}

/** 0, 1, 2 and so on beside `x`, each plus `offset`, cut to what int32 holds. */
export function places(x: Tensor, shape: Shape, count: number, offset = 0): Tensor {
  const limit = 2 ** 31 - 1;
  return hostTensor(
    x,
    shape,
    Int32Array.from({ length: count }, (_, i) => Math.max(-limit, Math.min(i + offset, limit))),
  );
}
