import type { TensorLike } from "../item";
import { wrongType } from "../refusal";
import { optionsOf } from "../signal";
import type { Weight } from "../weight";
import { zipOf } from "../zip-write";
import { pickled } from "./pickle";

/** What `writeTorch` takes: tensors of files and of models, in plain values. */
export type WritableTorch =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | Weight
  | TensorLike
  | readonly WritableTorch[]
  | { readonly [name: string]: WritableTorch }
  | ReadonlyMap<unknown, WritableTorch>;

/** Options of `writeTorch`. */
export interface WriteTorchOptions {
  /** Round what float16 and bfloat16 do not hold, to nearest, ties to even. Default: refuse it. */
  readonly round?: boolean | undefined;
}

/**
 * Writes a file that [torch.load(weights_only=True)](https://docs.pytorch.org/docs/stable/generated/torch.load.html) takes, as `torch.save` does: a state dict, or a checkpoint with
 * state dicts in it.
 *
 * Tensors are `{ shape, dtype, data }`, or what gives its elements by `data()`, as tensors of `@dropwise/core` do. Objects and Maps become dicts (OrderedDicts where they hold
 * tensors only), arrays lists, whole numbers ints, other numbers floats, Uint8Arrays bytes. The same tensor at two names, or the same memory, is one in the file.
 *
 * @param value What is saved. Keys that are to be ints in Python are those of a Map.
 * @param options `round`: round to float16 and bfloat16 (default false).
 * @returns The file.
 * @throws TypeError for what is no such value, or has other data than its dtype; RangeError for lengths other than the shape's, values that the dtype does not hold, and cycles.
 * @example
 * ```ts
 * const model = new nn.Linear(2, 3);
 * const file = await writeTorch(model.stateDict()); // torch.load("model.pt", weights_only=True)
 * console.log(Object.keys(await readTorch(file)).join()); // weight,bias
 * ```
 */
export async function writeTorch(value: WritableTorch, options?: WriteTorchOptions): Promise<Uint8Array<ArrayBuffer>> {
  const { round = false } = optionsOf(OP, options, ["round"]);
  if (typeof round !== "boolean") throw wrongType(OP, "round to be true or false", round);
  const { pickle, storages } = pickled(OP, value);
  const text = (content: string) => new TextEncoder().encode(content);
  const entries: [string, Uint8Array][] = [
    ["archive/data.pkl", pickle],
    ["archive/.format_version", text("1")],
    ["archive/.storage_alignment", text("64")],
    ["archive/byteorder", text("little")],
  ];
  for (const [key, item] of storages.entries()) entries.push([`archive/data/${key}`, item.encoded(await item.data(), round)]);
  entries.push(["archive/version", text("3\n")]);
  return zipOf(OP, entries);
}

// --- internal helpers ---

const OP = "writeTorch";
