/** Every kind of wrong value: what people, other libraries and mistakes put where something else belongs. */
import { runInNewContext } from "node:vm";
import { cpu, Generator, nn, zeros } from "@dropwise/core";
import { elsewhere, type World } from "./world";

/** The error of user code that runs inside a call: it may pass through as it is. */
export class UserError extends Error {}

/** Thrown by what has no end, to one who reads on and on before looking at what was read. A real one would fill the memory. */
export class EndlessError extends Error {}

/** What `make` gives where there is no such value: a float64 tensor on a backend without, or a Proxy of a number. */
export const NONE: unique symbol = Symbol("none");

/** A kind of value. */
export interface Kind {
  readonly name: string;
  /** A fresh one. `right` is what belongs in its place. */
  readonly make: (w: World, right: unknown) => unknown;
  /** It stands for the right value: that the call works, and that it is refused by name, are both right everywhere. */
  readonly stands?: boolean;
  /** It is the right value in another form, with which the call must work. */
  readonly isRight?: boolean;
  /** What a refusal must say. */
  readonly says?: string;
}

// --- internal helpers ---

const fail = (): never => {
  throw new UserError("thrown by the user's code");
};

const TRAPS = Object.fromEntries(Object.getOwnPropertyNames(Reflect).map((name) => [name, fail]));

/** Counts reads. No refusal takes many. */
const counter = () => {
  let reads = 0;
  return (): void => {
    if (++reads > 1000) throw new EndlessError("expected to be refused at its first element, got read to the end");
  };
};

/** `new Array(2 ** 32 - 1)` or an object with such a length, whose holes can be read a thousand times. */
const endless = (target: object): unknown => {
  const count = counter();
  return new Proxy(target, {
    get: (_, key) => {
      if (typeof key === "string" && /^\d/.test(key)) count();
      return Reflect.get(target, key);
    },
    has: (_, key) => {
      count();
      return Reflect.has(target, key);
    },
  });
};

const endlessIterable = (): unknown => ({
  *[Symbol.iterator]() {
    for (const count = counter(); ; count()) yield undefined;
  },
});

const nested = (wrap: (inner: unknown) => unknown): unknown => {
  let value: unknown = 1;
  for (let i = 0; i < 20_000; i++) value = wrap(value);
  return value;
};

const detached = <T extends ArrayBufferView>(array: T): T => {
  structuredClone(array.buffer, { transfer: [array.buffer as ArrayBuffer] });
  return array;
};

/** The classes of another realm: an iframe, a worker's `vm`, a test runner's sandbox. */
const realm = runInNewContext("({ Array, Object, Float32Array, Float64Array, Int32Array, Uint8Array })") as Record<
  string,
  new (
    ...values: unknown[]
  ) => unknown
>;

/** A value as another realm would make it, or NONE. */
const abroad = (value: unknown): unknown => {
  if (typeof value !== "object" || value === null) return NONE;
  const inner = (item: unknown) => {
    const moved = abroad(item);
    return moved === NONE ? item : moved;
  };
  if (Array.isArray(value)) {
    const array = new (realm.Array as new () => unknown[])();
    array.push(...value.map(inner));
    return array;
  }
  if (ArrayBuffer.isView(value)) {
    const Type = realm[value.constructor.name];
    return Type === undefined ? NONE : new Type(value);
  }
  if (Object.getPrototypeOf(value) !== Object.prototype) return NONE;
  const object = new (realm.Object as new () => Record<string, unknown>)();
  for (const [name, item] of Object.entries(value)) object[name] = inner(item);
  return object;
};

const NUMBERS = [0, 1, -1, 2, 0.5, -0.5, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 2 ** 31, 2 ** 40, 2 ** 53, 1e300];

const CONSTANTS: Readonly<Record<string, unknown>> = {
  undefined: undefined,
  null: null,
  true: true,
  false: false,
  ...Object.fromEntries(NUMBERS.map((n) => [` ${n}`, n])),
  "-0": -0,
  "1n": 1n,
  "10n ** 2000n": 10n ** 2000n,
  '""': "",
  '"abc"': "abc",
  '"1"': "1",
  "a symbol": Symbol("s"),
  "a symbol of 2,000 characters": Symbol("s".repeat(2000)),
  "arrays nested 20,000 deep": nested((inner) => [inner]),
  "objects nested 20,000 deep": nested((inner) => ({ inner })),
};

const TYPED_ARRAYS = [
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
];

