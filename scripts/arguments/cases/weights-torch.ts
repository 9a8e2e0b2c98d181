/** `@dropwise/weights`: files of PyTorch and NumPy. */
import { isTensor, optim } from "@dropwise/core";
import { optimizerToTorch, type Weight, writeNpy, writeNpz, writeTorch } from "@dropwise/weights";
import type { Cases } from "../case";
import type { Place } from "../place";
import * as p from "../places";

const weight: Weight = { shape: [2], dtype: "float32", data: new Float32Array([1, 2]) };
const [torch, npy, npz] = await Promise.all([writeTorch({ a: weight }), writeNpy(weight), writeNpz({ a: weight })]);

const isObject = (value: unknown): value is Record<PropertyKey, unknown> => typeof value === "object" && value !== null;

// Whatever else can be read is no file, and refused as such.
const source = (bytes: Uint8Array): Place => ({ valid: () => bytes.slice(), accepts: () => false });
const onProgress: Place = {
  valid: () => () => undefined,
  accepts: (value) => typeof value === "function" && !/^class\b/.test(String(value)),
};
const signal: Place = {
  valid: () => new AbortController().signal,
  accepts: (value) => isObject(value) && typeof value.aborted === "boolean" && typeof value.addEventListener === "function",
};
const maxBytes = (least: number) => p.number(2 ** 20, (n) => n >= least);
const reading = { onProgress, signal };

const tensor: Place = { ...p.tensor(), accepts: isTensor };

/** What Python has for a value of JavaScript: all but functions, symbols, undefined and instances of classes. */
const plain: Place = {
  valid: (w) => ({ model: { weight: w.tensor(), bias: weight }, epoch: 3, betas: [0.9, 0.999], done: null }),
  accepts: (value) => isPlain(value),
};

function isPlain(value: unknown, depth = 0): boolean {
  if (value === null || ["boolean", "number", "bigint", "string"].includes(typeof value)) return true;
  if (!isObject(value) || depth > 100) return false;
  if (isTensor(value) || value instanceof Map) return true;
  if (value instanceof Uint8Array) return !isDetached(value);
  if (Array.isArray(value)) {
    for (const item of value) if (!isPlain(item, depth + 1)) return false;
    return true;
  }
  return isPlainObject(value) && Object.values(value).every((item) => isPlain(item, depth + 1));
}

function isPlainObject(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function isDetached({ buffer }: Uint8Array): boolean {
  try {
    return new Uint8Array(buffer) === undefined;
  } catch {
    return true;
  }
}

const optimizer = (w: Parameters<Place["valid"]>[0]) => new optim.Adam([w.parameter()]).stateDict();

export const torchCases: Cases = {
  readTorch: { args: [source(torch), p.options({ ...reading, maxBytes: maxBytes(0) })], isAsync: true },
  writeTorch: { args: [plain, p.options({ round: p.flag() })], isAsync: true, says: ["data"] },
  readNpy: { args: [source(npy), p.options(reading)], isAsync: true },
  writeNpy: { args: [tensor], isAsync: true, says: ["data"] },
  readNpz: { args: [source(npz), p.options({ ...reading, maxBytes: maxBytes(200) })], isAsync: true },
  writeNpz: { args: [p.object((w) => ({ a: w.tensor() }), { a: tensor }, p.isEmptyObject)], isAsync: true, says: ["data"] },
  optimizerFromTorch: [p.object((w) => optimizerToTorch(optimizer(w)), { state: { valid: () => new Map(), accepts: isObject } })],
  optimizerToTorch: [p.object(optimizer, { state: { valid: () => ({}), accepts: isObject } })],
};
