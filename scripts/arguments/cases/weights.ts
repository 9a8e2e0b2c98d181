/** `@dropwise/weights`: files of weights, read and written. */
import { isTensor } from "@dropwise/core";
import { writeSafetensors } from "@dropwise/weights";
import type { Cases } from "../case";
import type { Place } from "../place";
import * as p from "../places";
import type { World } from "../world";

const file = await writeSafetensors({ a: { shape: [2], dtype: "float32", data: new Float32Array([1, 2]) } });
const index = new TextEncoder().encode('{"weight_map":{"a":"a.safetensors"}}');

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
const name: Place = { valid: () => "a", accepts: (value) => value === "a" };
const names: Place = { ...p.list(name), accepts: (value) => p.isArrayOf(value, (item) => item === "a") };
const open: Place = { valid: () => () => file.slice(), accepts: () => false };

/** A shape of two elements. */
const isShape = (value: unknown) =>
  p.isArrayOf(value, (size) => Number.isInteger(size)) && (value as number[]).reduce((product, size) => product * size, 1) === 2;

/** A tensor of a file beside one of core. In a stream, what a function gives is looked at when its part comes. */
const stateWith = (isData: (value: unknown) => boolean): Place => {
  const weight = p.object(() => ({ shape: [2], dtype: "float32", data: new Float32Array([1, 2]) }), {
    shape: { ...p.list(p.integer(2, 2, 2)), accepts: isShape },
    dtype: p.word("float32", "float16", "bfloat16"),
    data: {
      valid: () => new Float32Array([1, 2]),
      accepts: (value) => isData(value) || (value instanceof Float32Array && value.length === 2),
    },
  });
  const valid = (w: World) => ({ weight: weight.valid(w), model: w.tensor() });
  return p.object(valid, { weight: { ...weight, accepts: isTensor } }, p.isEmptyObject);
};
const metadata = p.object(
  () => ({ format: "pt" }),
  { format: { valid: () => "pt", accepts: (value) => typeof value === "string" } },
  p.isEmptyObject,
);
const writing = p.options({ metadata, round: p.flag() });

export const weightCases: Cases = {
  describe: { args: [source(file), p.options({ onProgress, signal })], isAsync: true },
  openSafetensors: { args: [source(file), p.options({ onProgress, signal })], isAsync: true },
  readSafetensors: { args: [source(file), p.options({ onProgress, signal, names })], isAsync: true },
  readSharded: { args: [source(index), p.options({ onProgress, signal, names, open })], isAsync: true },
  // A disposed tensor says so itself.
  writeSafetensors: { args: [stateWith(() => false), writing], isAsync: true, says: ["data"] },
  writeSafetensorsStream: [stateWith((value) => typeof value === "function"), writing],
  saveCheckpoint: "any text is a path to write to: checkpoint.test.ts has what it refuses",
  loadCheckpoint: "any text is a path to read from: checkpoint.test.ts has what it refuses",
  inMemory: [],
  inIndexedDB: [{ valid: () => "run", accepts: (value) => typeof value === "string" && value !== "" }],
  asDownload: [{ valid: () => "run", accepts: (value) => typeof value === "string" && value !== "" }],
  WeightFileError: "an error that the package makes itself",
};
