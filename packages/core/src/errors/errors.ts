/**
 * The named errors. Each carries what a program needs to react, and a message `op: expected X, got Y - what to do`.
 * A wrong type is a plain `TypeError` and a wrong value a plain `RangeError`; these classes are for the rest.
 *
 * Two copies of core may be loaded in one process (ESM and CommonJS), so tell errors apart by `name`, not by `instanceof`.
 */
import { describe } from "./describe";

/** Shapes that do not fit together. `shapes` are those that met. */
export class ShapeError extends RangeError {
  /** To tell it by, also between two copies of core. */
  override readonly name = "ShapeError";
  /** The shapes that met. */
  readonly shapes: readonly (readonly number[])[];
  /** @param detail The rest of the message: what was expected, what came, what to do. */
  constructor(
    /** The operation that refused, such as "matmul". */
    readonly op: string,
    shapes: readonly (readonly number[])[],
    detail: string,
  ) {
    super(line(op, detail));
    this.shapes = few(shapes).map(few) as number[][];
  }
}

/** Tensors of different backends in one operation. */
export class BackendMismatchError extends Error {
  /** To tell it by, also between two copies of core. */
  override readonly name = "BackendMismatchError";
  constructor(
    /** The operation that refused, such as "matmul". */
    readonly op: string,
    /** The names of the backends that met; of several of one name, "webgpu #2" is the second that was used. */
    readonly backends: readonly string[],
  ) {
    super(
      line(
        op,
        `expected tensors of one backend, got ${few(backends).map(text).join(" and ")} - move one of them with await tensor.to(backend)`,
      ),
    );
  }
}

/** An operation or dtype that a backend does not have. */
export class UnsupportedOpError extends Error {
  /** To tell it by, also between two copies of core. */
  override readonly name = "UnsupportedOpError";
  /** @param detail The rest of the message: what was expected, what came, what to do. */
  constructor(
    /** What it does not have: an operation, or "allocate" for a dtype. */
    readonly op: string,
    /** The name of the backend. */
    readonly backend: string,
    detail: string,
  ) {
    super(line(op, detail));
  }
}

/** A backend that cannot run here. `tried` says what was looked for, in order. */
export class BackendUnavailableError extends Error {
  /** To tell it by, also between two copies of core. */
  override readonly name = "BackendUnavailableError";
  /** @param detail The rest of the message: what was expected, what came, what to do. */
  constructor(
    /** The name of the backend. */
    readonly backend: string,
    detail: string,
    /** What was looked for, in order. */
    readonly tried: readonly string[] = [],
  ) {
    super([line(backend, detail), ...few(tried).map(text)].join("\n  - "));
  }
}

/** A GPU device that went away. Tensors on it are gone; other backends go on. */
export class DeviceLostError extends Error {
  /** To tell it by, also between two copies of core. */
  override readonly name = "DeviceLostError";
  constructor(
    /** The name of the backend. */
    readonly backend: string,
    /** What the driver said. */
    readonly reason: string,
  ) {
    super(
      line(backend, `expected a live device, got one that was lost (${text(reason)}) - create a new backend and load your state into it`),
    );
  }
}

/** Memory that a backend could not give. What was allocated before stays valid. */
export class OutOfMemoryError extends Error {
  /** To tell it by, also between two copies of core. */
  override readonly name = "OutOfMemoryError";
  /** @param detail What to do. Default: release tensors, or use a smaller batch. */
  constructor(
    /** The name of the backend. */
    readonly backend: string,
    /** How many bytes were asked for. */
    readonly bytes: number,
    detail = "release tensors with dispose() or tidy(), or use a smaller batch",
  ) {
    super(line(backend, `expected ${text(bytes)} free bytes, got none - ${text(detail)}`));
  }
}

/** A tensor, graph or backend that was already released. */
export class DisposedError extends Error {
  /** To tell it by, also between two copies of core. */
  override readonly name = "DisposedError";
  /** @param detail The rest of the message: what was expected, what came, what to do. */
  constructor(
    /** The operation that refused, such as "matmul". */
    readonly op: string,
    detail: string,
  ) {
    super(line(op, detail));
  }
}

/** A value needed for a gradient that was edited in place after it was used. */
export class InPlaceError extends Error {
  /** To tell it by, also between two copies of core. */
  override readonly name = "InPlaceError";
  /** @param detail The rest of the message: what was expected, what came, what to do. */
  constructor(
    /** The operation that refused, such as "matmul". */
    readonly op: string,
    detail: string,
  ) {
    super(line(op, detail));
  }
}

// --- internal helpers ---

/** An error that is on its way must get there: what its maker put in place of a text is described, and never read. */
function text(value: unknown): string {
  return typeof value === "string" ? value : describe(value);
}

function line(op: string, detail: string): string {
  return `${text(op)}: ${text(detail)}`;
}

/** A copy of a list, or of the first of very many; nothing for what is no list. */
function few<T>(list: readonly T[]): T[] {
  return Array.isArray(list) ? list.slice(0, 64) : [];
}