const MADE: Readonly<Record<string, Kind["make"]>> = {
  // objects and arrays
  "{}": () => ({}),
  "{ a: 1 }": () => ({ a: 1 }),
  "Object.create(null)": () => Object.create(null),
  "[]": () => [],
  "[[]]": () => [[]],
  "[null]": () => [null],
  "[undefined]": () => [undefined],
  "[1]": () => [1],
  "[-1]": () => [-1],
  "[0.5]": () => [0.5],
  "[NaN]": () => [Number.NaN],
  "[1n]": () => [1n],
  '["1"]': () => ["1"],
  "[a symbol]": () => [Symbol("s")],
  "[{}]": () => [{}],
  "[Object.create(null)]": () => [Object.create(null)],
  "[2 ** 40]": () => [2 ** 40],
  "[2 ** 31, 2 ** 31]": () => [2 ** 31, 2 ** 31],
  "[-2, 3]": () => [-2, 3],
  "a sparse array": () => Object.assign(new Array(2), { 1: 1 }),
  "an array of 2 ** 32 - 1 holes": () => endless(new Array(2 ** 32 - 1)),
  "an iterable without end": endlessIterable,
  "a cyclic array": () => {
    const array: unknown[] = [];
    array.push(array);
    return array;
  },
  "a cyclic object": () => {
    const object: Record<string, unknown> = {};
    object.self = object;
    return object;
  },
  // what the language has
  "a Map": () => new Map([["a", 1]]),
  "a Set": () => new Set([1]),
  "a WeakMap": () => new WeakMap(),
  "a Date": () => new Date(0),
  "an invalid Date": () => new Date(Number.NaN),
  "a Promise": () => Promise.resolve(1),
  // biome-ignore lint/suspicious/noThenProperty: that is the point
  "a thenable": () => ({ then: (resolve: (value: number) => void) => resolve(1) }),
  "a RegExp": () => /a/,
  "an Error": () => new Error("e"),
  "a boxed number": () => Object(1),
  "a function": () => () => undefined,
  "an async function": () => async () => undefined,
  "a class": () => class {},
  "a generator function": () => function* () {},
  "a generator object": () => [1].values(),
  // memory
  "an ArrayBuffer": () => new ArrayBuffer(16),
  "a SharedArrayBuffer": () => new SharedArrayBuffer(16),
  "a DataView": () => new DataView(new ArrayBuffer(16)),
  "a detached Float32Array": () => detached(new Float32Array(4)),
  "a detached Uint8Array": () => detached(new Uint8Array(24)),
  // what the library has
  "a float32 tensor": (w) => w.tensor(),
  "a tensor that requires a gradient": (w) => w.tensor([2, 3], { requiresGrad: true }),
  "a transposed tensor": (w) => w.own(w.tensor([3, 2]).transpose(0, 1)),
  "an int32 tensor": (w) => w.tensor([2, 3], { dtype: "int32" }),
  "a bool tensor": (w) => w.tensor([2, 3], { dtype: "bool" }),
  "a float64 tensor": (w) => (w.backend.info.dtypes.includes("float64") ? w.tensor([2, 3], { dtype: "float64" }) : NONE),
  "a scalar tensor": (w) => w.tensor([]),
  "an empty tensor": (w) => w.tensor([0]),
  "a tensor of five dimensions": (w) => w.tensor([1, 2, 1, 3, 1]),
  "a tensor of another backend": (w) => w.tensor([2, 3], { backend: elsewhere }),
  "a disposed tensor": (w) => {
    const x = zeros([2, 3], { backend: w.backend });
    x.dispose();
    return x;
  },
  "a Parameter": (w) => w.parameter(),
  "a Buffer": (w) => w.own(new nn.Buffer(w.tensor())),
  "a model": (w) => w.model(),
  "a layer": () => new nn.ReLU(),
  "a Generator": () => new Generator(1),
  "a Backend": () => cpu,
  "an optimizer": (w) => w.optimizer(),
  "a dataset": (w) => w.dataset(),
  // what pretends to be something, or bites when it is touched
  "{ storage: 1 }": () => ({ storage: 1 }),
  "{ shape: [a symbol] }": () => ({ shape: [Symbol("s")] }),
  "{ shape: an array of 2 ** 32 - 1 holes }": () => ({ shape: endless(new Array(2 ** 32 - 1)) }),
  "{ length: 2 }": () => ({ length: 2 }),
  "{ length: 2 ** 32, 0: 1 }": () => endless({ length: 2 ** 32, 0: 1 }),
  "{ constructor: { name: 1 } }": () => ({ constructor: { name: 1 } }),
  "{ [Symbol.iterator]: 1 }": () => ({ [Symbol.iterator]: 1 }),
  "{ [Symbol.iterator]: () => null }": () => ({ [Symbol.iterator]: () => null }),
  "an iterable that throws": () => ({ [Symbol.iterator]: fail }),
  "an object whose valueOf throws": () => ({ valueOf: fail }),
  "an object whose toString throws": () => ({ toString: fail }),
  "an array whose toString throws": () => Object.assign([1, 2], { toString: fail }),
  "an object whose toPrimitive gives an object": () => ({ [Symbol.toPrimitive]: () => ({}) }),
  "a Proxy whose traps throw": () => new Proxy({}, TRAPS),
  "a Proxy of an array whose traps throw": () => new Proxy([], TRAPS),
  "a Proxy of a function whose traps throw": () => new Proxy(() => undefined, TRAPS),
  "an array of a Proxy whose traps throw": () => [new Proxy({}, TRAPS)],
};

/** All kinds. */
export const kinds: readonly Kind[] = [
  ...Object.entries(CONSTANTS).map(([name, value]) => ({ name: name.trim(), make: () => value })),
  ...TYPED_ARRAYS.flatMap((Type) => [
    { name: `an empty ${Type.name}`, make: () => new Type(0) },
    {
      name: `a ${Type.name} of 2 and 3`,
      make: () => (Type.from as (values: ArrayLike<unknown>) => unknown)(Type.name.startsWith("Big") ? [2n, 3n] : [2, 3]),
    },
  ]),
  ...Object.entries(MADE).map(([name, make]) => ({ name, make })),
  {
    name: "a transparent Proxy of the right value",
    make: (_, right) => ((typeof right === "object" && right !== null) || typeof right === "function" ? new Proxy(right, {}) : NONE),
    stands: true,
  },
  { name: "the right value from another realm", make: (_, right) => abroad(right), isRight: true },
];
