/**
 * State that every copy of core in one process shares.
 *
 * A program may load core twice, as ESM and as CommonJS. Both copies must have one default generator, one default backend, one
 * grad mode and one tidy stack, or a seed set through one would not reach a layer made through the other. They meet at a
 * well-known symbol.
 */

/** Raised when the meaning of a shared slot changes; copies that disagree must not run together. */
const LAYOUT = 2;

const KEY = Symbol.for("@dropwise/core:1");

interface SharedState {
  readonly layout: number;
  readonly slots: Record<string, object>;
}

/** The shared object named `slot`, made by `create` in whichever copy asks first. Throws when an incompatible copy of core is loaded. */
export function shared<T extends object>(slot: string, create: () => T): T {
  const holder = globalThis as { [KEY]?: SharedState };
  holder[KEY] ??= { layout: LAYOUT, slots: {} };
  const state = holder[KEY];
  if (state.layout !== LAYOUT) {
    throw new Error(`@dropwise/core: expected one version per process, got two - see npm ls @dropwise/core`);
  }
  state.slots[slot] ??= create();
  return state.slots[slot] as T;
}
