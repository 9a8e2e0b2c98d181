/**
 * Data-parallel training on MPI: the same losses and the same weights, bit for bit, for any number of processes.
 *
 * @module @dropwise/distributed
 * @packageDocumentation
 */
export { type ConnectOptions, connect } from "./connect";
export {
  type DataParallel,
  type DataParallelOptions,
  dataParallel,
  type OptimizerLike,
  type StepOptions,
} from "./data-parallel/data-parallel";
export { DistributedSampler, type DistributedSamplerOptions } from "./distributed-sampler";
export { GroupError, MpiUnavailableError, PeerTimeoutError } from "./errors";
export type { Group, GroupArray, OrderedSumOptions, PartRange, Reduction } from "./group";
