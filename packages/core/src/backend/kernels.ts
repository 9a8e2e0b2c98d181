/** A backend's kernels, as core calls them. */
import type { TypedArray } from "../dtype/dtype";
import type { Backend, BackendStorage } from "./backend";

/** The members of a backend that compute. Required here: an absent one was filled in or throws when called. */
type Families = Required<Pick<Backend, "unary" | "binary" | "reduce" | "where" | "matmul" | "copy" | "fill" | "dropout">>;

/** Turns a storage of a host-visible backend into the typed array behind it. */
export type View = (storage: BackendStorage) => TypedArray;

/** An elementwise function of one number. */
export type UnaryFunction = (x: number) => number;

/** The reference kernel has the functions that every program carries: another comes with its `definition`, which no backend is handed. */
export type DefinedUnary = { unary(...args: [...Parameters<Families["unary"]>, definition?: UnaryFunction]): void };

/** The members that came with the second version of the contract. */
export type LaterMember =
  | "unfold"
  | "fold"
  | "normalize"
  | "normalizeGrad"
  | "lstm"
  | "lstmGrad"
  | "attention"
  | "attentionGrad"
  | "convolution"
  | "convolutionGradInput"
  | "convolutionGradWeight"
  | "pool"
  | "poolGrad"
  | "activation"
  | "activationGrad";

/** The kernels core calls: every family, and those other ones that the backend has; later ones from the first time on that they are asked for. */
export type DeviceKernels = Families &
  DefinedUnary &
  Pick<Backend, "gather" | "scatterAdd" | "linear" | "softmax" | "softmaxGrad" | "optimizerStep" | LaterMember>;
