/** `@dropwise/core/backend`, but for what core exports, too. */
import { contiguousStrides, referenceKernels, type tensorOfParts } from "@dropwise/core/backend";
import type { Cases } from "../case";
import type { Place } from "../place";
import * as p from "../places";

/** Signed or unsigned. */
const word = p.integer(1, -(2 ** 31), 2 ** 32 - 1);
/** Nothing is allocated for them: they may be of any size. */
const sizes: Place = { ...p.list(p.integer(2, 0)), valid: () => Object.freeze([2, 3]) };
const strides: Place = { ...p.list(p.integer(3)), valid: () => Object.freeze(contiguousStrides([2, 3])) };

// What stands in the author's own code is no argument here: the name of the call, the options that there are.
const readingOptions = (optionsOf: (op: string, options: unknown, kinds: object) => unknown) => (options: unknown) =>
  optionsOf("own", options, { size: "number" });
const refusing = (refuse: (op: string, expected: string, value: unknown) => unknown) => (value: unknown) => refuse("own", "another", value);

// What gives the parts is a program: core's own tests have what is refused of it.
async function* sixElements() {
  yield new Float32Array(6);
}
const ofSixes = (make: typeof tensorOfParts) => (shape: number[], options: object) => make(sixElements(), shape, options);
/** Whatever else has six elements would do as well. */
const sixes: Place = {
  ...p.list(p.integer(2, 0)),
  valid: () => [2, 3],
  accepts: (value) => p.isArrayOf(value, Number.isInteger) && (value as number[]).reduce((product, size) => product * size, 1) === 6,
};
const creation = { dtype: { valid: () => "float32", accepts: () => false }, requiresGrad: p.flag(), backend: p.backend };

export const backendCases: Cases = {
  BYTES_PER_ELEMENT: "a table",
  rehearse: "called by a backend's author with the backend itself; what its function may be is in core's own tests",
  withEpilogue: "takes kernels and gives one: all of it is an author's own code",
  layoutOf: "part of the contract, as a spec is: handed from core to kernels",
  createTypedArray: [{ valid: () => "float32", accepts: () => false }, p.integer(2, 0, 1000)],
  isFloating: [p.anything("float32")],
  isComparison: [p.anything("lt")],
  versionOf: [p.anything("floor")],
  contiguousStrides: [sizes],
  isContiguous: [sizes, strides],
  mergeDims: [sizes, p.list(strides, 2)],
  sizeOf: [sizes],
  philox4x32: [word, word, word, word, word, word, p.made(() => new Uint32Array(4))],
  applyBinary: { args: [p.word("add", "mul"), p.or(p.number(2), p.tensor()), p.tensor()], says: ["add", "mul", "applyBinary"] },
  applyUnary: { args: [p.word("neg", "abs"), p.tensor()], says: ["neg", "abs", "applyUnary"] },
  scaleOf: [p.fraction(0.5)],
  thresholdOf: [p.fraction(0.5)],
  referenceKernels: [p.anything(referenceKernels)],
  optionsOf: { as: readingOptions as (value: never) => unknown, args: [p.options({ size: p.number(1) })], says: ["own"] },
  tensorOfParts: { as: ofSixes as (value: never) => unknown, args: [sixes, p.options(creation)], isAsync: true },
  wrongType: { as: refusing as (value: never) => unknown, args: [p.anything()] },
  wrongValue: { as: refusing as (value: never) => unknown, args: [p.anything()] },
};
