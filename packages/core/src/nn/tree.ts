/** Finding what a module is made of: its own enumerable properties, in order of definition. */
import { type BRAND, isBranded, isPlainObject, raw } from "../errors/brand";
import { type Buffer, isBuffer, isParameter, type Parameter } from "./parameter";

/** What is known here of a module: that it is one. The class stands above. */
export interface ModuleLike {
  readonly [BRAND]: "Module";
}

/** A module, parameter or buffer, with its dotted name inside the module that was asked. */
export type Part<M extends ModuleLike> = { readonly name: string; readonly value: M | Parameter | Buffer };

/**
 * The modules, parameters and buffers that a module holds directly: as properties, or inside arrays and plain objects (`layers.0`).
 * Plain tensors are no parameters, and private `#fields` cannot be seen.
 *
 * @throws TypeError for a Map or Set that holds one: its entries have no stable names. RangeError for a name with a dot, or an empty one.
 */
export function partsOf<M extends ModuleLike>(module: M): Part<M>[] {
  const self = raw(module);
  const parts: Part<M>[] = [];
  const seen = new Set<object>([self]); // an object may refer to itself
  // Not by recursion: what a module keeps beside its parts may be as deep as a linked list.
  const levels: Level[] = [levelOf(self, "", null)];
  for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
    const entry = level.entries[level.next++];
    if (entry === undefined) {
      levels.pop();
      continue;
    }
    const [key, value] = entry;
    if (typeof value !== "object" || value === null) continue;
    const name = level.prefix + key;
    const unfit = level.unfit ?? (isFitName(key) ? null : key);
    if (isPart(value)) {
      if (unfit !== null) checkPartName("Module", unfit);
      parts.push({ name, value: raw(value) as M | Parameter | Buffer });
    } else if (isCollection(value)) refuseParts(value, name);
    else if ((Array.isArray(value) || isPlainObject(value)) && !seen.has(value)) {
      seen.add(value);
      levels.push(levelOf(value, `${name}.`, unfit));
    }
  }
  return parts;
}

/** True for a Module, from whichever copy of core. */
export function isModule(value: unknown): value is ModuleLike {
  return isBranded(value, "Module");
}

/** Refuses a name of a part that is empty or has a dot: two parts could answer to one dotted name. */
export function checkPartName(op: string, name: string): void {
  if (isFitName(name)) return;
  throw new RangeError(`${op}: expected names of parts that are not empty and have no dot, got ${JSON.stringify(name)} - rename it`);
}

// --- internal helpers ---

/** The entries of an object on the way, and how far they have been read. */
interface Level {
  readonly entries: [string, unknown][];
  readonly prefix: string;
  /** A key on the way here that no part's name may have. */
  readonly unfit: string | null;
  next: number;
}

function levelOf(holder: object, prefix: string, unfit: string | null): Level {
  return { entries: Object.entries(holder), prefix, unfit, next: 0 };
}

function isFitName(key: string): boolean {
  return key !== "" && !key.includes(".");
}

function isPart(value: unknown): value is ModuleLike | Parameter | Buffer {
  return isModule(value) || isParameter(value) || isBuffer(value);
}

function isCollection(value: object): value is Map<unknown, unknown> | Set<unknown> {
  const tag = Object.prototype.toString.call(value);
  return tag === "[object Map]" || tag === "[object Set]";
}

function refuseParts(collection: Map<unknown, unknown> | Set<unknown>, name: string): void {
  for (const value of collection.values()) {
    if (isPart(value)) {
      const kind = Object.prototype.toString.call(collection).slice(8, -1);
      throw new TypeError(
        `${name}: expected modules and parameters in properties, arrays or plain objects, got one in a ${kind} - use an array or object`,
      );
    }
  }
}
