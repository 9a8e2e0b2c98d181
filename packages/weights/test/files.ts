/** The files that Python made, and what lies in them. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Weight } from "../src/index";

/** The path of a file that Python made. */
export function pathOf(name: string): string {
  return fileURLToPath(new URL(`files/${name}`, import.meta.url));
}

/** Its bytes, in memory of their own. */
export function bytesOf(name: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(pathOf(name)));
}

/** A tensor as Python told of it: integers as text, floats as the bits of float32, float64 as text of its bits. */
export interface Told {
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly values: readonly (string | number)[];
}

/** What Python told of a file. */
export function toldOf(name: string): { readonly metadata: Record<string, string>; readonly tensors: Record<string, Told> } {
  return JSON.parse(readFileSync(pathOf(name), "utf8"));
}

/** A tensor in the same words. A NaN is one whatever its bits. */
export function tell({ shape, dtype, data }: Weight): Told {
  const told = (values: (string | number)[]): Told => ({ shape, dtype, values });
  if (data instanceof Float64Array) return told([...new BigInt64Array(data.slice().buffer)].map(String));
  if (data instanceof Float32Array) return told([...new Uint32Array(data.slice().buffer)].map(plainNaN));
  return told(Array.from(data as Int32Array, String));
}

/** NaN in one form. */
export function plainNaN(bits: number | string): number | string {
  return typeof bits === "number" && (bits & 0x7fffffff) > 0x7f800000 ? "NaN" : bits;
}
