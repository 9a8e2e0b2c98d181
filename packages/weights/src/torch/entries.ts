/** What values of JavaScript are for Python. */
import { isTensorLike } from "../item";
import { isPlainObject } from "../signal";

/** The kind of an object; none (undefined) for one that Python has nothing for, or that cannot be looked at. */
export function kindOf(value: object): "bytes" | "list" | "tensor" | "dict" | undefined {
  try {
    if (value instanceof Uint8Array) return "bytes";
    if (Array.isArray(value)) return "list";
    if (value instanceof Map) return "dict";
    if (isTensorLike(value)) return "tensor";
    return isPlainObject(value) ? "dict" : undefined;
  } catch {
    return undefined; // a proxy that was revoked
  }
}

/** The entries of a Map or of a plain object; none (undefined) for what is neither. */
export function entriesOf(value: unknown): (readonly [unknown, unknown])[] | undefined {
  try {
    if (value instanceof Map) return [...value];
    return isPlainObject(value) ? Object.entries(value) : undefined;
  } catch {
    return undefined; // a proxy of a Map
  }
}

/** Each byte as a letter of latin1; none (undefined) where the bytes were given away. */
export function latin1(bytes: Uint8Array): string | undefined {
  try {
    return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  } catch {
    return undefined;
  }
}
