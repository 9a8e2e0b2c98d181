/** Finding what a module is made of: its own enumerable properties, in order of definition. */
import { isBranded } from "../backend/shared";
import type { Module } from "./module";
import { type Buffer, isBuffer, isParameter, type Parameter } from "./parameter";

/** A module, parameter or buffer, with its dotted name inside the module that was asked. */
export type Part = { readonly name: string; readonly value: Module | Parameter | Buffer };

/**
 * The modules, parameters and buffers that a module holds directly: as properties, or inside arrays and plain objects (`layers.0`).
 * Plain tensors are no parameters, and private `#fields` cannot be seen.
 *
 * @throws TypeError for a Map or Set that holds one: its entries have no stable names.
 */
export function partsOf(module: Module): Part[] {
  const parts: Part[] = [];
  collect(module, "", parts, new Set([module]));
  return parts;
}

/** True for a Module, from whichever copy of core. */
export function isModule(value: unknown): value is Module {
  return isBranded(value, "Module");
}

// --- internal helpers ---

function collect(holder: object, prefix: string, parts: Part[], seen: Set<object>): void {
  for (const [key, value] of Object.entries(holder)) {
    if (typeof value !== "object" || value === null) continue;
    const name = prefix + key;
    if (isPart(value)) parts.push({ name, value });
    else if (value instanceof Map || value instanceof Set) refuseParts(value, name);
    else if (isWalkable(value) && !seen.has(value)) {
      seen.add(value); // an object may refer to itself
      collect(value, `${name}.`, parts, seen);
    }
  }
}

function isPart(value: unknown): value is Part["value"] {
  return isModule(value) || isParameter(value) || isBuffer(value);
}

function isWalkable(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return Array.isArray(value) || prototype === Object.prototype || prototype === null;
}

function refuseParts(collection: Map<unknown, unknown> | Set<unknown>, name: string): void {
  for (const value of collection.values()) {
    if (isPart(value)) {
      const kind = collection instanceof Map ? "Map" : "Set";
      throw new TypeError(
        `${name}: expected modules and parameters in properties, arrays or plain objects, got one in a ${kind} - use an array or object`,
      );
    }
  }
}
