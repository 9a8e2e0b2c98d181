/** Safetensors files, as bytes or as a stream of them. */
import { allocate, quoted, wrongType, wrongValue } from "../refusal";
import { isPlainObject, optionsOf } from "../signal";
import { BYTES, type WeightData } from "../weight";
import { isWellFormed, KINDS, MAX_HEADER, METADATA } from "./kinds";
import { itemsOf, type NamedItem, type WritableState } from "./state";

/** Options of `writeSafetensors` and `writeSafetensorsStream`. */
export interface WriteSafetensorsOptions {
  /** Text beside the tensors, by name. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  /** Round what float16 and bfloat16 do not hold, to nearest, ties to even. Default: refuse it. */
  readonly round?: boolean | undefined;
}

/**
 * Writes tensors as a safetensors file: those that a reader gave, and those of a model, as its `stateDict()` has them. As
 * [safetensors.torch.save](https://huggingface.co/docs/safetensors/api/torch) of Python, in the same order and with the same padding.
 *
 * Each tensor is written in its own dtype. Floats below float32 are given as float32 values, which must be exact in it, unless `round` is given. Names that
 * share memory (tied weights) are refused, as Python's writer does: leave one of them out.
 *
 * @param state Tensors by name: `{ shape, dtype, data }`, or what gives its elements by `data()`.
 * @param options `metadata`: text by name. `round`: round to float16 and bfloat16 (default false).
 * @returns The file; a promise, as some backends' tensors take time to read.
 * @throws TypeError for what is no tensor, or has other data than its dtype; RangeError for a length other than the shape's, values that the dtype does not hold,
 *   and names that share memory.
 * @example
 * ```ts
 * const w = { shape: [2, 1], dtype: "float32", data: new Float32Array([1, 2]) } as const;
 * const file = await writeSafetensors({ w }, { metadata: { format: "pt" } });
 * console.log(file.length, (await readSafetensors(file)).w?.data.join()); // 104 1,2
 * ```
 */
export async function writeSafetensors(state: WritableState, options?: WriteSafetensorsOptions): Promise<Uint8Array> {
  const op = "writeSafetensors";
  const { header, items, round, size } = plan(op, state, options);
  const file = allocate(op, size);
  file.set(header);
  let at = header.length;
  for (const item of items) {
    const data = await item.data();
    for (let done = 0; done < data.length; done += PART) at += copied(item, data.subarray(done, done + PART), round, file, at);
  }
  return file;
}

/**
 * The same file in parts, for what is too large to hold twice: at most one tensor is read at a time, and a part has at most 1 MB. All but the elements is checked
 * before the first part.
 *
 * @param state As for `writeSafetensors`.
 * @param options As for `writeSafetensors`.
 * @returns Its parts: for `ReadableStream.from`, `Readable.from`, `fs.promises.writeFile`, or a loop. The call itself throws as `writeSafetensors` does; a loop
 *   over the parts throws for elements that cannot be written, and then what was written before is no file.
 * @example
 * ```ts
 * const w = { shape: [3], dtype: "uint8", data: new Uint8Array([1, 2, 3]) } as const;
 * let bytes = 0;
 * for await (const part of writeSafetensorsStream({ w })) bytes += part.length;
 * console.log(bytes); // 67
 * ```
 */
export function writeSafetensorsStream(
  state: WritableState,
  options?: WriteSafetensorsOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  const op = "writeSafetensorsStream";
  return gathered(plan(op, state, options));
}

// --- internal helpers ---

/** Bytes of a part of a stream, and of what is converted at a time. */
const PART = 2 ** 20;

/** A file before its elements are read. */
interface Plan {
  readonly header: Uint8Array;
  readonly items: readonly NamedItem[];
  readonly round: boolean;
  readonly size: number;
}

function plan(op: string, state: unknown, options: WriteSafetensorsOptions | undefined): Plan {
  const { metadata, round = false } = optionsOf(op, options, ["metadata", "round"]);
  if (typeof round !== "boolean") throw wrongType(op, "round to be true or false", round);
  const text = metadata === undefined ? undefined : textOf(op, metadata);
  const kinds = Object.keys(KINDS);
  const ranks = new Map<string, number>(Object.values(KINDS).map(([dtype], i) => [dtype, i]));
  const rank = ({ dtype }: NamedItem) => ranks.get(dtype) as number;
  const items = itemsOf(op, state).sort((a, b) => rank(a) - rank(b) || compare(a.name, b.name));
  const entries: [string, unknown][] = text === undefined ? [] : [[METADATA, text]];
  let at = 0;
  for (const item of items) {
    const end = at + item.bytes;
    entries.push([item.name, { dtype: kinds[rank(item)], shape: item.shape, data_offsets: [at, end] }]);
    at = end;
  }
  // Member by member, as an object would put names that are numbers first.
  const json = new TextEncoder().encode(`{${entries.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join()}}`);
  const length = Math.ceil(json.length / 8) * 8;
  if (length > MAX_HEADER) throw wrongValue(op, `names and metadata of at most ${MAX_HEADER} bytes`, length);
  const header = new Uint8Array(8 + length).fill(0x20);
  new DataView(header.buffer).setBigUint64(0, BigInt(length), true);
  header.set(json, 8);
  return { header, items, round, size: header.length + at };
}

/** By code points, as UTF-8 is sorted. */
function compare(a: string, b: string): number {
  let i = 0;
  while (i < a.length && a[i] === b[i]) i++;
  // Between two halves of a pair the first halves decided nothing.
  const isLow = (text: string) => (text.charCodeAt(i) & 0xfc00) === 0xdc00;
  if (i > 0 && (isLow(a) || isLow(b))) i--;
  return (a.codePointAt(i) ?? -1) - (b.codePointAt(i) ?? -1);
}

function textOf(op: string, metadata: unknown): Record<string, string> {
  if (!isPlainObject(metadata)) throw wrongType(op, "metadata as { name: text }", metadata);
  const text: Record<string, string> = Object.create(null);
  for (const [name, value] of Object.entries(metadata)) {
    if (typeof value !== "string") throw wrongType(op, `text as the metadata ${quoted(name)}`, value, "JSON.stringify makes some");
    if (!isWellFormed(name) || !isWellFormed(value)) throw wrongValue(op, "metadata without halves of surrogate pairs", value);
    text[name] = value;
  }
  return text;
}

/** The header and all elements, in parts of their own memory. A tensor is let go before the next one is asked for. */
async function* gathered({ header, items, round, size }: Plan): AsyncGenerator<Uint8Array, void, undefined> {
  yield header;
  let left = size - header.length;
  let part = new Uint8Array(Math.min(PART, left));
  let filled = 0;
  for (const item of items) {
    let data: WeightData | null = await item.data();
    // Wide elements come first, so that none lies over the end of a part.
    for (let done = 0; data !== null && done < data.length; ) {
      const count = Math.min(data.length - done, (part.length - filled) / BYTES[item.dtype]);
      filled += copied(item, data.subarray(done, done + count), round, part, filled);
      done += count;
      if (filled < part.length) continue;
      // Nothing of a tensor that is done is held on to while its last part is out.
      if (done === data.length) data = null;
      yield part;
      left -= filled;
      part = new Uint8Array(Math.min(PART, left));
      filled = 0;
      if (data === null) break;
    }
    data = null;
  }
}

/** Writes elements into a target, and says how many bytes they were. In a function of its own, so that no view of them outlives it. */
function copied(item: NamedItem, data: WeightData, round: boolean, target: Uint8Array, at: number): number {
  const bytes = item.encoded(data, round);
  target.set(bytes, at);
  return bytes.length;
}
