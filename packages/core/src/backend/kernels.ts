/** A backend's kernels, as core calls them. */
import type { TypedArray } from "../dtype/dtype";
import type { Backend, BackendStorage } from "./backend";

/** The members of a backend that compute. Required here: an absent one was filled in or throws when called. */
type Families = Required<Pick<Backend, "unary" | "binary" | "reduce" | "where" | "matmul" | "copy" | "fill" | "dropout">>;

/** Turns a storage of a host-visible backend into the typed array behind it. */
export type View = (storage: BackendStorage) => TypedArray;

/** The kernels core calls: every family, and those other ones that the backend has. */
export type DeviceKernels = Families &
  Pick<Backend, "gather" | "scatterAdd" | "unfold" | "fold" | "linear" | "softmax" | "softmaxGrad" | "optimizerStep">;
