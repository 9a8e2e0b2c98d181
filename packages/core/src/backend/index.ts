/** The public face for those who write a backend: the contract, its errors, and the reference it is held to. */

export { cpu } from "../cpu/cpu";
export { type Kernels, referenceKernels } from "../cpu/reference-kernels";
export { BYTES_PER_ELEMENT, createTypedArray, type DType, isFloating, type TypedArray } from "../dtype/dtype";
export {
  BackendMismatchError,
  BackendUnavailableError,
  DeviceLostError,
  DisposedError,
  InPlaceError,
  OutOfMemoryError,
  ShapeError,
  UnsupportedOpError,
} from "../errors/errors";
export { philox4x32 } from "../random/philox";
export { scaleOf, thresholdOf } from "../random/threshold";
export { contiguousStrides, isContiguous, mergeDims, type Shape, sizeOf } from "../shape/shape";
export type { Backend, BackendInfo, BackendStorage, DropoutSpec, Operand, OptimizerSpec } from "./backend";
export { type BinaryOp, type ComparisonOp, isComparison, type ReduceOp, type UnaryOp } from "./op-names";
