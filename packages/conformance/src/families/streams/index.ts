import type { Family } from "../../case";
import { keptMasks } from "./kept";
import { torchCudaScripts, torchScripts } from "./scripts";
import { underStreams } from "./under-streams";

/** Other frameworks' random streams. */
export const streams: Family = { ...keptMasks, ...underStreams, ...torchScripts, ...torchCudaScripts };
