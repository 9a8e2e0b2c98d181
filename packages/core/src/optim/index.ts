export { Adam, type AdamOptions, AdamW } from "./adam";
export { type FullGroup, Optimizer, type ParamGroup, type Params } from "./optimizer";
export { SGD, type SGDOptions } from "./sgd";
export type { OptimizerStateDict, SavedState } from "./state";
