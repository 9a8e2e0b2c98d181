import type { Backend } from "../backend/backend";
import { deviceOf } from "../cpu/device-of";
import { BRAND, Raw, raw } from "../errors/brand";
import { INSPECT, refuseJson } from "../errors/misuse";
import { checkFunction } from "../errors/options";
import { wrongType } from "../errors/refusal";
import type { Generator } from "../random/generator";
import type { Tensor } from "../tensor/tensor";
import { dropGrad, moveStorage, replaceStorage } from "../tensor/transfer";
import { type ForwardHook, type ForwardPreHook, type RemovableHandle, registerHook } from "./hooks";
import { type Buffer, isBuffer, isParameter, type Parameter } from "./parameter";
import { type LoadedStateDict, type LoadStateDictOptions, loadState, type StateDict } from "./state-dict";
import { isModule, partsOf } from "./tree";
import { childrenFirst, formatModule, parentsFirst } from "./walk";

/**
 * The base of all layers and models: state that is found by itself, and a `forward`. Mirrors [torch.nn.Module](https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html).
 *
 * Modules, `Parameter`s and `Buffer`s in properties (also in arrays and plain objects) belong to it without being registered; `#private` ones are not
 * seen, and a Map or Set that holds one is refused.
 *
 * @example
 * ```ts
 * class Model extends nn.Module {
 *   hidden = new nn.Linear(10, 20);
 *   out = new nn.Linear(20, 1);
 *   forward(x: Tensor) {
 *     const h = F.relu(this.hidden.forward(x));
 *     return this.out.forward(F.dropout(h, { p: 0.5, training: this.training }));
 *   }
 * }
 * const model = new Model().eval();
 * console.log(model.forward(ones([4, 10])).shape); // [ 4, 1 ]
 * console.log(Object.keys(model.stateDict()).join()); // hidden.weight,hidden.bias,out.weight,out.bias
 * ```
 */
export abstract class Module extends Raw {
  /** True while training, false after `eval()`. Dropout acts only while it is true. */
  training = true;

  /** @internal */
  get [BRAND](): "Module" {
    return "Module";
  }

  /** Computes the output from `inputs`, whatever they are for this module. */
  // biome-ignore lint/suspicious/noExplicitAny: each module has its own arguments; `unknown[]` would refuse every override
  abstract forward(...inputs: any[]): unknown;

  /**
   * Sets this module and all inside it to training mode, or to evaluation.
   *
   * @param mode Default: true, training.
   * @returns This module.
   * @throws TypeError for anything but true and false.
   */
  train(mode = true): this {
    if (typeof mode !== "boolean") throw wrongType("train", "true or false", mode);
    for (const module of this.modules()) module.training = mode;
    return this;
  }

  /** Sets this module and all inside it to evaluation mode: dropout becomes the identity. The same as `train(false)`. Returns this. */
  eval(): this {
    return this.train(false);
  }

  /** The modules held directly, each once. */
  *children(): IterableIterator<Module> {
    const seen = new Set<Module>();
    for (const { value } of partsOf(this)) {
      if (!isModule(value) || seen.has(value)) continue;
      seen.add(value);
      yield value;
    }
  }

  /** This module and all inside it, each once. */
  *modules(): IterableIterator<Module> {
    for (const [, module] of this.namedModules()) yield module;
  }

  /** The same with dotted names; this module's is "". */
  *namedModules(): IterableIterator<[string, Module]> {
    yield* parentsFirst(raw(this));
  }

  /** All parameters, each once, in order of definition. */
  *parameters(): IterableIterator<Parameter> {
    for (const [, parameter] of this.namedParameters()) yield parameter;
  }

  /** The same with dotted names, such as "hidden.weight". A shared one has the first of its names. */
  *namedParameters(): IterableIterator<[string, Parameter]> {
    for (const [name, value] of namedState(this)) if (isParameter(value)) yield [name, value];
  }

  /** All buffers with their names, each once. */
  *namedBuffers(): IterableIterator<[string, Buffer]> {
    for (const [name, value] of namedState(this)) if (isBuffer(value)) yield [name, value];
  }

  /**
   * The generators that layers were made with, by name (`drop.generator`), for those who save a run: `generator.getState()`. Layers that draw from the default
   * generator have none of their own. One that several layers share has each of their names.
   */
  *namedGenerators(): IterableIterator<[string, Generator]> {
    for (const [name, module] of this.namedModules()) {
      const generator = module.ownGenerator();
      if (generator !== undefined) yield [name === "" ? "generator" : `${name}.generator`, generator];
    }
  }

  /** @internal The generator that this layer was made with, if it draws while it trains. */
  protected ownGenerator(): Generator | undefined {
    return undefined;
  }

  /** Parameters and buffers by name. The tensors are the module's own, not copies; read them with `data()` to save them. */
  stateDict(): Record<string, Tensor> {
    const state: Record<string, Tensor> = {};
    for (const [name, module] of this.namedModules()) {
      // A shared parameter appears under each of its names, as in PyTorch.
      for (const part of partsOf(module)) {
        if (!isModule(part.value)) state[name === "" ? part.name : `${name}.${part.name}`] = part.value;
      }
    }
    return state;
  }

