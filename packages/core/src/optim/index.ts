/**
 * Optimizers: they update parameters from their gradients. Mirrors [torch.optim](https://docs.pytorch.org/docs/stable/optim.html), with
 * its defaults.
 *
 * @packageDocumentation
 */
export { Adam, type AdamOptions, AdamW } from "./adam";
export { type FullGroup, Optimizer, type OptimizerTraits, type ParamGroup, type Params } from "./optimizer";
export { SGD, type SGDOptions } from "./sgd";
export type { OptimizerStateDict, SavedState } from "./state";
