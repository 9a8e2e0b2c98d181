import type { Family } from "./case";
import { dropout } from "./families/dropout";
import { storage } from "./families/storage";

/** Every check, by op family. */
export const suite: Readonly<Record<string, Family>> = { storage, dropout };
