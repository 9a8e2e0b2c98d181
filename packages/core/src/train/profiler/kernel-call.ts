import type { Operand, OptimizerUpdate } from "../../backend/backend";
import type { DeviceKernels } from "../../backend/kernels";
import { BYTES_PER_ELEMENT } from "../../dtype/dtype";
import type { Traffic } from "./recorder";

/** What a call of a kernel is called: by the operation, where one kernel does many. */
export function nameOf(member: keyof DeviceKernels, args: readonly unknown[]): string {
  const [first] = args;
  if (member === "activationGrad") return `${first}Grad`;
  if (typeof first === "string") return first; // unary, binary, reduce, activation
  if (first === true) return member.replace("softmax", "logSoftmax");
  return member === "optimizerStep" ? ((first as readonly OptimizerUpdate[])[0]?.spec.kind ?? member) : member;
}

/** The shapes of a call's operands, and the bytes that they have. An element that a stride of 0 repeats is there once. */
export function trafficOf(args: readonly unknown[]): Traffic {
  const operands = args
    .flat()
    .flatMap((arg) => (isUpdate(arg) ? [arg.param, arg.grad, ...arg.state] : [arg]))
    .filter(isOperand);
  return { shapes: operands.map(({ shape }) => shape), bytes: operands.reduce((sum, operand) => sum + bytesOf(operand), 0) };
}

// --- internal helpers ---

function isUpdate(value: unknown): value is OptimizerUpdate {
  return typeof value === "object" && value !== null && "spec" in value;
}

function isOperand(value: unknown): value is Operand {
  return typeof value === "object" && value !== null && "storage" in value;
}

function bytesOf({ storage, shape, strides }: Operand): number {
  return shape.reduce((product, size, i) => (strides[i] === 0 && size > 0 ? product : product * size), BYTES_PER_ELEMENT[storage.dtype]);
}
