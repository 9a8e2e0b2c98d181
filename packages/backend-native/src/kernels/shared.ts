/** What the files of this folder share: the members of the backend that the addon speeds up. Dtypes and functions it has no kernel for go to core's reference kernels, on the same memory. */
import type { Backend, Operand } from "@dropwise/core/backend";
import type { NativeHandle } from "../memory";

/** An operand in the addon's memory. */
export type Op = Operand<NativeHandle>;

/** Members of the backend that are there. */
export type Members<K extends keyof Backend> = Required<Pick<Backend<NativeHandle>, K>>;

/** True for a number, and for an operand of the dtype that kernels have. */
export const isFloat32 = (operand: Op | number): boolean => typeof operand === "number" || operand.storage.dtype === "float32";
