/**
 * Random streams of other frameworks: the same program gives the same numbers here as there. Not part of `@dropwise/core`: who imports none carries none.
 *
 * @module @dropwise/core/streams
 * @packageDocumentation
 */

export type { Stream } from "../random/source";
export type { CompiledDevice } from "./compiled-words";
export { type DiagnoseOptions, type Diagnosis, diagnose } from "./diagnose";
export { jax, jaxFork } from "./jax";
export * as jaxRandom from "./jax-random";
export { graph, type TorchCompiledOptions, torchCompiled } from "./torch-compiled";
export { torchCpu } from "./torch-cpu";
export { type TorchCudaOptions, torchCuda } from "./torch-cuda";
export type { TorchDType } from "./torch-cuda-masks";
