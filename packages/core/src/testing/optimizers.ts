/** What the tests of optimizers share. */
import { optim, type Tensor, tensor } from "../index";

/** A parameter. */
export const leaf = (...values: number[]) => tensor(values, { requiresGrad: true });
/** Its values. */
export const list = (x: Tensor) => [...x.dataSync()];
/** Gives it a gradient. */
export const setGrad = (x: Tensor, ...values: number[]) => {
  x.grad = tensor(values);
};
/** All of them. */
export const OPTIMIZERS = [
  optim.SGD,
  optim.Adam,
  optim.AdamW,
  optim.RMSprop,
  optim.Adagrad,
  optim.Adadelta,
  optim.Adamax,
  optim.NAdam,
  optim.RAdam,
];
