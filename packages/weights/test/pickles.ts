/** Files of PyTorch from a pickle's steps, right and wrong ones. */
import { zipOf } from "../src/zip-write";

/** Steps of a pickle: bytes, or text of which each letter is one. */
export type Step = string | readonly number[] | Uint8Array;

/** The bytes of steps. */
export const bytesOf = (...steps: readonly Step[]): Uint8Array =>
  Uint8Array.from(steps.flatMap((step) => (typeof step === "string" ? Array.from(step, (letter) => letter.charCodeAt(0)) : [...step])));

const u32 = (value: number) => [0, 8, 16, 24].map((shift) => (value >>> shift) & 255);

/** A string. */
export const text = (value: string): Uint8Array => bytesOf("X", u32(value.length), value);

/** An integer. */
export function int(value: number | bigint): Uint8Array {
  if (value >= -(2 ** 31) && value < 2 ** 31) return bytesOf("J", u32(Number(value)));
  const all = Array.from({ length: 9 }, (_, i) => Number((BigInt(value) >> BigInt(8 * i)) & 255n));
  return bytesOf([0x8a, 9], all);
}

/** A name. */
export const name = (module: string, word: string): Uint8Array => bytesOf(`c${module}\n${word}\n`);

/** A tuple of values. */
export const tuple = (...values: readonly Step[]): Uint8Array => bytesOf("(", ...values, "t");

/** A storage. */
export const storage = (count: number | bigint = 4, key = "0", kind = "FloatStorage"): Uint8Array =>
  bytesOf(tuple(text("storage"), name("torch", kind), text(key), text("cpu"), int(count)), "Q");

/** A tensor. */
export const tensor = (of: Step, offset: Step, shape: readonly (number | bigint)[], strides: readonly (number | bigint)[]): Uint8Array =>
  bytesOf(
    name("torch._utils", "_rebuild_tensor_v2"),
    tuple(of, offset, tuple(...shape.map(int)), tuple(...strides.map(int)), [0x89], name("collections", "OrderedDict"), ")R"),
    "R",
  );

/** A dict of one value at "a". */
export const dict = (value: Step): Uint8Array => bytesOf("}", text("a"), value, "s");

/** A file of one pickle and a storage of 16 bytes. */
export const file = (...steps: readonly Step[]): Uint8Array<ArrayBuffer> =>
  archive(["a/data.pkl", bytesOf([0x80, 2], ...steps, ".")], ["a/data/0", new Uint8Array(16)]);

/** A file of these entries. */
export const archive = (...entries: readonly (readonly [string, Uint8Array])[]): Uint8Array<ArrayBuffer> => zipOf("test", entries);
