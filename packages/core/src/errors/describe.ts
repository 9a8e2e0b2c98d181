/** Values in the words of an error message. */

/** A longer string says nothing more in a message. */
const MAX_STRING = 60;

/** No value says more than this, whatever its name or its digits. */
const MAX_TEXT = 200;

/** A shape has no more sizes; an array that is called one may have more holes than can be gone through. */
const MAX_SIZES = 64;

/**
 * A short description of any value: `"abc"`, `3`, `null`, `an array of 2`, `a Tensor [2, 3]`. Never throws, whatever getters and traps a value
 * has: what asks for it is an error on its way already.
 */
export function describe(value: unknown): string {
  try {
    return inWords(value).slice(0, MAX_TEXT);
  } catch {
    return "a value that cannot be read";
  }
}

// --- internal helpers ---

function inWords(value: unknown): string {
  if (typeof value === "string") return value.length > MAX_STRING ? `a string of ${value.length} characters` : JSON.stringify(value);
  if (typeof value === "function") return "a function";
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value !== "object" || value === null) return String(value);
  if (Array.isArray(value)) return `an array of ${value.length}`;
  const { shape, constructor: made } = value as { shape?: unknown; constructor?: unknown };
  const name = (typeof made === "function" && made.name) || "object";
  // A prototype has its class's name, too, and may have no shape to show.
  return Array.isArray(shape) && shape.length <= MAX_SIZES ? `a ${name} [${shape.join(", ")}]` : `a value of type ${name}`;
}