  /**
   * Copies values into the parameters and buffers, all or none. Names, shapes and dtypes must all fit, unless an option says otherwise.
   *
   * @param state By name: tensors on the module's backends, typed arrays, or `{ shape, dtype, data }` as `@dropwise/weights` reads them.
   * @param options `strict`: default true. `convert`: default false. `rename`: default none.
   * @returns The names that did not meet; with `strict` there are none.
   * @throws RangeError for missing or unexpected names, ShapeError and TypeError for values that do not fit, RangeError for an int64 that int32 does not hold.
   */
  loadStateDict(state: StateDict, options?: LoadStateDictOptions): LoadedStateDict {
    return loadState(this.stateDict(), state, options);
  }

  /**
   * Moves all parameters and buffers, with their gradients and what optimizers keep for them, to `backend`; all or none. The objects stay the
   * same, so optimizers go on. Do not step while it runs.
   *
   * @returns This module.
   * @throws TypeError for what is no backend, UnsupportedOpError for a dtype it does not have, OutOfMemoryError; nothing has moved then.
   */
  async to(backend: Backend): Promise<this> {
    deviceOf(backend, "to"); // refuses what is no backend, also where there is nothing to move
    const tensors = [...namedState(this)].flatMap(([, value]) => [
      value,
      ...(value.grad === null ? [] : [value.grad]),
      ...followersOf(value),
    ]);
    const moving = tensors.filter((x) => x.backend !== backend);
    const results = await Promise.allSettled(moving.map((x) => moveStorage(x, backend)));
    const failed = results.find((result) => result.status === "rejected");
    if (failed !== undefined) {
      for (const result of results) if (result.status === "fulfilled") result.value.storage.release();
      throw failed.reason;
    }
    results.forEach((result, i) => {
      if (result.status === "fulfilled") replaceStorage(moving[i] as Tensor, result.value);
    });
    return this;
  }

  /** Drops the gradients of all parameters. */
  zeroGrad(): void {
    for (const parameter of this.parameters()) dropGrad(parameter);
  }

  /** Calls `fn` on every module inside, once, and then on this one, as `torch.nn.Module.apply` does. Returns this module. @throws TypeError for no function. */
  apply(fn: (module: Module) => void): this {
    checkFunction("apply", fn, "write model.apply((module) => { ... })");
    for (const module of childrenFirst(raw(this))) fn(module);
    return this;
  }

  /**
   * Has `hook` run after each `forward`, which users call themselves: the first hook wraps it, on this one object. Mirrors
   * [torch.nn.Module.register_forward_hook](https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.register_forward_hook).
   *
   * @param hook Gets the module, an array of the inputs, and the output; what it returns, unless undefined, takes the output's place. Several run in the order in
   *   which they came.
   * @returns A handle whose `remove()` takes the hook away.
   * @throws TypeError for no function; and `forward` for a hook that returns a promise.
   * @example
   * ```ts
   * const model = new nn.Linear(3, 2);
   * const sizes: number[] = [];
   * const handle = model.registerForwardHook((_module, _inputs, output) => void sizes.push(output.size));
   * model.forward(ones([4, 3]));
   * handle.remove();
   * model.forward(ones([5, 3]));
   * console.log(sizes); // [ 8 ]
   * ```
   */
  registerForwardHook(hook: ForwardHook<this>): RemovableHandle {
    return registerHook("registerForwardHook", this, hook, "after");
  }

  /** Has `hook` run before each `forward`; what it returns, unless undefined, takes the inputs' place: an array of all, or the only one. Else as `registerForwardHook`. */
  registerForwardPreHook(hook: ForwardPreHook<this>): RemovableHandle {
    return registerHook("registerForwardPreHook", this, hook, "before");
  }

  /** What stands between the brackets in `toString()`. */
  protected extraRepr(): string {
    return "";
  }

  /** The module and all inside it, in PyTorch's indented form; one that is inside itself is named there and not gone into again. */
  override toString(): string {
    return formatModule(raw(this), (module) => module.extraRepr());
  }

  /** Refuses: JSON has no room for typed elements, and would keep what a module is made of inside in their place. @throws TypeError always. */
  toJSON(): never {
    return refuseJson("a Module", "await data() of each tensor in model.stateDict(), and keep these with their shapes");
  }

  /** @internal What `console.log` prints in Node, Bun and Deno. */
  [INSPECT](): string {
    return this.toString();
  }
}

// --- internal helpers ---

function followersOf(parameter: Tensor): Tensor[] {
  return (parameter.followers ?? []).map((ref) => ref.deref()).filter((x) => x !== undefined && !x.isDisposed) as Tensor[];
}

/** Parameters and buffers of a module and all inside it, each once under its first name. */
function* namedState(module: Module): IterableIterator<[string, Parameter | Buffer]> {
  const seen = new Set<unknown>();
  for (const [prefix, inner] of module.namedModules()) {
    for (const { name, value } of partsOf(inner)) {
      if (isModule(value) || seen.has(value)) continue;
      seen.add(value);
      yield [prefix === "" ? name : `${prefix}.${name}`, value];
    }
  }
}
