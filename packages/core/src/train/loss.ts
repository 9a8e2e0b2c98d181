import { isBranded, isPromise } from "../errors/brand";
import { refusal, wrongType } from "../errors/refusal";
import type { Module } from "../nn/module";
import { checkTensor } from "../ops/binary";
import type { Tensor } from "../tensor/tensor";
import { checkSingle } from "../tensor/transfer";

/** What says how wrong a model is: a function of its output and the target, such as `functional.crossEntropy`, or a module, such as `new nn.CrossEntropyLoss()`. */
// biome-ignore lint/suspicious/noExplicitAny: outputs and targets are what the model and the loader give
export type LossFunction = Module | ((output: any, target: any) => Tensor);

/** The loss as a function that refuses to give anything but one element. */
export function lossOf(op: string, loss: LossFunction): (output: unknown, target: unknown) => Tensor {
  if (typeof loss === "function" && isBranded(loss.prototype, "Module"))
    throw refusal(op, "a loss", "the class of one", "make one with new");
  const isModule = isBranded(loss, "Module");
  if (typeof loss !== "function" && !isModule)
    throw wrongType(op, "loss to be a function of output and target, or a module", loss, "such as F.crossEntropy");
  return (output, target) => {
    const value = isModule
      ? (loss as Module).forward(output, target)
      : (loss as (output: unknown, target: unknown) => unknown)(output, target);
    if (isPromise(value)) throw refusal(op, "a loss that is there at once", "a promise", "return the tensor; nothing in a step waits");
    const scalar = checkTensor(op, value, "what loss gives");
    checkSingle(op, scalar, 'let it give one, by reduction: "mean" or by mean()');
    return scalar;
  };
}
