import type { Layout, Primitive } from "../autograd/node";
import { checkLive } from "../autograd/run";
import { type BinaryOp, isComparison } from "../backend/op-names";
import { checkInt32, type DType, fitsInt32, isFloating, promote } from "../dtype/dtype";
import { isBranded, isPromise, isTensor, raw } from "../errors/brand";
import { wrongType } from "../errors/refusal";
import { broadcastShapes, broadcastStrides, type Shape, sameShape } from "../shape/shape";
import type { Tensor } from "../tensor/tensor";
import { computedLayout, runCast } from "./layout";
import { sumTo } from "./sum-to";

/** An operand: a tensor, or a number that stands for a constant of the other one's dtype. */
export type NumberOrTensor = Tensor | number;

/** An elementwise function of two operands, at least one of them a tensor. */
export type Binary = (a: NumberOrTensor, b: NumberOrTensor) => Tensor;

/** Gradients of a binary function, before they are summed to their operands' shapes. Its own operand is a tensor; the other one may be a number. */
interface Gradients {
  /** Who reads operand a, who reads b, and who the result y (default: nobody): 1 for a's gradient, 2 for b's, 3 for both. */
  readonly reads: readonly [a: number, b: number, y?: number];
  a(grad: Tensor, a: () => Tensor, b: () => NumberOrTensor, y: () => Tensor): Tensor;
  /** Absent: 0 everywhere. */
  b?(grad: Tensor, a: () => NumberOrTensor, b: () => Tensor, y: () => Tensor): Tensor;
}

/**
 * Makes an elementwise function of two operands, which are broadcast to one shape and converted to one dtype.
 *
 * @param gradients Absent: the result carries none.
 * @returns The function. It throws ShapeError for shapes that do not broadcast, TypeError for anything but tensors and numbers, RangeError for a number
 *   beyond int32 that integers would be computed with (but compared, or divided by).
 */
export function binary(op: BinaryOp, gradients?: Gradients): Binary {
  const tensors = primitive(op, gradients, true, true);
  const numberRight = primitive(op, gradients, true, false);
  const numberLeft = primitive(op, gradients, false, true);
  return (a, b) => {
    if (typeof b === "number") {
      const x = checkTensor(op, a);
      const value = comparable(op, x, b);
      return runCast(numberRight, [x], value, commonDtype(op, x, value));
    }
    if (typeof a === "number") {
      const x = checkTensor(op, b);
      const value = comparable(op, x, a);
      return runCast(numberLeft, [x], value, commonDtype(op, value, x));
    }
    const dtype = commonDtype(op, a, b); // refuses what is no tensor
    return runCast(tensors, [raw(a), raw(b)], 0, dtype);
  };
}

/**
 * The tensor, without a proxy that reactive state may have put around it. Refuses anything else, and a disposed one: here, under the name of the call, and
 * not under that of a step inside it. `name` says which argument it is.
 */
export function checkTensor(op: string, value: unknown, name?: string): Tensor {
  if (isTensor(value)) return checkLive(op, raw(value));
  const expected = name === undefined ? "a Tensor" : `${name} to be a Tensor`;
  throw wrongType(op, expected, value, adviceFor(value));
}

/**
 * The dtype two operands meet in. A number never widens a float tensor; one with a fraction turns integers to float32.
 *
 * @throws RangeError for a whole number that would meet integers and is none of int32's.
 */
export function promoteOperands(op: string, a: NumberOrTensor, b: NumberOrTensor): DType {
  const dtype = promoteLoosely(op, a, b);
  if (dtype === "int32") {
    for (const operand of [a, b]) if (typeof operand === "number") checkInt32(op, operand, 'convert the tensor with type("float32")');
  }
  return dtype;
}

/** Strides that read an operand as `shape`; a number stays one. */
export function broadcastTo(operand: NumberOrTensor, shape: Shape): Layout | number {
  if (typeof operand === "number") return operand;
  const { layout } = operand;
  return sameShape(layout.shape, shape) ? layout : { ...layout, shape, strides: broadcastStrides(layout.shape, layout.strides, shape) };
}

