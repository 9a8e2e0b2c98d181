/** Replaces a method of an object, or the getter of a property, until `undo`. `make` gets what is there. */
export type Replace = <T extends object, K extends keyof T, P extends Part = "value">(
  holder: T,
  key: K,
  make: (before: Parts<T, K>[P]) => Parts<T, K>[P],
  part?: P,
) => void;

/** Replacements that are undone together, the last one first. */
export class Replacements {
  readonly #undos: (() => void)[] = [];

  readonly replace: Replace = (holder, key, make, part) => {
    const own = Object.getOwnPropertyDescriptor(holder, key);
    const from = own ?? { value: holder[key], writable: true, configurable: true };
    Object.defineProperty(holder, key, { ...from, [part ?? "value"]: make(from[part ?? ("value" as never)]) });
    this.#undos.push(() => {
      if (own === undefined) delete holder[key];
      else Object.defineProperty(holder, key, own);
    });
  };

  undo(): void {
    for (const undo of this.#undos.splice(0).reverse()) undo();
  }
}

// --- internal helpers ---

type Part = "value" | "get";

interface Parts<T, K extends keyof T> {
  readonly value: T[K];
  readonly get: (this: T) => T[K];
}
