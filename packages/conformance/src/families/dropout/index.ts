import type { Family } from "../../case";
import { golden } from "./golden";
import { masks } from "./masks";
import { members } from "./members";
import { values } from "./values";

/** The whole dropout family. */
export const dropout: Family = { ...golden, ...masks, ...values, ...members };
