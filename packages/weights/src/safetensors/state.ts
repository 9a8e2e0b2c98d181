/** What is written, checked as a whole before the first byte is. */
import { quoted, wrongType, wrongValue } from "../refusal";
import { isPlainObject } from "../signal";
import { arrayOf, BYTES, type Weight, type WeightData, type WeightDType } from "../weight";
import { isWellFormed, METADATA } from "./kinds";

/** A tensor that gives its elements when it is asked, such as one of `@dropwise/core`. */
export interface TensorLike {
  /** Sizes, outermost first. */
  readonly shape: readonly number[];
  /** The element type. */
  readonly dtype: WeightDType;
  /** The elements in row-major order. */
  data(): Promise<WeightData> | WeightData;
}

/** Tensors by name: those of files, and those of models. */
export type WritableState = Readonly<Record<string, Weight | TensorLike>>;

/** A tensor to be written. */
export interface Item {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: WeightDType;
  /** Bytes in the file. */
  readonly bytes: number;
  /** Its elements, checked. */
  data(): Promise<WeightData>;
}

/** The tensors of a state, each of its properties read once. */
export function itemsOf(op: string, state: unknown): Item[] {
  if (!isPlainObject(state)) throw wrongType(op, "an object of tensors", state, "pass model.stateDict()");
  const given = Object.entries(state);
  const items = given.map(([name, value]) => itemOf(op, name, value));
  checkApart(op, items, new Map(given));
  return items.map(({ item }) => item);
}

// --- internal helpers ---

interface Given {
  readonly item: Item;
  /** Elements that are here already. */
  readonly held: WeightData | undefined;
}

function itemOf(op: string, name: string, value: unknown): Given {
  const what = quoted(name);
  if (name === METADATA || !isWellFormed(name)) throw wrongValue(op, "a name that the format has room for", name);
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value))
    throw wrongType(op, `a tensor or { shape, dtype, data } for ${what}`, value);
  const { shape: sizes, dtype } = value as Partial<Weight>;
  const shape = shapeOf(sizes);
  if (shape === undefined) throw wrongType(op, `a shape for ${what}`, sizes);
  if (typeof dtype !== "string" || !Object.hasOwn(BYTES, dtype))
    throw wrongType(op, `a dtype for ${what}`, dtype, `one of ${Object.keys(BYTES).join(", ")}`);
  const bytes = shape.reduce((product, size) => product * size, BYTES[dtype]);
  if (!Number.isSafeInteger(bytes)) throw wrongValue(op, `a shape for ${what} whose elements can be counted`, bytes);
  const { data } = value as Partial<Weight | TensorLike>;
  const checked = (elements: unknown) => checkedData(op, what, { dtype, length: bytes / BYTES[dtype] }, elements);
  const common = { name, shape, dtype, bytes };
  if (typeof data === "function") {
    return {
      item: { ...common, data: async () => checked(await (data as TensorLike["data"]).call(value as TensorLike)) },
      held: undefined,
    };
  }
  const held = checked(data);
  return { item: { ...common, data: async () => checked(held) }, held };
}

/** A copy of a shape, which ends at the first that is no size: an array may have more holes than can be gone through. */
function shapeOf(sizes: unknown): number[] | undefined {
  if (!Array.isArray(sizes)) return undefined;
  const shape: number[] = [];
  for (const size of sizes) {
    if (!Number.isSafeInteger(size) || size < 0) return undefined;
    shape.push(size);
  }
  return shape;
}

function checkedData(op: string, what: string, { dtype, length }: { dtype: WeightDType; length: number }, data: unknown): WeightData {
  const { name } = arrayOf(dtype);
  const got = ArrayBuffer.isView(data) ? (data as { [Symbol.toStringTag]?: string })[Symbol.toStringTag] : undefined;
  if (got !== name) throw wrongType(op, `the data of ${what}, ${dtype}, as a ${name}`, data);
  const elements = data as WeightData;
  if (elements.length !== length) throw wrongValue(op, `${length} elements for ${what}`, elements.length);
  return elements;
}

/** Two names for the same memory would come back as two tensors, and a tie be lost unseen. */
function checkApart(op: string, items: readonly Given[], values: ReadonlyMap<string, unknown>): void {
  const owners = new Map<unknown, string>();
  for (const { item } of items) {
    const value = values.get(item.name);
    if (item.bytes > 0 && owners.has(value)) throw tied(op, owners.get(value) as string, item.name);
    owners.set(value, item.name);
  }
  const spans = new Map<ArrayBufferLike, { name: string; start: number; end: number }[]>();
  for (const { item, held } of items) {
    if (held === undefined || held.byteLength === 0) continue;
    const { buffer, byteOffset: start, byteLength } = held;
    const list = spans.get(buffer) ?? [];
    list.push({ name: item.name, start, end: start + byteLength });
    spans.set(buffer, list);
  }
  for (const list of spans.values()) {
    list.sort((a, b) => a.start - b.start);
    list.reduce((last, span) => {
      if (span.start < last.end) throw tied(op, last.name, span.name);
      return span;
    });
  }
}

function tied(op: string, one: string, other: string): RangeError {
  const advice = `leave ${quoted(other)} out and name it in the metadata, or give a copy`;
  return wrongValue(op, `tensors that share no memory with ${quoted(one)}`, other, advice);
}
