/** What a pickle said, as the value that is given out: no cycles, no great depth, nothing that grows when it is gone through. */
import { WeightFileError } from "../refusal";
import type { Weight } from "../weight";
import { Global, refused } from "./globals";
import { type Raw, StorageRef, TensorRef } from "./refs";

/**
 * What a file of PyTorch holds: tensors, and Python's plain values around them. Dicts whose keys are all strings are objects, others Maps; lists and tuples are arrays;
 * None is null; whole numbers beyond 2^53 are bigints; bytes are Uint8Arrays; dtypes and devices are strings.
 */
export type TorchValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | Weight
  | readonly TorchValue[]
  | { readonly [name: string]: TorchValue }
  | ReadonlyMap<unknown, TorchValue>;

/** The value, when going through it takes no more than some `most` steps. */
export function finish(op: string, root: Raw, most: number): TorchValue {
  const done = new Map<Raw, Done>();
  const open: Frame[] = [];
  const refuse = (expected: string, got: string) =>
    new WeightFileError(op, expected, got, "the file is made to do harm, or nothing that state_dict() gives");
  const given: Frame = frameOf([root]);
  open.push(given);
  for (;;) {
    const frame = open.at(-1) as Frame;
    if (frame.values.length < frame.children.length) {
      const child = frame.children[frame.values.length] as Raw;
      const known = done.get(child);
      if (known !== undefined) add(frame, known);
      else if (Array.isArray(child) || child instanceof Map) {
        if (open.some(({ source }) => source === child)) throw refuse("values that end", "one that holds itself");
        if (open.length > DEEPEST) throw refuse(`values at most ${DEEPEST} deep`, "deeper ones");
        open.push(frameOf(child));
      } else add(frame, { value: leaf(op, child), height: 0, steps: 1 });
      continue;
    }
    if (frame.height > DEEPEST) throw refuse(`values at most ${DEEPEST} deep`, "deeper ones");
    if (frame.steps > most) throw refuse("values no larger than the file", "the same ones over and over");
    open.pop();
    if (open.length === 0) return frame.values[0] as TorchValue;
    const value = { value: built(frame), height: frame.height + 1, steps: frame.steps };
    done.set(frame.source, value);
    add(open.at(-1) as Frame, value);
  }
}

// --- internal helpers ---

const DEEPEST = 100;

interface Done {
  readonly value: TorchValue;
  readonly height: number;
  readonly steps: number;
}

/** A dict or list whose values are being made. */
interface Frame {
  readonly source: Raw[] | Map<unknown, Raw>;
  readonly children: readonly Raw[];
  readonly values: TorchValue[];
  height: number;
  steps: number;
}

const frameOf = (source: Frame["source"]): Frame => ({
  source,
  children: Array.isArray(source) ? source : [...source.values()],
  values: [],
  height: 0,
  steps: 1,
});

function add(frame: Frame, { value, height, steps }: Done): void {
  frame.values.push(value);
  frame.height = Math.max(frame.height, height);
  frame.steps += steps;
}

function built({ source, values }: Frame): TorchValue {
  if (Array.isArray(source)) return values;
  const keys = [...source.keys()];
  if (!keys.every((key) => typeof key === "string")) return new Map(keys.map((key, i) => [key, values[i] as TorchValue]));
  // No name of a file means anything else.
  const object: Record<string, TorchValue> = Object.create(null);
  keys.forEach((key, i) => {
    object[key as string] = values[i] as TorchValue;
  });
  return object;
}

function leaf(op: string, value: Raw): TorchValue {
  if (value instanceof Global) throw refused(op, value.name);
  if (value instanceof StorageRef) throw new WeightFileError(op, "tensors", "a storage alone", "save a tensor of it");
  return (value instanceof TensorRef ? value.weight : value) as TorchValue;
}
