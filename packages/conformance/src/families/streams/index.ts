import type { Family } from "../../case";
import { keptMasks } from "./kept";
import { torchScripts } from "./scripts";

/** Other frameworks' random streams. */
export const streams: Family = { ...keptMasks, ...torchScripts };
