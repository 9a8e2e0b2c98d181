/**
 * Weights in and out: safetensors, PyTorch's files, NumPy's arrays, and checkpoints from which training resumes exactly.
 *
 * @module @dropwise/weights
 * @packageDocumentation
 */

export { asDownload, inIndexedDB } from "./checkpoint/browser";
export { loadCheckpoint } from "./checkpoint/load";
export type { GeneratorLike, Stateful } from "./checkpoint/parts";
export { type SaveCheckpointOptions, saveCheckpoint } from "./checkpoint/save";
export {
  type FileHandleLike,
  type FileStreamLike,
  inMemory,
  type Readable,
  type ReadableFileHandle,
  type Target,
  type Writable,
} from "./checkpoint/target";
export { describe } from "./describe";
export type { TensorLike } from "./item";
export { readNpy, writeNpy } from "./numpy/npy";
export { type ReadNpzOptions, readNpz, writeNpz } from "./numpy/npz";
export { WeightFileError } from "./refusal";
export type { OtherDType } from "./safetensors/kinds";
export { openSafetensors, type ReadTensorOptions, type SafetensorsFile, type TensorInfo } from "./safetensors/open";
export { type ReadSafetensorsOptions, readSafetensors } from "./safetensors/read";
export { type ReadShardedOptions, readSharded } from "./safetensors/sharded";
export type { WritableState } from "./safetensors/state";
export { type WriteSafetensorsOptions, writeSafetensors, writeSafetensorsStream } from "./safetensors/write";
export type { AbortSignalLike, Progress, ReadOptions } from "./signal";
export type { SmallFloat } from "./small-floats";
export type { BlobLike, Source, UrlLike } from "./source";
export type { ResponseLike } from "./source-http";
export type { TorchValue } from "./torch/finish";
export {
  type OptimizerDictLike,
  type OptimizerStateLike,
  optimizerFromTorch,
  optimizerToTorch,
  type TorchOptimizerDict,
} from "./torch/optimizer";
export { type ReadTorchOptions, readTorch } from "./torch/read";
export { type WritableTorch, type WriteTorchOptions, writeTorch } from "./torch/write";
export type { Weight, WeightData, WeightDType, Weights } from "./weight";
