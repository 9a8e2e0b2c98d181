/**
 * Optimizers: they update parameters from their gradients. Mirrors [torch.optim](https://docs.pytorch.org/docs/stable/optim.html), with
 * its defaults.
 *
 * @packageDocumentation
 */
export { Adadelta, type AdadeltaOptions } from "./adadelta";
export { Adagrad, type AdagradOptions } from "./adagrad";
export { Adam, type AdamOptions, AdamW } from "./adam";
export { Adamax, type AdamaxOptions } from "./adamax";
export type { StepFormula, StepRule } from "./composed-step";
export { CyclicLR, type CyclicLROptions, OneCycleLR, type OneCycleLROptions } from "./cyclic";
export { EMA, type EMAOptions, type EMAStateDict } from "./ema";
export { NAdam, type NAdamOptions } from "./nadam";
export { type FullGroup, Optimizer, type OptimizerTraits, type ParamGroup, type Params } from "./optimizer";
export { ReduceLROnPlateau, type ReduceLROnPlateauOptions } from "./plateau";
export { RAdam, type RAdamOptions } from "./radam";
export { RMSprop, type RMSpropOptions } from "./rmsprop";
export { LRScheduler, type LRSchedulerStateDict, type ScheduledOptimizer } from "./scheduler";
export {
  ConstantLR,
  type ConstantLROptions,
  CosineAnnealingLR,
  type CosineAnnealingLROptions,
  CosineAnnealingWarmRestarts,
  type CosineAnnealingWarmRestartsOptions,
  ExponentialLR,
  type ExponentialLROptions,
  LambdaLR,
  type LambdaLROptions,
  LinearLR,
  type LinearLROptions,
  MultiStepLR,
  type MultiStepLROptions,
  PolynomialLR,
  type PolynomialLROptions,
  StepLR,
  type StepLROptions,
} from "./schedules";
export { SequentialLR, type SequentialLROptions } from "./sequential-lr";
export { SGD, type SGDOptions } from "./sgd";
export type { OptimizerStateDict, SavedState } from "./state";
