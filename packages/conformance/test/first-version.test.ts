/** A backend written for the first version of the contract: it runs every model, and is never handed what that version did not have. */
import { describeBackend } from "@dropwise/conformance";
import type { Backend } from "@dropwise/core";
import { type DropoutSpec, type Kernels, type Operand, referenceKernels, type TypedArray } from "@dropwise/core/backend";
import { createMinimalBackend } from "./minimal-backend";

/** All names and fields of the first version. */
const NAMES = {
  unary: ["neg", "abs", "exp", "expm1", "log", "log1p", "sqrt", "relu", "sigmoid", "tanh", "erf", "softplus"],
  binary: [
    ...["add", "sub", "mul", "div", "pow", "minimum", "maximum", "reluGrad", "sigmoidGrad", "tanhGrad", "binaryCrossEntropy"],
    ...["eq", "ne", "lt", "le", "gt", "ge"],
  ],
  reduce: ["sum", "amax", "amin", "argmax"],
} as const;
const SPEC = [
  ...["seedLo", "seedHi", "callLo", "callHi", "elementOffset", "threshold"],
  ...["keepScale", "keepShift", "dropValue", "shape", "maskStrides"],
];
const FAMILIES = ["unary", "binary", "reduce", "where", "matmul", "copy", "fill", "gather", "scatterAdd", "dropout"] as const;

describeBackend({ name: "first version", create: () => strict(createMinimalBackend() as Backend) });

// --- internal helpers ---

/** The minimal backend without its view, as on a device, so that every family is its own; it refuses what it cannot know, and has none of the fused members. */
function strict(minimal: Backend): Backend {
  const { view: _, dropout: __, ...storage } = minimal;
  const right = referenceKernels(({ handle }) => handle as TypedArray);
  const families = Object.fromEntries(FAMILIES.map((family) => [family, right[family]])) as unknown as Kernels;
  const known = (family: keyof typeof NAMES, op: string) => {
    if (!(NAMES[family] as readonly string[]).includes(op)) throw new Error(`first version: got ${family} "${op}", which it does not have`);
  };
  return {
    ...storage,
    ...families,
    ...OTHERS,
    info: { ...minimal.info, hostVisible: false, dtypes: ["float32", "int32", "bool"] },
    unary: (op, ...rest) => {
      known("unary", op);
      right.unary(op, ...rest);
    },
    binary: (op, ...rest) => {
      known("binary", op);
      right.binary(op, ...rest);
    },
    reduce: (op, ...rest) => {
      known("reduce", op);
      right.reduce(op, ...rest);
    },
    dropout: (spec: DropoutSpec, x: Operand, out: Operand) => {
      checkSpec(spec);
      right.dropout(spec, x, out);
    },
  } as Backend;
}

/** Members of its own, whose names later versions gave a meaning. */
const OTHERS = Object.fromEntries(
  ["unfold", "fold", "convolution", "pool", "normalize", "attention", "activation", "activationGrad"].map((name) => [
    name,
    () => {
      throw new Error(`first version: got a call of "${name}", which is its own`);
    },
  ]),
);

/** Refuses a field that was not there, and strides that are not those of a mask of its own: gapless, or 0 where an element is shared. */
function checkSpec(spec: DropoutSpec): void {
  for (const field of Object.keys(spec)) if (!SPEC.includes(field)) throw new Error(`first version: got a mask with "${field}"`);
  let expected = 1;
  for (let dim = spec.shape.length - 1; dim >= 0; dim--) {
    const stride = spec.maskStrides[dim] as number;
    if (stride === 0) continue;
    if (stride !== expected) throw new Error(`first version: got a mask of [${spec.shape}] with strides [${spec.maskStrides}]`);
    expected *= spec.shape[dim] as number;
  }
}
