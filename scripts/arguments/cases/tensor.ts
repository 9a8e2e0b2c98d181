/** The members of tensors. */
import type { Cases } from "../case";
import * as p from "../places";

const reduction = { dim: p.dims, keepdim: p.flag() };
const spread = [p.options({ ...reduction, correction: p.number(1) })];
const other = [p.operandOrNumber(2)];
const scalar = p.tensor([]);
/** A tensor that may be gone, too. */
const any = { ...p.tensor(), accepts: () => true };
const each = (names: string, given: Cases[string]): Cases => Object.fromEntries(names.split(" ").map((name) => [`Tensor#${name}`, given]));

export const tensorCases: Cases = {
  ...each("add sub mul div pow eq ne lt le gt ge", other),
  ...each("neg exp log sqrt abs contiguous detach dataSync", []),
  ...each("sum mean amax amin", [p.options(reduction)]),
  ...each("var std", spread),
  "Tensor#argmax": [p.options({ dim: p.dim(), keepdim: p.flag() })],
  "Tensor#matmul": [p.operand([3, 2])],
  "Tensor#where": [p.operand([2, 3], { dtype: "bool" }), p.operandOrNumber(2)],
  "Tensor#clamp": [{ ...p.options({ min: p.number(0), max: p.number(1) }), accepts: () => false }],
  "Tensor#reshape": [p.shape([3, 2], -1)],
  "Tensor#expand": [p.shape([2, 3], -1)],
  "Tensor#transpose": [p.dim(), p.dim(1)],
  "Tensor#permute": [p.permutation],
  "Tensor#slice": [p.dim(), p.optional(p.integer(0)), p.optional(p.integer(2)), p.optional(p.integer(1, 1))],
  "Tensor#squeeze": [p.optional(p.dim())],
  "Tensor#unsqueeze": [p.dim(0, 3)],
  "Tensor#type": [{ valid: () => "int32", accepts: () => false }],
  "Tensor#to": { isAsync: true, args: [p.backend] },
  "Tensor#data": { isAsync: true },
  "Tensor#item": { isAsync: true, on: scalar },
  "Tensor#itemSync": { on: scalar },
  "Tensor#toString": { on: any },
  "Tensor#backward": { on: p.loss, args: [p.optional(p.operand([])), p.options({ retainGraph: p.flag(), createGraph: p.flag() })] },
  "Tensor#toJSON": { on: any, refuses: true, says: ["JSON"] },
  "Tensor#[Symbol.toPrimitive]": { on: any, args: [p.word("number", "string", "default")], refuses: true },
  "Tensor#[nodejs.util.inspect.custom]": { on: any },
  "TensorHandle#grad=": { on: p.receiver((w) => w.tensor()), args: [p.nullable(p.optional(p.operand()))] },
  "TensorHandle#requiresGrad=": { on: any, args: [p.flag()] },
  "TensorHandle#isContiguous": { on: any },
  "TensorHandle#dispose": { on: any },
  "TensorHandle#[Symbol.dispose]": { on: any },
};
