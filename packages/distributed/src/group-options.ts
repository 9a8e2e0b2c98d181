import type { OptionKinds } from "@dropwise/core/backend";
import type { OrderedSumOptions, Reduction } from "./group";

/** The options of a group's methods. */
export const REDUCE: OptionKinds<{ reduction?: Reduction }> = { reduction: "any" };
export const BROADCAST: OptionKinds<{ root?: number }> = { root: "any" };
export const ORDERED_SUM: OptionKinds<OrderedSumOptions> = { count: "any", length: "any", dtype: "any" };
