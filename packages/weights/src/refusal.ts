/** Errors in the form that all packages have: `op: expected X, got Y - what to do`. */

/** A value of a type that an argument does not take. */
export function wrongType(op: string, expected: string, value: unknown, advice?: string): TypeError {
  return new TypeError(message(op, expected, told(value), advice));
}

/** A value of the right type that is out of bounds. */
export function wrongValue(op: string, expected: string, value: unknown, advice?: string): RangeError {
  return new RangeError(message(op, expected, told(value), advice));
}

/**
 * A file that is not what it says: torn, made by someone else, or meant to do harm. Nothing was changed by reading it.
 */
export class WeightFileError extends Error {
  /** To tell it by, also between two copies of this package. */
  override readonly name = "WeightFileError";
  /** What was read, such as "readSafetensors". */
  readonly op: string;

  /** @param op What was read. @param expected What belongs there. @param got What lies there. @param advice What to do about it. @param options `cause`: the error that led to this one. */
  constructor(op: string, expected: string, got: string, advice?: string, options?: { cause?: unknown }) {
    super(message(op, expected, got, advice), options);
    this.op = op;
  }
}

/** A name in a message, which stays short. */
export function quoted(name: string): string {
  return JSON.stringify(name.length > 40 ? `${name.slice(0, 40)}...` : name);
}

/** Memory for what will be read; a size that no memory holds is refused by name. */
export function allocate(op: string, bytes: number): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(bytes);
  } catch (cause) {
    throw new WeightFileError(op, "what memory holds", `${bytes} bytes`, "read tensors by name", { cause });
  }
}

// --- internal helpers ---

function message(op: string, expected: string, got: string, advice?: string): string {
  return `${op}: expected ${expected}, got ${got}${advice === undefined ? "" : ` - ${advice}`}`;
}

/** A value in few words. */
function told(value: unknown): string {
  if (typeof value === "string") return quoted(value);
  if (typeof value === "bigint") return `${value}n`.slice(0, 40);
  if (typeof value === "symbol") return "a symbol";
  if (typeof value === "function") return "a function";
  if (typeof value !== "object" || value === null) return String(value);
  try {
    const { name } = Object.getPrototypeOf(value)?.constructor ?? {};
    return typeof name === "string" && name !== "" ? `a value of type ${name}` : "an object";
  } catch {
    return "an object";
  }
}
