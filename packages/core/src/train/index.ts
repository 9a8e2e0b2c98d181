/**
 * For programs that train: where their time goes.
 *
 * Examples here leave out one line: `import { profile, recordFunction } from "@dropwise/core/train"`, with the names that they use, and that of
 * `@dropwise/core`.
 *
 * @module @dropwise/core/train
 * @packageDocumentation
 */

export type { Profile, TableOptions } from "./profiler/profile";
export { type ProfileOptions, profile, recordFunction } from "./profiler/run";
export type { KeyAveragesOptions, ProfileRow, RowKind } from "./profiler/summary";
