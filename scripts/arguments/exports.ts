/** What a package exports, at run time: functions, classes, and the methods and accessors of classes. */

/** Something that can be called, read or set. */
export interface Callable {
  /** Such as "ones", "nn.Linear", "nn.Linear#forward", "Tensor#add", "TensorHandle#requiresGrad=". */
  readonly id: string;
  readonly kind: "function" | "class" | "method" | "getter" | "setter" | "object";
  /** The function, class or object itself. */
  readonly value: unknown;
  /** For methods and accessors: their name. */
  readonly key: PropertyKey;
  /** The name of its class, for methods and accessors. */
  readonly owner: string | null;
}

/** A class, whatever its arguments. */
export type Class = abstract new (...args: never[]) => object;

/** Everything in a namespace and on the classes in it and above them. `others` are classes that a program meets without importing them. */
export function callablesOf(namespace: Readonly<Record<string, unknown>>, others: readonly Class[] = []): Callable[] {
  const exported = valuesOf(namespace, "");
  const classes = [...exported.map(([, value]) => value).filter(isClass), ...others];
  const names = new Map(exported.map(([id, value]) => [value, id] as const));
  const nameOf = (value: Class) => names.get(value) ?? value.name.replace(/^_/, ""); // bundlers rename classes that mention themselves
  const found = [
    ...exported.map(([id, value]) => ({ id, kind: kindOf(value), value, key: id, owner: null })),
    ...classes.flatMap((top) => membersOf(top, nameOf)),
  ];
  return [...new Map(found.map((callable) => [callable.id, callable])).values()];
}

// --- internal helpers ---

function valuesOf(namespace: Readonly<Record<string, unknown>>, prefix: string): [id: string, value: unknown][] {
  return Object.entries(namespace).flatMap(([name, value]) =>
    isNamespace(value) ? valuesOf(value, `${prefix}${name}.`) : [[prefix + name, value] as [string, unknown]],
  );
}

function membersOf(top: Class, nameOf: (value: Class) => string): Callable[] {
  return chain(top).flatMap((level) => {
    const statics = Object.entries(Object.getOwnPropertyDescriptors(level)).flatMap(([name, { value }]): Callable[] =>
      typeof value === "function" && name !== "prototype"
        ? [{ id: `${nameOf(level)}.${name}`, kind: "function", value, key: name, owner: null }]
        : [],
    );
    const members = Reflect.ownKeys(level.prototype).flatMap((key): Callable[] => {
      if (key === "constructor") return [];
      const { value, get, set } = Object.getOwnPropertyDescriptor(level.prototype, key) as PropertyDescriptor;
      const name = typeof key === "string" ? key : `[${key.description?.replace("nodejs.dispose", "Symbol.dispose")}]`;
      // Each module has a forward of its own, wherever it is written.
      const owner = nameOf(key === "forward" ? top : level);
      const id = `${owner}#${name}`;
      return [
        ...(typeof value === "function" ? [{ id, kind: "method" as const, value, key, owner }] : []),
        ...(get === undefined ? [] : [{ id, kind: "getter" as const, value: get, key, owner }]),
        ...(set === undefined ? [] : [{ id: `${id}=`, kind: "setter" as const, value: set, key, owner }]),
      ];
    });
    return [...statics, ...members];
  });
}

/** A class and those that it extends, but for the language's own. */
function chain(value: Class): Class[] {
  const levels: Class[] = [];
  for (let level: unknown = value; isClass(level); level = Object.getPrototypeOf(level)) levels.push(level);
  return levels;
}

function kindOf(value: unknown): Callable["kind"] {
  if (isClass(value)) return "class";
  return typeof value === "function" ? "function" : "object";
}

function isClass(value: unknown): value is Class {
  return typeof value === "function" && /^class\b/.test(Function.prototype.toString.call(value));
}

function isNamespace(value: unknown): value is Readonly<Record<string, unknown>> {
  return Object.prototype.toString.call(value) === "[object Module]";
}
