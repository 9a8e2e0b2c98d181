/** A safetensors file whose tensors are read one by one, when they are asked for. */

import type { Backend, Tensor } from "@dropwise/core";
import { tensorOfParts } from "@dropwise/core/backend";
import type { ByteSource } from "../byte-source";
import { quoted, WeightFileError, wrongType, wrongValue } from "../refusal";
import { optionsOf, type ReadOptions, readOptionsOf } from "../signal";
import { openSource, type Source } from "../source";
import { BYTES, elementsOf, isSmallFloat, type Weight, type WeightData, type WeightDType } from "../weight";
import { type Entry, readHeader } from "./header";
import type { OtherDType } from "./kinds";

/** What a file tells of a tensor before it is read. */
export interface TensorInfo {
  /** Sizes, outermost first. */
  readonly shape: readonly number[];
  /** The element type, in PyTorch's words; of complex64, float6 and float4 nothing more can be read. */
  readonly dtype: WeightDType | OtherDType;
  /** Bytes in the file. */
  readonly bytes: number;
}

/** Options of `readTensor`. */
export interface ReadTensorOptions {
  /** Where the tensor is to live. Default: the default backend. */
  readonly backend?: Backend | undefined;
  /** Record operations on it, for gradients; float dtypes only. Default: false. */
  readonly requiresGrad?: boolean | undefined;
}

/** An open safetensors file. */
export interface SafetensorsFile {
  /** Names of the tensors, in the order of the header. */
  readonly names: readonly string[];
  /** What the writer put beside them. */
  readonly metadata: Readonly<Record<string, string>>;
  /**
   * What the header tells of a tensor.
   *
   * @param name Its name.
   * @throws RangeError for a name that the file does not have.
   */
  info(name: string): TensorInfo;
  /**
   * Reads a tensor; nothing else of the file is read.
   *
   * @param name Its name.
   * @throws RangeError for a name that the file does not have; WeightFileError for elements that no array can hold, and a file that cannot be read.
   */
  read(name: string): Promise<Weight>;
  /**
   * Reads a tensor to where it is to live. On backends whose memory is the process's own (the reference, native, wasm) the bytes of a file go there a MiB at a time: no
   * array of the tensor's size is made.
   *
   * @param name Its name.
   * @param options `backend`: where it lives (default: the default backend). `requiresGrad`: default false.
   * @returns A tensor of float32 for floats below it, of int32 for int64, as far as the numbers fit; float64, float32, int32 and bool stay as they are.
   * @throws RangeError for a name that the file does not have, and numbers beyond int32; TypeError for other dtypes, which `read` gives; as `read`.
   */
  readTensor(name: string, options?: ReadTensorOptions): Promise<Tensor>;
  /** Lets go of the file. Nothing can be read from then on. */
  close(): Promise<void>;
}

/**
 * Opens a safetensors file and reads its header alone: from a path, a URL (by ranges, where the server knows them), a `Blob`, a `Response` or bytes. As
 * [safe_open](https://huggingface.co/docs/safetensors/api/torch) of Python.
 *
 * @param source The file.
 * @param options `onProgress`: told as bytes come. `signal`: ends all reading.
 * @returns The file; close it when done.
 * @throws WeightFileError for what is no safetensors file by the format's text; TypeError for what is no source.
 * @example
 * ```ts
 * const file = await openSafetensors(await writeSafetensors({ w: { shape: [2], dtype: "float16", data: new Float32Array([1, 2]) } }));
 * console.log(file.names, file.info("w").bytes); // [ 'w' ] 4
 * console.log((await file.read("w")).data.join()); // 1,2
 * await file.close();
 * ```
 */
export async function openSafetensors(source: Source, options?: ReadOptions): Promise<SafetensorsFile> {
  const op = "openSafetensors";
  const opened = await openSource(op, source, readOptionsOf(op, options));
  try {
    const { entries, metadata } = await readHeader(op, opened);
    return fileOf(opened, entries, metadata);
  } catch (error) {
    await opened.close();
    throw error;
  }
}

/** The tensor of an entry, by its bytes. */
export function weightOf(op: string, entry: Entry, dtype: WeightDType, bytes: Uint8Array): Weight {
  return { shape: entry.shape, dtype, data: checkedElements(op, entry, dtype, bytes) };
}

/** The type in which the elements of an entry can be held. */
export function heldAs(op: string, { name, dtype }: Entry): WeightDType {
  if (!Object.hasOwn(BYTES, dtype)) {
    throw new WeightFileError(op, `elements that an array can hold in ${quoted(name)}`, dtype, "read the other tensors by name");
  }
  return dtype as WeightDType;
}

/** The entry of a name. `absent` makes the error for one that is not there. */
export function entryOf(op: string, entries: ReadonlyMap<string, Entry>, name: string, absent?: (name: string) => Error): Entry {
  const entry = entries.get(name);
  if (entry !== undefined) return entry;
  if (absent !== undefined) throw absent(name);
  if (typeof name !== "string") throw wrongType(op, "the name of a tensor", name);
  throw wrongValue(op, "the name of a tensor of the file", name, "see its names");
}

// --- internal helpers ---

function checkedElements(op: string, { name }: Entry, dtype: WeightDType, bytes: Uint8Array): WeightData {
  const strange = dtype === "bool" ? bytes.find((byte) => byte > 1) : undefined;
  if (strange !== undefined) {
    throw new WeightFileError(op, `bytes of 0 and 1 in ${quoted(name)}, which is bool`, `${strange}`);
  }
  return elementsOf(bytes, dtype);
}

/** The dtype of a tensor that holds a file's elements. */
function tensorDType(op: string, name: string, dtype: WeightDType): "float64" | "float32" | "int32" | "bool" {
  if (isSmallFloat(dtype)) return "float32";
  if (dtype === "int64") return "int32";
  if (dtype === "float64" || dtype === "float32" || dtype === "int32" || dtype === "bool") return dtype;
  throw wrongType(op, `a dtype that tensors have in ${quoted(name)}`, dtype, "take its elements with read()");
}

function fileOf(source: ByteSource, entries: ReadonlyMap<string, Entry>, metadata: Readonly<Record<string, string>>): SafetensorsFile {
  let isClosed = false;
  const checkOpen = (op: string) => {
    if (isClosed) throw wrongType(op, "an open file", "closed", "open it again");
  };
  return {
    names: [...entries.keys()],
    metadata,
    info(name) {
      const { shape, dtype, start, end } = entryOf("info", entries, name);
      return { shape, dtype, bytes: end - start };
    },
    async read(name) {
      const entry = entryOf("read", entries, name);
      const dtype = heldAs("read", entry);
      checkOpen("read");
      return weightOf("read", entry, dtype, await source.read(entry.start, entry.end));
    },
    async readTensor(name, options) {
      const op = "readTensor";
      const entry = entryOf(op, entries, name);
      const held = heldAs(op, entry);
      const dtype = tensorDType(op, name, held);
      const { backend, requiresGrad } = optionsOf(op, options, ["backend", "requiresGrad"]);
      checkOpen(op);
      const parts = async function* () {
        for await (const bytes of source.parts(entry.start, entry.end)) yield checkedElements(op, entry, held, bytes);
      };
      return tensorOfParts(parts(), entry.shape, { dtype, ...(backend && { backend }), ...(requiresGrad && { requiresGrad }) });
    },
    async close() {
      if (!isClosed) await source.close();
      isClosed = true;
    },
  };
}
