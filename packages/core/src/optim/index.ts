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
export { NAdam, type NAdamOptions } from "./nadam";
export { type FullGroup, Optimizer, type OptimizerTraits, type ParamGroup, type Params } from "./optimizer";
export { RAdam, type RAdamOptions } from "./radam";
export { RMSprop, type RMSpropOptions } from "./rmsprop";
export { SGD, type SGDOptions } from "./sgd";
export type { OptimizerStateDict, SavedState } from "./state";
