/** The files that the tests read, which PyTorch and NumPy made. */
import { readFileSync } from "node:fs";
import type { Weight } from "../src";

/** A file's bytes, in memory of their own. */
export function bytesOfFile(name: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(readFileSync(new URL(`files/${name}`, import.meta.url)));
}

/** What make-torch.py says that a file holds: shapes and values, those of int64 and uint64 as text. */
export interface Told {
  readonly shape: readonly number[];
  readonly values: readonly (number | string)[];
}

/** By file and tensor. */
export const expected: Readonly<Record<string, Readonly<Record<string, Told>>>> = Object.fromEntries(
  new TextDecoder()
    .decode(bytesOfFile("torch.jsonl"))
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line)),
);

/** A tensor as make-torch.py tells it. */
export const toldOf = ({ shape, data }: Weight): Told => ({
  shape: [...shape],
  values: Array.from<number | bigint, number | string>(data as Float32Array, (value) =>
    typeof value === "bigint" ? String(value) : value,
  ),
});
