import { isPlainObject, isTensor, raw } from "../errors/brand";
import { checkInteger, itemsOf } from "../errors/options";
import { wrongType } from "../errors/refusal";
import type { Tensor } from "../tensor/tensor";
import { addNamed, checkModule } from "./containers";
import { Module } from "./module";
import { isParameter, Parameter } from "./parameter";
import { isModule, partsOf } from "./tree";

/** A list of parts that are found; it has no forward of its own. They are properties "0", "1" and so on, and so are the names in `stateDict()`. */
abstract class PartList<T extends Module | Parameter, Given = T> extends Module {
  #length = 0;
  readonly #holds: (value: unknown) => boolean;

  /** @internal */
  constructor(op: string, what: string, holds: (value: unknown) => boolean, items: Iterable<Given>) {
    super();
    this.#holds = holds;
    itemsOf(op, what, items, (item) => this.append(item));
  }

  /** @internal What is kept for an item; refuses what is none. */
  protected abstract accepted(item: Given): T;

  /** The number of items. */
  get length(): number {
    return raw(this).#length;
  }

  /** The item at the place `index`; negative ones count from the end. Undefined where there is none. @throws TypeError and RangeError for what is no integer. */
  at(index: number): T | undefined {
    checkInteger("at", "index", index);
    return [...this].at(index);
  }

  /** Adds `item` at the end. Returns this. @throws TypeError for what the list does not hold. */
  append(item: Given): this {
    const self = raw(this);
    const part = self.accepted(item);
    addNamed("append", self, String(self.#length), part);
    self.#length++;
    return this;
  }

  /** The items in order. */
  *[Symbol.iterator](): IterableIterator<T> {
    const holds = raw(this).#holds;
    for (const { value } of partsOf(this)) if (holds(value)) yield value as T;
  }
}

/**
 * A list of modules. Mirrors [torch.nn.ModuleList](https://docs.pytorch.org/docs/stable/generated/torch.nn.ModuleList.html).
 */
export class ModuleList<T extends Module = Module> extends PartList<T> {
  /** @internal */
  static override get name(): string {
    return "ModuleList";
  }

  /**
   * @param modules In order. Default: none.
   * @throws TypeError for what is no module.
   */
  constructor(modules: Iterable<T> = []) {
    super("ModuleList", "modules in an array", isModule, modules);
  }

  /** @internal */
  protected override accepted(item: T): T {
    checkModule("ModuleList", item, "");
    return item;
  }

  /** Throws always: a list does not say in which order its modules are used. @throws TypeError. */
  forward(): never {
    throw new TypeError("ModuleList: expected forward of a module inside it, got a call of the list - loop over it, or use Sequential");
  }
}

/**
 * A list of parameters. Mirrors [torch.nn.ParameterList](https://docs.pytorch.org/docs/stable/generated/torch.nn.ParameterList.html): tensors become parameters.
 */
export class ParameterList extends PartList<Parameter, Tensor> {
  /** @internal */
  static override get name(): string {
    return "ParameterList";
  }

  /**
   * @param parameters In order; of another tensor a parameter is made, which shares its memory. Default: none.
   * @throws TypeError for what is no tensor, or one of integers.
   */
  constructor(parameters: Iterable<Tensor> = []) {
    super("ParameterList", "parameters in an array", isParameter, parameters);
  }

  /** @internal */
  protected override accepted(item: Tensor): Parameter {
    if (!isTensor(item)) throw wrongType("ParameterList", "a parameter", item);
    return isParameter(item) ? raw(item) : new Parameter(item);
  }

  /** Throws always: a list of parameters computes nothing. @throws TypeError. */
  forward(): never {
    throw new TypeError("ParameterList: expected a computation with its parameters, got a call of the list - use at(i)");
  }
}

/**
 * Modules by name. Mirrors [torch.nn.ModuleDict](https://docs.pytorch.org/docs/stable/generated/torch.nn.ModuleDict.html): the modules are properties under
 * their names, and those are also the names in `stateDict()`.
 *
 * @example
 * ```ts
 * const acts = new nn.ModuleDict({ relu: new nn.ReLU(), tanh: new nn.Tanh() });
 * console.log(acts.keys().join(), acts.get("relu")?.forward(tensor([-1, 2])).dataSync().join()); // relu,tanh 0,2
 * ```
 */
export class ModuleDict<T extends Module = Module> extends Module {
  readonly #names = new Set<string>();

  /**
   * @param modules By name, in order. Default: none.
   * @throws TypeError for what is no module, RangeError for a name that a member of `Module` has.
   */
  constructor(modules: Readonly<Record<string, T>> = {}) {
    super();
    if (!isPlainObject(modules)) throw wrongType("ModuleDict", "modules in an object", modules);
    for (const [name, module] of Object.entries(modules)) this.#put("ModuleDict", name, module);
  }

  /** @internal */
  static override get name(): string {
    return "ModuleDict";
  }

  /** The number of modules. */
  get length(): number {
    return raw(this).#names.size;
  }

  /** The module of a `name`. Undefined where there is none. */
  get(name: string): T | undefined {
    const self = raw(this);
    return self.has(name) ? (self as unknown as Record<string, T>)[name] : undefined;
  }

  /** True where there is a module of the `name`. */
  has(name: string): boolean {
    return raw(this).#names.has(name);
  }

  /** Puts `module` under `name`, in the place of one that is there. Returns this. @throws As the constructor. */
  set(name: string, module: T): this {
    if (typeof name !== "string") throw wrongType("set", "a name", name);
    raw(this).#put("set", name, module);
    return this;
  }

  /** The names in order. */
  keys(): string[] {
    return [...raw(this).#names];
  }

  /** The modules in order. */
  values(): T[] {
    return this.items().map(([, module]) => module);
  }

  /** Names and modules in order. */
  items(): [string, T][] {
    return this.keys().map((name) => [name, this.get(name) as T]);
  }

  /** Throws always: names do not say in which order modules are used. @throws TypeError. */
  forward(): never {
    throw new TypeError("ModuleDict: expected forward of a module inside it, got a call of the dict - use get(name)");
  }

  #put(op: string, name: string, module: unknown): void {
    checkModule(op, module, ` for ${JSON.stringify(name)}`);
    if (this.has(name)) (this as unknown as Record<string, Module>)[name] = module;
    else addNamed(op, this, name, module);
    this.#names.add(name);
  }
}
