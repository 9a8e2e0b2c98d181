/**
 * For those who write a backend: the contract, its errors, and the reference that it is held to. The guide "Write a backend" goes through it
 * step by step.
 *
 * @module @dropwise/core/backend
 * @packageDocumentation
 */

export { cpu } from "../cpu/cpu";
export { layoutOf } from "../cpu/layout";
export type { FamilyKernels } from "../cpu/reference-families";
export { type Kernels, referenceKernels } from "../cpu/reference-kernels";
export { BYTES_PER_ELEMENT, type DType, isFloating, type TypedArray, type TypedArrayOf } from "../dtype/dtype";
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
export { type OptionKind, type OptionKinds, optionsOf } from "../errors/options";
export { wrongType, wrongValue } from "../errors/refusal";
export { applyBinary, applyUnary } from "../ops/by-name";
export type { Shape } from "../shape/shape";
export { type Part, tensorOfParts } from "../tensor/parts";
export { rehearse } from "../tensor/rehearse";
export type {
  AttentionSpec,
  Backend,
  BackendInfo,
  BackendStorage,
  ConvolutionSpec,
  DropoutSpec,
  Epilogue,
  LstmSpec,
  MaskLayout,
  NormalizeSpec,
  Operand,
  OptimizerSpec,
  OptimizerUpdate,
  PoolOp,
  WindowSpec,
} from "./backend";
export { contiguousStrides, createTypedArray, isContiguous, mergeDims, philox4x32, scaleOf, sizeOf, thresholdOf } from "./checked";
export { withEpilogue } from "./epilogue";
export type { View } from "./kernels";
export { type Activation, type BinaryOp, type ComparisonOp, isComparison, type ReduceOp, type UnaryOp } from "./op-names";
export { versionOf } from "./versions";
