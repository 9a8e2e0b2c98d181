/**
 * Functions that run with a module's `forward`. Users call `forward` themselves, so that the first hook of a module wraps it, on this one object, and the
 * last one that is removed takes the wrapping away. Functions and no methods of `Module`: a program without hooks carries none of this.
 */

import { shared } from "../backend/shared";
import { raw } from "../errors/brand";
import { refusePromise } from "../errors/misuse";
import { checkFunction } from "../errors/options";
import { wrongType } from "../errors/refusal";
import type { Module } from "./module";
import { isModule } from "./tree";

/** Runs after `forward`, with its inputs and its output. What it returns, unless undefined, takes the place of the output. */
export type ForwardHook<M extends Module = Module> = (
  module: M,
  inputs: Parameters<M["forward"]>,
  output: ReturnType<M["forward"]>,
  // biome-ignore lint/suspicious/noConfusingVoidType: a hook that only looks returns nothing
) => ReturnType<M["forward"]> | void;

/** Runs before `forward`, with its inputs. What it returns, unless undefined, takes their place: an array of all, or the only one. */
export type ForwardPreHook<M extends Module = Module> = (module: M, inputs: Parameters<M["forward"]>) => unknown;

/** A hook that can be taken away. */
export interface RemovableHandle {
  /** Takes the hook away. A second call does nothing. */
  remove(): void;
}

/**
 * Has `hook` run after each `forward` of a module, as in PyTorch's `module.register_forward_hook(hook)`. Mirrors
 * [torch.nn.Module.register_forward_hook](https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.register_forward_hook).
 *
 * @param module Whose outputs are looked at or replaced; others that share its class are left alone.
 * @param hook Gets the module, an array of the inputs, and the output. Several run in the order in which they came.
 * @returns A handle whose `remove()` takes the hook away.
 * @throws TypeError for what is no module or no function; and `forward` for a hook that returns a promise.
 * @example
 * ```ts
 * const model = new nn.Linear(3, 2);
 * const sizes: number[] = [];
 * const handle = nn.registerForwardHook(model, (_module, _inputs, output) => void sizes.push(output.size));
 * model.forward(ones([4, 3]));
 * handle.remove();
 * model.forward(ones([5, 3]));
 * console.log(sizes); // [ 8 ]
 * ```
 */
export function registerForwardHook<M extends Module>(module: M, hook: ForwardHook<M>): RemovableHandle {
  return register("registerForwardHook", module, hook, "after");
}

/**
 * Has `hook` run before each `forward` of a module. Mirrors
 * [torch.nn.Module.register_forward_pre_hook](https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.register_forward_pre_hook).
 *
 * @param module Whose inputs are looked at or replaced.
 * @param hook Gets the module and an array of the inputs.
 * @returns A handle whose `remove()` takes the hook away.
 * @throws As for `registerForwardHook`.
 */
export function registerForwardPreHook<M extends Module>(module: M, hook: ForwardPreHook<M>): RemovableHandle {
  return register("registerForwardPreHook", module, hook, "before");
}

// --- internal helpers ---

type AnyHook = (module: Module, inputs: unknown[], output?: unknown) => unknown;

/** The hooks of one module. The same function may be there twice, so that each has an object of its own. */
interface Hooks {
  before: { readonly hook: AnyHook }[];
  after: { readonly hook: AnyHook }[];
  readonly unwrap: () => void;
}

const hooksByModule = /* @__PURE__ */ shared("hooks", () => new WeakMap<Module, Hooks>());

function register(op: string, module: Module, hook: unknown, when: "before" | "after"): RemovableHandle {
  if (!isModule(module)) throw wrongType(op, "a module", module);
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

/** Puts a forward that runs hooks before the object's own or its class's. */
function wrap(module: Module): Hooks {
  const own = Object.getOwnPropertyDescriptor(module, "forward");
  const { forward } = module;
  const hooked = function (this: Module, ...given: unknown[]): unknown {
    let inputs = given;
    for (const { hook } of hooks.before) {
      const changed = refusePromise("registerForwardPreHook", hook(module, inputs));
      if (changed !== undefined) inputs = Array.isArray(changed) ? changed : [changed];
    }
    let output = forward.apply(this, inputs);
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
