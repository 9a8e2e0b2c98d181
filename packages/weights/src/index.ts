/**
 * Weights in and out: safetensors, PyTorch's files, NumPy's arrays, and checkpoints from which training resumes exactly.
 *
 * @module @dropwise/weights
 * @packageDocumentation
 */
export { describe } from "./describe";
export { WeightFileError } from "./refusal";
export type { OtherDType } from "./safetensors/kinds";
export { openSafetensors, type SafetensorsFile, type TensorInfo } from "./safetensors/open";
export { type ReadSafetensorsOptions, readSafetensors } from "./safetensors/read";
export { type ReadShardedOptions, readSharded } from "./safetensors/sharded";
export type { TensorLike, WritableState } from "./safetensors/state";
export { type WriteSafetensorsOptions, writeSafetensors, writeSafetensorsStream } from "./safetensors/write";
export type { AbortSignalLike, Progress, ReadOptions } from "./signal";
export type { SmallFloat } from "./small-floats";
export type { BlobLike, Source, UrlLike } from "./source";
export type { ResponseLike } from "./source-http";
export type { Weight, WeightData, WeightDType, Weights } from "./weight";
