/** What a checkpoint is made of: things that tell their state, generators, tensors, and plain values around them. */

/** A model, an optimizer, a scheduler, a loader, an average of weights, early stopping: whatever tells its state and takes it back. */
export interface Stateful {
  /** Its state: tensors, typed arrays, numbers and text, in objects and arrays. */
  stateDict(): unknown;
  /**
   * Takes it back.
   *
   * @param state What `stateDict` gave.
   */
  // biome-ignore lint/suspicious/noExplicitAny: each takes what it gave
  loadStateDict(state: any): unknown;
  /** Of a model: the generators that its layers were made with. */
  namedGenerators?(): Iterable<[string, GeneratorLike]>;
}

/** A random generator. */
export interface GeneratorLike {
  /** Where it stands. */
  getState(): Uint8Array;
  /**
   * Has it stand there again.
   *
   * @param state What `getState` gave.
   */
  setState(state: Uint8Array): unknown;
}

/** True for what tells its state and takes it back. */
export function isStateful(value: unknown): value is Stateful {
  return hasMethods(value, ["stateDict", "loadStateDict"]);
}

/** True for a random generator. */
export function isGenerator(value: unknown): value is GeneratorLike {
  return hasMethods(value, ["getState", "setState"]);
}

/** The generators of a model, by name. */
export function generatorsOf(part: Stateful): Record<string, GeneratorLike> {
  return Object.fromEntries(part.namedGenerators?.() ?? []);
}

// --- internal helpers ---

function hasMethods(value: unknown, names: readonly string[]): boolean {
  return (
    typeof value === "object" && value !== null && names.every((name) => typeof (value as Record<string, unknown>)[name] === "function")
  );
}
