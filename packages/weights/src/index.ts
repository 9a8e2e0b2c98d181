/**
 * Weights in and out: safetensors, PyTorch's files, NumPy's arrays, and checkpoints from which training resumes exactly.
 *
 * @module @dropwise/weights
 * @packageDocumentation
 */

export type { TensorLike } from "./item";
export { readNpy, writeNpy } from "./numpy/npy";
export { type ReadNpzOptions, readNpz, writeNpz } from "./numpy/npz";
export { WeightFileError } from "./refusal";
export type { AbortSignalLike, Progress, ReadOptions } from "./signal";
export type { Source } from "./source";
export type { TorchValue } from "./torch/finish";
export {
  type OptimizerDictLike,
  type OptimizerStateLike,
  optimizerFromTorch,
  optimizerToTorch,
} from "./torch/optimizer";
export { type ReadTorchOptions, readTorch } from "./torch/read";
export { type WritableTorch, type WriteTorchOptions, writeTorch } from "./torch/write";
export type { Weight, WeightData, WeightDType, Weights } from "./weight";
