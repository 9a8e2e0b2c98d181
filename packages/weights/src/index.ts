/**
 * Weights in and out: safetensors, PyTorch's files, NumPy's arrays, and checkpoints from which training resumes exactly.
 *
 * @module @dropwise/weights
 * @packageDocumentation
 */
export { WeightFileError } from "./refusal";
export type { Source } from "./source";
export type { TorchValue } from "./torch/finish";
export { type ReadTorchOptions, readTorch } from "./torch/read";
export type { Weight, WeightData, WeightDType, Weights } from "./weight";
