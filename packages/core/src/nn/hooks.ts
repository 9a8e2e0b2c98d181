/**
 * Functions that run with a module's `forward`. Users call `forward` themselves, so that the first hook of a module wraps it, on this one object, and the
 * last one that is removed takes the wrapping away.
 */

import { shared } from "../backend/shared";
import { raw } from "../errors/brand";
import { refusePromise } from "../errors/misuse";
import { checkFunction } from "../errors/options";

/** Runs after `forward`, with its inputs and its output. What it returns, unless undefined, takes the place of the output. */
export type ForwardHook<
  M extends {
    /** What the hook runs with. */
    forward(...inputs: never[]): unknown;
  },
> = (
  module: M,
  inputs: Parameters<M["forward"]>,
  output: ReturnType<M["forward"]>,
  // biome-ignore lint/suspicious/noConfusingVoidType: a hook that only looks returns nothing
) => ReturnType<M["forward"]> | void;

/** Runs before `forward`, with its inputs. What it returns, unless undefined, takes their place: an array of all, or the only one. */
export type ForwardPreHook<
  M extends {
    /** What the hook runs with. */
    forward(...inputs: never[]): unknown;
  },
> = (module: M, inputs: Parameters<M["forward"]>) => unknown;

/** A hook that can be taken away. */
export interface RemovableHandle {
  /** Takes the hook away. A second call does nothing. */
  remove(): void;
}

/** Has `hook` run before or after each `forward` of a module. `op` is the call as its caller wrote it. */
export function registerHook(op: string, module: Hookable, hook: unknown, when: "before" | "after"): RemovableHandle {
  checkFunction(op, hook, "write (module, inputs) => { ... }");
  const self = raw(module);
  const hooks = hooksByModule.get(self) ?? wrap(self);
  const entry = { hook: hook as AnyHook };
  hooks[when] = [...hooks[when], entry];
  return {
    remove() {
      hooks[when] = hooks[when].filter((other) => other !== entry);
      if (hooks.before.length + hooks.after.length === 0) hooks.unwrap();
    },
  };
}

// --- internal helpers ---

/** A module, as far as hooks know it. */
type Hookable = { forward(...inputs: never[]): unknown };

type AnyHook = (module: Hookable, inputs: unknown[], output?: unknown) => unknown;

/** The hooks of one module. The same function may be there twice, so that each has an object of its own. */
interface Hooks {
  before: { readonly hook: AnyHook }[];
  after: { readonly hook: AnyHook }[];
  readonly unwrap: () => void;
}

const hooksByModule = /* @__PURE__ */ shared("hooks", () => new WeakMap<Hookable, Hooks>());

/** Puts a forward that runs hooks before the object's own or its class's. */
function wrap(module: Hookable): Hooks {
  const own = Object.getOwnPropertyDescriptor(module, "forward");
  const { forward } = module;
  const hooked = function (this: Hookable, ...given: unknown[]): unknown {
    let inputs = given;
    for (const { hook } of hooks.before) {
      const changed = refusePromise("registerForwardPreHook", hook(module, inputs));
      if (changed !== undefined) inputs = Array.isArray(changed) ? changed : [changed];
    }
    let output = forward.apply(this, inputs as never[]);
    for (const { hook } of hooks.after) {
      const changed = refusePromise("registerForwardHook", hook(module, inputs, output));
      if (changed !== undefined) output = changed;
    }
    return output;
  };
  const hooks: Hooks = {
    before: [],
    after: [],
    unwrap() {
      if (hooksByModule.get(module) !== hooks) return;
      hooksByModule.delete(module);
      // What somebody else put there meanwhile stays, and goes on through a wrapping without hooks.
      if (module.forward !== hooked) return;
      if (own === undefined) Reflect.deleteProperty(module, "forward");
      else Object.defineProperty(module, "forward", own);
    },
  };
  Object.defineProperty(module, "forward", { value: hooked, enumerable: false, writable: true, configurable: true });
  hooksByModule.set(module, hooks);
  return hooks;
}
