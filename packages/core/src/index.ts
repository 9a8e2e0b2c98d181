/**
 * Tensors, autograd, `nn`, `functional`, `optim` and data loading, with the reference backend `cpu`: all that a program that trains needs. Those who
 * write a backend find the contract in `@dropwise/core/backend`.
 *
 * Examples here leave out one line: `import { functional as F, nn, ones } from "@dropwise/core"`, with the names that they use.
 *
 * @module @dropwise/core
 * @packageDocumentation
 */
export { enableGrad, isGradEnabled, noGrad } from "./autograd/grad-mode";
export type { Backend, BackendInfo } from "./backend/backend";
export { cpu } from "./cpu/cpu";
export * from "./data";
export type { DType, TypedArray, TypedArrayOf } from "./dtype/dtype";
export { isTensor } from "./errors/brand";
export {
  BackendMismatchError,
  BackendUnavailableError,
  DeviceLostError,
  DisposedError,
  InPlaceError,
  OutOfMemoryError,
  ShapeError,
  UnsupportedOpError,
} from "./errors/errors";
export * as functional from "./functional";
export { type MultinomialOptions, multinomial } from "./functional/multinomial";
export { type SampleOptions, sample } from "./functional/sample";
export * as nn from "./nn";
export type { NumberOrTensor } from "./ops/binary";
export { cat, stack } from "./ops/cat";
export type { ClampOptions } from "./ops/clamp";
export type { ReduceOptions } from "./ops/reduce";
export * as optim from "./optim";
export { defaultGenerator, Generator, type GeneratorOptions, manualSeed } from "./random/generator";
export { type Shard, type ShardsOptions, shard, shards } from "./random/shard";
export type { Stream } from "./random/source";
export type { Shape } from "./shape/shape";
export { checkpoint } from "./tensor/checkpoint";
export {
  type CreationOptions,
  full,
  getDefaultBackend,
  ones,
  type RandomOptions,
  rand,
  randn,
  setDefaultBackend,
  type TensorOptions,
  tensor,
  zeros,
} from "./tensor/creation";
export { bernoulli, normal, randint, randperm } from "./tensor/draws";
export type { NestedArray } from "./tensor/elements";
export { type GradOptions, grad } from "./tensor/grad";
export { type GradcheckOptions, gradcheck, gradgradcheck } from "./tensor/gradcheck";
export { type MemoryInfo, memory } from "./tensor/memory";
export { type ArangeOptions, arange, type EyeOptions, eye, linspace, onesLike, zerosLike } from "./tensor/ranges";
export type { Tensor } from "./tensor/tensor";
export { keep, tidy } from "./tensor/tidy";
