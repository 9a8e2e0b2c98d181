/**
 * The suite that every backend passes, ours and anyone's: masks, kernels, gradients, training, memory and errors, against the reference.
 *
 * @module @dropwise/conformance
 * @packageDocumentation
 */
export type { Allowances } from "./case";
export { type BackendUnderTest, type ConformanceMeta, describeBackend, type Skip } from "./describe-backend";
