/**
 * Data-parallel training on MPI.
 *
 * @module @dropwise/distributed
 * @packageDocumentation
 */
export type { Ended } from "./load";
