import { isPlainObject, raw } from "../errors/brand";
import { describe } from "../errors/describe";
import { checkInteger, itemsOf } from "../errors/options";
import type { Tensor } from "../tensor/tensor";
import { Module } from "./module";
import { checkPartName, isModule, partsOf } from "./tree";
import { checkDepth } from "./walk";

/** A module that takes one tensor and gives one. */
export interface TensorModule extends Module {
  /** The output for `input`, whose shape is the module's matter. */
  forward(input: Tensor): Tensor;
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
    for (const [name, module] of named) {
      checkModule("Sequential", module, ` for "${name}"`);
      if (name in this) throw new RangeError(`Sequential: expected a name that no module member has, got "${name}"`);
      checkPartName("Sequential", name);
      defineModule(this, name, module);
      this.#names.push(name);
    }
  }

  /** @internal */
  static override get name(): string {
    return "Sequential";
  }

  /**
   * What the last module gives for `input`, which the first one takes; without modules, the input itself.
   *
   * @throws TypeError where a module was replaced by something else; and what the modules throw.
   */
  forward(input: Tensor): Tensor {
    const self = raw(this) as this & Record<string, unknown>;
    for (const name of self.#names) if (name in self) checkModule("Sequential", self[name], ` for "${name}"`);
    let x = input;
    calls.depth++;
    try {
      checkDepth(calls.depth);
      // Not children(), which names a module used twice only once.
      for (const { value } of partsOf<Module>(this)) if (isModule(value)) x = value.forward(x) as Tensor;
    } finally {
      calls.depth--;
    }
    return x;
  }
}

/**
 * A list of modules whose parameters are found; it has no forward of its own. Mirrors [torch.nn.ModuleList](https://docs.pytorch.org/docs/stable/generated/torch.nn.ModuleList.html): the modules are properties
 * "0", "1" and so on, and so are the names in `stateDict()`.
 */
export class ModuleList<T extends Module = Module> extends Module {
  #length = 0;

  /**
   * @param modules In order. Default: none.
   * @throws TypeError for what is no module.
   */
  constructor(modules: Iterable<T> = []) {
    super();
    itemsOf("ModuleList", "modules in an array", modules, (module) => this.append(module));
  }

  /** @internal */
  static override get name(): string {
    return "ModuleList";
  }

  /** The number of modules. */
  get length(): number {
    return raw(this).#length;
  }

  /** The module at the place `index`; negative ones count from the end. Undefined where there is none. @throws TypeError and RangeError for what is no integer. */
  at(index: number): T | undefined {
    checkInteger("at", "index", index);
    return [...this].at(index);
  }

  /** Adds `module` at the end. Returns this. @throws TypeError for what is no module. */
  append(module: T): this {
    checkModule("ModuleList", module, "");
    const self = raw(this);
    defineModule(self, String(self.#length++), module);
    return this;
  }

  /** The modules in order. */
  *[Symbol.iterator](): IterableIterator<T> {
    for (const { value } of partsOf<Module>(this)) if (isModule(value)) yield value as T;
  }

  /** Throws always: a list does not say in which order its modules are used. @throws TypeError. */
  forward(): never {
    throw new TypeError("ModuleList: expected forward of a module inside it, got a call of the list - loop over it, or use Sequential");
  }
}

// --- internal helpers ---

/** How many Sequentials are being run inside one another. */
const calls = { depth: 0 };

/** Refuses what is no module; `where` says which of several. */
function checkModule(op: string, value: unknown, where: string): asserts value is Module {
  if (!isModule(value)) throw new TypeError(`${op}: expected a module, got ${describe(value)}${where}${adviceFor(value)}`);
}

/** What somebody probably meant who gave this for a module. */
function adviceFor(value: unknown): string {
  if (typeof value === "function") return " - pass a layer, such as new nn.ReLU()";
  const items = value as { [Symbol.iterator]?: unknown } | null | undefined;
  return typeof items === "object" && typeof items?.[Symbol.iterator] === "function" ? " - spread it: new nn.Sequential(...layers)" : "";
}

/** Makes a module a property, as an assignment would; the names are not known to the type. */
function defineModule(holder: Module, name: string, module: Module): void {
  Object.defineProperty(holder, name, { value: module, enumerable: true, writable: true, configurable: true });
}
