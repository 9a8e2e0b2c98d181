import { attempt } from "../random/draws";
import type { Generator } from "../random/generator";
import type { Module } from "./module";
import { isParameter, type Parameter } from "./parameter";

/**
 * What `build` makes of parts, each handed to `own` as it comes; or nothing: when memory runs out on the way, the parts made are freed, and the generator stands
 * where it was.
 */
export function allOrNone<T>(generator: Generator, build: (own: <P extends Module | Parameter>(part: P) => P) => T): T {
  const made: (Module | Parameter)[] = [];
  return attempt(generator, () => {
    try {
      return build((part) => {
        made.push(part);
        return part;
      });
    } catch (error) {
      for (const part of made) for (const parameter of isParameter(part) ? [part] : (part as Module).parameters()) parameter.dispose();
      throw error;
    }
  });
}
