import { isBranded, isPromise } from "../errors/brand";
import { refusal, wrongType } from "../errors/refusal";
import { checkTensor } from "../ops/binary";
import type { Tensor } from "../tensor/tensor";
import { checkSingle } from "../tensor/transfer";

/** What says how wrong a model is: a function of its output and the target, such as `functional.crossEntropy`, or a module, such as `new nn.CrossEntropyLoss()`. */
export type LossFunction =
  // biome-ignore lint/suspicious/noExplicitAny: outputs and targets are what the model and the loader give
  | ((output: any, target: any) => Tensor)
  // biome-ignore lint/suspicious/noExplicitAny: as above
  | { forward(output: any, target: any): Tensor };

/** The loss as a function that refuses to give anything but one element. */
export function lossOf(op: string, loss: LossFunction): (output: unknown, target: unknown) => Tensor {
  if (typeof loss === "function" && isBranded(loss.prototype, "Module"))
    throw refusal(op, "a loss", "the class of one", "make one with new");
  if (typeof loss !== "function" && !isBranded(loss, "Module"))
    throw wrongType(op, "loss to be a function of output and target, or a module", loss, "such as F.crossEntropy");
  return (output, target) => {
    const value: unknown = typeof loss === "function" ? loss(output, target) : loss.forward(output, target);
    if (isPromise(value)) throw refusal(op, "a loss that is there at once", "a promise", "return the tensor; nothing in a step waits");
    const scalar = checkTensor(op, value, "what loss gives");
    checkSingle(op, scalar, 'let it give one, by reduction: "mean" or by mean()');
    return scalar;
  };
}
