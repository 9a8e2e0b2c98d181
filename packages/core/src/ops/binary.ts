import type { GradNode, Layout, Primitive } from "../autograd/node";
import { checkLive } from "../autograd/run";
import { type BinaryOp, isComparison } from "../backend/op-names";
import { checkInt32, type DType, fitsInt32, isFloating, promote } from "../dtype/dtype";
import { isBranded, isTensor, raw } from "../errors/brand";
import { wrongType } from "../errors/refusal";
import { broadcastShapes, broadcastStrides, type Shape, sameShape } from "../shape/shape";
import type { Tensor } from "../tensor/tensor";
import { BINARY_GRADIENTS } from "./binary-gradients";
import { computedLayout, runCast } from "./layout";
import { sumTo } from "./sum-to";

/** An operand: a tensor, or a number that stands for a constant of the other one's dtype. */
export type NumberOrTensor = Tensor | number;

/**
 * Applies an elementwise function of two operands, broadcast to one shape and converted to one dtype.
 *
 * @throws ShapeError for shapes that do not broadcast, TypeError for anything but tensors and numbers, RangeError for a number beyond int32 that
 *   integers would be computed with (but compared, or divided by).
 */
export function applyBinary(op: BinaryOp, a: NumberOrTensor, b: NumberOrTensor): Tensor {
  const { tensors, numberRight, numberLeft } = primitivesOf(op);
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
  if (typeof (value as { then?: unknown } | null | undefined)?.then === "function") return "await it first";
  if (isBranded(value, "Module")) return "call its forward(input)";
  return "make one with tensor(data)";
}

/** One primitive for each way a number can stand; its attribute is that number. */
interface BinaryPrimitives {
  readonly tensors: Primitive<number>;
  readonly numberRight: Primitive<number>;
  readonly numberLeft: Primitive<number>;
}

const cache = new Map<BinaryOp, BinaryPrimitives>();

function primitivesOf(op: BinaryOp): BinaryPrimitives {
  let primitives = cache.get(op);
  if (primitives === undefined) {
    primitives = makePrimitives(op);
    cache.set(op, primitives);
  }
  return primitives;
}

function makePrimitives(op: BinaryOp): BinaryPrimitives {
  const gradients = BINARY_GRADIENTS[op];
  const forwards = {
    tensors: { name: op, forward: ([a, b]: readonly Tensor[]) => forward(op, a as Tensor, b as Tensor) },
    numberRight: { name: op, forward: ([a]: readonly Tensor[], b: number) => forward(op, a as Tensor, b) },
    numberLeft: { name: op, forward: ([b]: readonly Tensor[], a: number) => forward(op, a, b as Tensor) },
  };
  if (gradients === undefined) return forwards;
  const { a: ofA, b: ofB, reads } = gradients;
  const { y = 0 } = reads;
  return {
    tensors: {
      ...forwards.tensors,
      reads: [reads.a, reads.b],
      readsOutput: y,
      backward(node, grad) {
        const a = () => node.input(0);
        const b = () => node.input(1);
        return [
          node.needs(0) && ofA ? sumTo(ofA(grad, a, b, output(node)), node.shapes[0] as Shape) : null,
          node.needs(1) && ofB ? sumTo(ofB(grad, a, b, output(node)), node.shapes[1] as Shape) : null,
        ];
      },
    },
    numberRight: {
      ...forwards.numberRight,
      reads: [reads.a & 1],
      readsOutput: y & 1,
      backward: (node, grad) => [ofA ? ofA(grad, operand(node), number(node), output(node)) : null],
    },
    numberLeft: {
      ...forwards.numberLeft,
      reads: [reads.b >> 1],
      readsOutput: y >> 1,
      backward: (node, grad) => [ofB ? ofB(grad, number(node), operand(node), output(node)) : null],
    },
  };
}

const operand = (node: GradNode<number>) => () => node.input(0);
const number = (node: GradNode<number>) => () => node.attrs;
const output = (node: GradNode<number>) => () => node.output();

function forward(op: BinaryOp, a: NumberOrTensor, b: NumberOrTensor): Layout {
  const { storage } = (typeof a === "number" ? b : a) as Tensor;
  const shape = typeof a === "number" ? (b as Tensor).sizes : typeof b === "number" ? a.sizes : broadcastShapes(op, a.sizes, b.sizes);
  const { device, dtype } = storage;
  return computedLayout(device, isComparison(op) ? "bool" : dtype, shape, (out) =>
    device.kernels.binary(op, broadcastTo(a, shape), broadcastTo(b, shape), out),
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
