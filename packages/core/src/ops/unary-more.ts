import type { Primitive } from "../autograd/node";
import { composed } from "../autograd/scope";
import type { Backend } from "../backend/backend";
import type { DefinedUnary } from "../backend/kernels";
import type { MoreUnaryOp } from "../backend/op-names";
import type { Device } from "../backend/storage";
import { knowsOp, versionOf } from "../backend/versions";
import { referenceFamilies } from "../cpu/reference-families";
import { MORE_UNARY } from "../cpu/unary-more";
import { UnsupportedOpError } from "../errors/errors";
import type { Tensor } from "../tensor/tensor";
import { div } from "./arithmetic";
import { checkTensor } from "./binary";
import { cat } from "./cat";
import { computedLayout, constantLike, unrecorded } from "./layout";
import { type Unary, unary } from "./unary";

// The functions that not every program carries, a line each: beside the gradient what they are composed of for a backend whose version of the contract does
// not have the name.

export const erf = /* @__PURE__ */ more("erf", "input", (grad, x) => grad.mul(x.mul(x).neg().exp()).mul(2 / Math.sqrt(Math.PI)));
export const floor = /* @__PURE__ */ integral("floor", lower);
export const ceil = /* @__PURE__ */ integral("ceil", (x) => lower(x.neg()).neg());
export const round = /* @__PURE__ */ integral("round", nearest);
export const sign = /* @__PURE__ */ integral("sign", signOf, signOf);
export const sin = /* @__PURE__ */ more("sin", "input", (grad, x) => grad.mul(cos(x)));
export const cos = /* @__PURE__ */ more("cos", "input", (grad, x) => grad.mul(sin(x).neg()));
export const rsqrt = /* @__PURE__ */ more("rsqrt", "output", cubed, (x) => div(1, x.sqrt()));

// --- internal helpers ---

/** A row as in `unary`. */
function more(op: MoreUnaryOp, from: "input" | "output" | "none", gradient: Parameters<typeof unary>[2], composition?: Unary): Unary {
  return unary(op, from, gradient, { forward: forwardOf(op, composition) });
}

function forwardOf(op: MoreUnaryOp, composition: Unary | undefined): Primitive<null>["forward"] {
  return ([x]) => {
    const { device } = x.storage;
    const kernel = kernelFor(device, op);
    if (kernel !== undefined) return computedLayout(device, x.dtype, x.sizes, (out) => kernel(op, x.layout, out));
    if (composition !== undefined) return unrecorded(() => composition(x));
    const { info, name } = device.backend;
    const detail = `expected a backend of contract ${versionOf(op)}, got ${name} of contract ${info.contract ?? 1} - move the tensor to another one`;
    throw new UnsupportedOpError(op, name, detail);
  };
}

/** The backend's own kernel where its version of the contract has the name, else the definition on the backend's memory, if that can be seen. */
function kernelFor({ backend, kernels, view }: Device, op: MoreUnaryOp): Backend["unary"] {
  const isReference = backend.unary === undefined;
  if (!isReference && knowsOp(backend, op)) return kernels.unary;
  const reference: DefinedUnary | undefined = isReference ? kernels : view && referenceFamilies(view);
  return reference && ((_, x, out) => reference.unary(op, x, out, MORE_UNARY[op]));
}

/** A function to whole numbers, which takes int32, too. It is constant between its steps, so the gradient is zeros, whatever comes in. */
function integral(op: MoreUnaryOp, composition: Unary, ofIntegers: Unary = copy): Unary {
  const ofFloats = more(op, "none", (grad) => constantLike(grad, 0, grad.sizes), composition);
  return (tensor) => {
    const x = checkTensor(op, tensor);
    return x.dtype === "int32" ? composed(() => ofIntegers(x)) : ofFloats(x);
  };
}

function copy(x: Tensor): Tensor {
  return cat([x.reshape([-1])]).reshape(x.sizes);
}

function cubed(grad: Tensor, y: Tensor): Tensor {
  return grad.mul(y.mul(y).mul(y)).mul(-0.5);
}

/** The nearest whole number: beside 2^23, or 2^52, floats have no fractions, and halves go to the even neighbour. */
function nearest(x: Tensor): Tensor {
  const last = x.dtype === "float64" ? 2 ** 52 : 2 ** 23;
  const size = x.abs();
  const rounded = size.add(last).sub(last);
  const y = rounded.where(x.gt(0), rounded.neg());
  return y.where(size.lt(last), x).where(y.ne(x), x); // zeros keep their sign
}

function lower(x: Tensor): Tensor {
  const y = nearest(x);
  return y.sub(1).where(y.gt(x), y);
}

function signOf(x: Tensor): Tensor {
  return x.gt(0).type(x.dtype).sub(x.lt(0).type(x.dtype));
}
