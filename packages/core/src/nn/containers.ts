import { isPlainObject, raw } from "../errors/brand";
import { describe } from "../errors/describe";
import { checkInteger } from "../errors/options";
import type { Tensor } from "../tensor/tensor";
import type { RemovableHandle } from "./hooks";
import { Module } from "./module";
import { checkPartName, isModule, partsOf } from "./tree";
import { checkDepth } from "./walk";

/** A module that takes one tensor and gives one. */
export interface TensorModule extends Module {
  /** The output for `input`, whose shape is the module's matter. */
  forward(input: Tensor): Tensor;
  // Hooks of a module that takes options beside its input are told of these, too: what it is that is hooked is not known here.
  /** As of every module. @param hook Runs after `forward`. */
  // biome-ignore lint/suspicious/noExplicitAny: each module has its own inputs
  registerForwardHook(hook: (module: any, inputs: any, output: any) => unknown): RemovableHandle;
  /** As of every module. @param hook Runs before `forward`. */
  // biome-ignore lint/suspicious/noExplicitAny: each module has its own inputs
  registerForwardPreHook(hook: (module: any, inputs: any) => unknown): RemovableHandle;
}

/**
 * Modules one after the other: each gets what the one before gives. Mirrors
 * [torch.nn.Sequential](https://docs.pytorch.org/docs/stable/generated/torch.nn.Sequential.html). Named by place, or by the keys of an object.
 *
 * @throws TypeError for what is no module, RangeError for a name that a member of `Module` has.
 * @example
 * ```ts
 * const model = new nn.Sequential(new nn.Linear(10, 20), new nn.ReLU(), new nn.Dropout(0.5));
 * console.log(model.forward(ones([4, 10])).shape); // [ 4, 20 ]
 * const named = new nn.Sequential({ hidden: new nn.Linear(10, 20), act: new nn.ReLU() });
 * console.log(Object.keys(named.stateDict()).join()); // hidden.weight,hidden.bias
 * ```
 */
export class Sequential extends Module {
  readonly #names: string[] = [];

  /** @param modules By name, in order. */
  constructor(modules: Readonly<Record<string, TensorModule>>);
  /** @param modules In order; their names are "0", "1" and so on. */
  constructor(...modules: readonly TensorModule[]);
  constructor(...given: readonly (TensorModule | Readonly<Record<string, TensorModule>>)[]) {
    super();
    const [first] = given;
    // One argument that is no module names them; a function or null is neither, and refused below.
    const isNaming = given.length === 1 && !isModule(first) && (isPlainObject(first) || Array.isArray(first));
    const named = isNaming ? Object.entries(first) : given.map((module, i) => [String(i), module] as const);
    for (const [name, module] of named) this.#add(name, module);
  }

  /** @internal */
  static override get name(): string {
    return "Sequential";
  }

  /** The number of modules. */
  get length(): number {
    return raw(this).#modules().length;
  }

  /** The module at the place `index`; negative ones count from the end. Undefined where there is none. @throws TypeError and RangeError for what is no integer. */
  at(index: number): TensorModule | undefined {
    checkInteger("at", "index", index);
    return raw(this).#modules().at(index);
  }

  /** Adds `module` at the end; its name is the number of those before it. Returns this. @throws TypeError for what is no module. */
  append(module: TensorModule): this {
    const self = raw(this);
    const count = self.length;
    // What a program put there since comes before.
    for (const { name, value } of partsOf(self)) if (isModule(value) && name in self && !self.#names.includes(name)) self.#names.push(name);
    self.#add(String(count), module);
    return this;
  }

  /**
   * What the last module gives for `input`, which the first one takes; without modules, the input itself.
   *
   * @throws TypeError where a module was replaced by something else; and what the modules throw.
   */
  forward(input: Tensor): Tensor {
    const modules = raw(this).#modules();
    let x = input;
    calls.depth++;
    try {
      checkDepth(calls.depth);
      for (const module of modules) x = module.forward(x);
    } finally {
      calls.depth--;
    }
    return x;
  }

  /** Those that it was given, and then what a program made a property since; a module that is used twice is there twice. Engines would put numbers first. */
  #modules(): TensorModule[] {
    const self = this as this & Record<string, unknown>;
    const names = self.#names.filter((name) => name in self);
    for (const name of names) checkModule("Sequential", self[name], ` for "${name}"`);
    const others = partsOf(this).filter(({ name, value }) => isModule(value) && !names.includes(name));
    return [...names.map((name) => raw(self[name] as TensorModule)), ...others.map(({ value }) => value as TensorModule)];
  }

  #add(name: string, module: unknown): void {
    checkModule("Sequential", module, ` for "${name}"`);
    addNamed("Sequential", this, name, module);
    this.#names.push(name);
  }
}

// --- for the other containers ---

/** Makes a part a property, as an assignment would; the names are not known to the type. Refuses one that the container has, and one that no part may have. */
export function addNamed(op: string, holder: Module, name: string, part: object): void {
  if (name in holder) throw new RangeError(`${op}: expected a name that no module member has, got "${name}"`);
  checkPartName(op, name);
  Object.defineProperty(holder, name, { value: part, enumerable: true, writable: true, configurable: true });
}

/** Refuses what is no module; `where` says which of several. */
export function checkModule(op: string, value: unknown, where: string): asserts value is Module {
  if (!isModule(value)) throw new TypeError(`${op}: expected a module, got ${describe(value)}${where}${adviceFor(value)}`);
}

// --- internal helpers ---

/** How many Sequentials are being run inside one another. */
const calls = { depth: 0 };

/** What somebody probably meant who gave this for a module. */
function adviceFor(value: unknown): string {
  if (typeof value === "function") return " - pass a layer, such as new nn.ReLU()";
  const items = value as { [Symbol.iterator]?: unknown } | null | undefined;
  return typeof items === "object" && typeof items?.[Symbol.iterator] === "function" ? " - spread it: new nn.Sequential(...layers)" : "";
}