// --- internal helpers ---

/** What somebody probably forgot who gave this in place of a tensor. */
function adviceFor(value: unknown): string {
  if (isPromise(value)) return "await it first";
  if (isBranded(value, "Module")) return "call its forward(input)";
  return "make one with tensor(data)";
}

/** The function for one way the operands can stand: those that are no tensors are the number that its attribute is. */
function primitive(op: BinaryOp, gradients: Gradients | undefined, aIsTensor: boolean, bIsTensor: boolean): Primitive<number> {
  const forwards: Primitive<number> = {
    name: op,
    forward: ([first, second = first], value) => forward(op, aIsTensor ? first : value, bIsTensor ? second : value),
  };
  if (gradients === undefined) return forwards;
  const { a: ofA, b: ofB } = gradients;
  const [readsA, readsB, readsY = 0] = gradients.reads;
  // Gradients of one operand alone are the first input's.
  const one = (mask: number) => (aIsTensor ? mask & 1 : mask >> 1);
  const both = aIsTensor && bIsTensor;
  return {
    ...forwards,
    reads: both ? [readsA, readsB] : [one(aIsTensor ? readsA : readsB)],
    readsOutput: both ? readsY : one(readsY),
    backward(node, grad) {
      const a = () => (aIsTensor ? node.input(0) : node.attrs) as Tensor;
      const b = () => (bIsTensor ? node.input(both ? 1 : 0) : node.attrs) as Tensor;
      const y = () => node.output();
      const gradientOf = (gradient: Gradients["a"] | Gradients["b"], i: number) =>
        gradient && node.needs(i) ? sumTo(gradient(grad, a, b, y), node.shapes[i] as Shape) : null;
      return both ? [gradientOf(ofA, 0), gradientOf(ofB, 1)] : [gradientOf(aIsTensor ? ofA : ofB, 0)];
    },
  };
}

function forward(op: BinaryOp, a: NumberOrTensor, b: NumberOrTensor): Layout {
  const { storage } = (typeof a === "number" ? b : a) as Tensor;
  const shape = typeof a === "number" ? (b as Tensor).sizes : typeof b === "number" ? a.sizes : broadcastShapes(op, a.sizes, b.sizes);
  const { device, dtype } = storage;
  return computedLayout(device, isComparison(op) ? "bool" : dtype, shape, (out, kernels) =>
    kernels.binary(op, broadcastTo(a, shape), broadcastTo(b, shape), out),
  );
}

function commonDtype(op: BinaryOp, a: NumberOrTensor, b: NumberOrTensor): DType {
  if (op === "div" || op === "pow") {
    const dtype = promoteLoosely(op, a, b);
    return isFloating(dtype) ? dtype : "float32";
  }
  const dtype = promoteOperands(op, a, b);
  // Arithmetic on bool counts, as in PyTorch's integers.
  return dtype === "bool" && !isComparison(op) ? "int32" : dtype;
}

/** A number to compare with `x`. One beyond int32 is on the same side of all integers as an infinity, with which they compare in float32. */
function comparable(op: BinaryOp, x: Tensor, value: number): number {
  if (isFloating(x.dtype) || !isComparison(op) || fitsInt32(value)) return value;
  return value * Number.POSITIVE_INFINITY;
}

function promoteLoosely(op: string, a: NumberOrTensor, b: NumberOrTensor): DType {
  if (typeof b === "number") return withNumber(checkTensor(op, a).dtype, b);
  if (typeof a === "number") return withNumber(checkTensor(op, b).dtype, a);
  return promote(checkTensor(op, a).dtype, checkTensor(op, b).dtype);
}

function withNumber(dtype: DType, value: number): DType {
  if (isFloating(dtype)) return dtype;
  return Number.isInteger(value) ? promote(dtype, "int32") : "float32";
}
