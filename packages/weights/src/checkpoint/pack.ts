/**
 * Values as JSON with their tensors beside it, by name. What JSON lacks stands as an object with `$`: tensors and typed arrays by their names, numbers that JSON
 * does not know, bigints. Keys are paths (`model/0.weight`), so that a file can be read by whoever wants only the weights.
 */
import { isTensorLike, type TensorLike } from "../item";
import { WeightFileError, wrongType } from "../refusal";
import { isPlainObject } from "../signal";
import { arrayOf, BYTES, type Weight, type WeightData, type WeightDType, type Weights } from "../weight";
import { generatorsOf, isGenerator, isStateful } from "./parts";

/** Tensors by name, and the JSON that names them. */
export interface Packed {
  readonly tensors: Record<string, Weight | TensorLike>;
  readonly json: unknown;
}

/** Packs a value with everything in it. Tensors are not read yet. */
export function pack(op: string, value: unknown): Packed {
  const tensors: Record<string, Weight | TensorLike> = {};
  const open = new Set<object>();
  const beside = (kind: "tensor" | "array", path: string, tensor: Weight | TensorLike) => {
    tensors[path] = tensor;
    return { $: kind, name: path };
  };
  const packed = (item: unknown, path: string): unknown => {
    if (item === null || typeof item === "string" || typeof item === "boolean") return item;
    if (typeof item === "number")
      return Number.isFinite(item) && !Object.is(item, -0) ? item : { $: "number", text: Object.is(item, -0) ? "-0" : String(item) };
    if (typeof item === "bigint") return { $: "bigint", text: String(item) };
    if (typeof item !== "object") throw wrongType(op, `a value that can be saved at ${JSON.stringify(path)}`, item);
    if (open.has(item)) throw wrongType(op, `values without circles at ${JSON.stringify(path)}`, item);
    if (open.size > MAX_DEPTH) throw wrongType(op, `at most ${MAX_DEPTH} levels`, item);
    open.add(item);
    try {
      if (isTensorLike(item)) return beside("tensor", path, item);
      if (isStateful(item)) {
        const generators = generatorsOf(item);
        const state = packed(item.stateDict(), path);
        return Object.keys(generators).length === 0 ? state : { $: "state", state, generators: packed(generators, `${path}#generators`) };
      }
      if (isGenerator(item)) return packed(item.getState(), path);
      if (ArrayBuffer.isView(item)) return beside("array", path, arrayAsWeight(op, path, item));
      if (Array.isArray(item)) return item.map((inner, i) => packed(inner, join(path, String(i))));
      if (!isPlainObject(item))
        throw wrongType(op, `a plain value, a tensor, a generator or what has stateDict() at ${JSON.stringify(path)}`, item);
      const entries = Object.entries(item).filter(([, inner]) => inner !== undefined);
      const object = Object.fromEntries(entries.map(([key, inner]) => [key, packed(inner, join(path, key))]));
      return "$" in object ? { $: "object", object } : object;
    } finally {
      open.delete(item);
    }
  };
  return { json: packed(value, ""), tensors };
}

/** The value again, with tensors as the file has them. */
export function unpack(op: string, json: unknown, weights: Weights): unknown {
  const weightAt = (name: unknown): Weight => {
    if (typeof name !== "string" || !Object.hasOwn(weights, name))
      throw new WeightFileError(op, "the tensors that it names", `none of the name ${JSON.stringify(name)}`);
    return weights[name] as Weight;
  };
  const unpacked = (item: unknown, depth: number): unknown => {
    if (depth > 2 * MAX_DEPTH) throw new WeightFileError(op, `at most ${2 * MAX_DEPTH} levels`, "more");
    if (typeof item !== "object" || item === null) return item;
    if (Array.isArray(item)) return item.map((inner) => unpacked(inner, depth + 1));
    const { $: kind, ...rest } = item as Record<string, unknown>;
    switch (kind) {
      case undefined:
        return objectOf(item as Record<string, unknown>, depth);
      case "number":
        return Number(rest.text);
      case "bigint":
        return BigInt(rest.text as string);
      case "tensor":
        return weightAt(rest.name);
      case "array":
        return weightAt(rest.name).data;
      case "object":
        return objectOf(rest.object as Record<string, unknown>, depth);
      case "state":
        return new StateWithGenerators(unpacked(rest.state, depth + 1), unpacked(rest.generators, depth + 1) as Record<string, Uint8Array>);
      default:
        throw new WeightFileError(op, "values of this version", `one of kind ${JSON.stringify(kind)}`);
    }
  };
  const objectOf = (object: Record<string, unknown>, depth: number) =>
    Object.fromEntries(Object.entries(object).map(([key, inner]) => [key, unpacked(inner, depth + 1)]));
  return unpacked(json, 0);
}

/** The state of a model whose layers have generators of their own. */
export class StateWithGenerators {
  constructor(
    readonly state: unknown,
    readonly generators: Readonly<Record<string, Uint8Array>>,
  ) {}
}

// --- internal helpers ---

const MAX_DEPTH = 64;

function join(path: string, key: string): string {
  return path === "" ? key : `${path}/${key}`;
}

function arrayAsWeight(op: string, path: string, view: ArrayBufferView): Weight {
  const kind: string = (view as Uint8Array)[Symbol.toStringTag];
  const dtype = (Object.keys(BYTES) as WeightDType[]).find((known) => arrayOf(known).name === kind);
  if (dtype === undefined) throw wrongType(op, `a typed array that can be saved at ${JSON.stringify(path)}`, view);
  const data = view as WeightData;
  return { shape: [data.length], dtype, data };
}
