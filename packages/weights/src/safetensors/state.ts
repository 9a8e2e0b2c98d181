/** What is written, checked as a whole before the first byte is. */

import { type Item, itemOf, type TensorLike } from "../item";
import { quoted, wrongType, wrongValue } from "../refusal";
import { isPlainObject } from "../signal";
import { BYTES, type Weight } from "../weight";
import { isWellFormed, METADATA } from "./kinds";

/** Tensors by name: those of files, and those of models. */
export type WritableState = Readonly<Record<string, Weight | TensorLike>>;

/** A tensor to be written, under its name. */
export interface NamedItem extends Item {
  readonly name: string;
  /** Bytes in the file. */
  readonly bytes: number;
}

/** The tensors of a state, each of its properties read once. */
export function itemsOf(op: string, state: unknown): NamedItem[] {
  if (!isPlainObject(state)) throw wrongType(op, "an object of tensors", state, "pass model.stateDict()");
  const given = Object.entries(state);
  const items = given.map(([name, value]) => named(op, name, value));
  checkApart(op, items, new Map(given));
  return items;
}

// --- internal helpers ---

function named(op: string, name: string, value: unknown): NamedItem {
  if (name === METADATA || !isWellFormed(name)) throw wrongValue(op, "a name that the format has room for", name);
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value))
    throw wrongType(op, `a tensor or { shape, dtype, data } for ${quoted(name)}`, value);
  const item = itemOf(op, quoted(name), value as Weight | TensorLike);
  return { ...item, name, bytes: item.count * BYTES[item.dtype] };
}

/** Two names for the same memory would come back as two tensors, and a tie be lost unseen. */
function checkApart(op: string, items: readonly NamedItem[], values: ReadonlyMap<string, unknown>): void {
  const owners = new Map<unknown, string>();
  for (const item of items) {
    const value = values.get(item.name);
    if (item.bytes > 0 && owners.has(value)) throw tied(op, owners.get(value) as string, item.name);
    owners.set(value, item.name);
  }
  const spans = new Map<ArrayBufferLike, { name: string; start: number; end: number }[]>();
  for (const { name, held } of items) {
    if (held === undefined || held.byteLength === 0) continue;
    const { buffer, byteOffset: start, byteLength } = held;
    const list = spans.get(buffer) ?? [];
    list.push({ name, start, end: start + byteLength });
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
