/** A writer of pickles of protocol 2, in the steps that PyTorch's own reader of weights takes. */
import { numbers } from "../bytes";
import { type Item, itemOf } from "../item";
import { wrongType, wrongValue } from "../refusal";
import { BYTES, type Weight, type WeightData } from "../weight";
import { entriesOf, kindOf, latin1 } from "./entries";
import { STORAGES } from "./storages";

/** A pickle and the memory of its tensors, in the order of their keys "0", "1", ... */
export interface Pickled {
  readonly pickle: Uint8Array;
  readonly storages: readonly Item[];
}

/** The pickle of a value. */
export function pickled(op: string, value: unknown): Pickled {
  const parts: (Uint8Array | string)[] = [];
  const storages: Item[] = [];
  const keys = new Map<unknown, number>();
  const step = (...bytes: number[]) => parts.push(Uint8Array.from(bytes));
  const name = (module: string, word: string) => parts.push(`c${module}\n${word}\n`);

  const text = (value: string) => {
    const bytes = new TextEncoder().encode(value);
    if (new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes) !== value)
      throw wrongValue(op, "text without halves of surrogate pairs", value);
    parts.push("X", numbers([bytes.length, 4]), bytes);
  };
  const integer = (value: number | bigint) => {
    if (value >= 0 && value < 256) step(0x4b, Number(value));
    else if (value >= -(2 ** 31) && value < 2 ** 31) parts.push("J", numbers([Number(value) >>> 0, 4]));
    else {
      const bytes: number[] = [];
      for (let rest = BigInt(value); bytes.length === 0 || rest !== BigInt.asIntN(8, BigInt(bytes.at(-1) as number)) >> 8n; rest >>= 8n) {
        if (bytes.length === 255) throw wrongValue(op, "integers of at most 255 bytes", value);
        bytes.push(Number(rest & 255n));
      }
      step(0x8a, bytes.length, ...bytes);
    }
  };
  const number = (value: number) => {
    if (Number.isSafeInteger(value) && !Object.is(value, -0)) return integer(value);
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setFloat64(0, value);
    return parts.push("G", bytes);
  };
  const tuple = (values: readonly number[]) => {
    parts.push("(");
    values.forEach(integer);
    parts.push("t");
  };

  const tensor = (item: Item, key: number) => {
    const { shape, dtype, count } = item;
    const storage = STORAGES.get(dtype);
    name("torch._utils", storage ? "_rebuild_tensor_v2" : "_rebuild_tensor_v3");
    parts.push("((");
    text("storage");
    if (storage) name("torch", storage);
    else name("torch.storage", "UntypedStorage");
    text(String(key));
    text("cpu");
    integer(storage ? count : count * BYTES[dtype]);
    parts.push("tQ");
    integer(0);
    tuple(shape);
    // As PyTorch has them: those of an empty tensor are never 0.
    tuple(shape.map((_, i) => shape.slice(i + 1).reduce((product, size) => product * Math.max(1, size), 1)));
    step(0x89);
    name("collections", "OrderedDict");
    parts.push(")R");
    if (!storage) name("torch", dtype);
    parts.push("tR");
  };

  /** Tensors that are the same, or lie in the same memory, are one in the file. */
  const keyOf = (value: object, item: Item): number => {
    const same = item.held === undefined ? value : `${item.dtype} ${placeOf(item.held)}`;
    const key = keys.get(same) ?? storages.push(item) - 1;
    keys.set(same, key);
    return key;
  };
  const buffers = new Map<ArrayBufferLike, number>();
  const placeOf = ({ buffer, byteOffset, length }: WeightData): string => {
    if (!buffers.has(buffer)) buffers.set(buffer, buffers.size);
    return `${buffers.get(buffer)} ${byteOffset} ${length}`;
  };

  const dict = (entries: readonly (readonly [unknown, unknown])[], path: string, depth: number) => {
    // What only has tensors is a state dict.
    const isState =
      entries.length > 0 && entries.every(([, value]) => typeof value === "object" && value !== null && kindOf(value) === "tensor");
    if (isState) name("collections", "OrderedDict");
    parts.push(isState ? ")R(" : "}(");
    for (const [key, value] of entries) {
      if ((typeof key === "object" && key !== null) || typeof key === "function")
        throw wrongType(op, `keys of ${path} that are strings or numbers`, key);
      write(key, path, depth);
      write(value, `${path}[${typeof key === "string" ? JSON.stringify(key.slice(0, 60)) : String(key)}]`, depth);
    }
    parts.push("u");
  };

  const write = (value: unknown, path: string, depth = 0): void => {
    if (depth > 100) throw wrongValue(op, "values at most 100 deep", "deeper ones", "is there a cycle?");
    if (value === null) parts.push("N");
    else if (typeof value === "boolean") step(value ? 0x88 : 0x89);
    else if (typeof value === "number") number(value);
    else if (typeof value === "bigint") integer(value);
    else if (typeof value === "string") text(value);
    else if (typeof value === "object") object(value, path, depth + 1);
    else throw wrongType(op, `${TAKEN} as ${path}`, value, ADVICE);
  };

  const object = (value: object, path: string, depth: number): void => {
    const kind = kindOf(value);
    const letters = kind === "bytes" ? latin1(value as Uint8Array) : undefined;
    const entries = kind === "dict" ? entriesOf(value) : undefined;
    if (kind === "tensor") {
      const item = itemOf(op, path, value as Weight);
      tensor(item, keyOf(value, item));
    } else if (kind === "list") {
      parts.push("](");
      let i = 0;
      for (const item of value as unknown[]) write(item, `${path}[${i++}]`, depth);
      parts.push("e");
    } else if (letters !== undefined) {
      name("_codecs", "encode");
      parts.push("(");
      text(letters);
      text("latin1");
      parts.push("tR");
    } else if (entries !== undefined) dict(entries, path, depth);
    else throw wrongType(op, `${TAKEN} as ${path}`, value, ADVICE);
  };

  step(0x80, 2);
  write(value, "value");
  parts.push(".");
  return { pickle: joined(parts), storages };
}

// --- internal helpers ---

const TAKEN = "tensors, plain objects, Maps, arrays, bytes, strings, numbers, booleans or null";
const ADVICE = "pass model.stateDict(), or { shape, dtype, data } for a tensor";

function joined(parts: readonly (Uint8Array | string)[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    if (typeof part === "string") for (let i = 0; i < part.length; i++) bytes[at + i] = part.charCodeAt(i);
    else bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
