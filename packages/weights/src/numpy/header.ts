/** The header of a NumPy array: a Python dict of three values, in text. */
import { WeightFileError } from "../refusal";
import { countOf } from "../strided";
import type { WeightDType } from "../weight";

/** What it says. */
export interface NpyHeader {
  readonly dtype: WeightDType;
  readonly isBigEndian: boolean;
  /** The first axis moves fastest. */
  readonly isFortran: boolean;
  readonly shape: number[];
  readonly count: number;
}

/** NumPy's names of the dtypes that both have. */
export const NAMES: ReadonlyMap<WeightDType, string> = /* @__PURE__ */ new Map<WeightDType, string>([
  ["float64", "f8"],
  ["float32", "f4"],
  ["float16", "f2"],
  ["int64", "i8"],
  ["int32", "i4"],
  ["int16", "i2"],
  ["int8", "i1"],
  ["uint64", "u8"],
  ["uint32", "u4"],
  ["uint16", "u2"],
  ["uint8", "u1"],
  ["bool", "b1"],
]);

/** Reads the text of a header. */
export function parseHeader(op: string, text: string): NpyHeader {
  const refuse = (expected: string, advice?: string) =>
    new WeightFileError(op, expected, JSON.stringify(text.trim().slice(0, 120)), advice);
  const given = new Map<string, string>();
  let rest = text.trim().replace(/^\{/, "");
  for (let found = PAIR.exec(rest); found !== null; found = PAIR.exec(rest)) {
    const [all, name, value] = found as unknown as [string, string, string];
    if (given.has(name)) throw refuse("each value of the header once");
    given.set(name, value);
    rest = rest.slice(all.length);
  }
  const [descr, order, sizes] = ["descr", "fortran_order", "shape"].map((name) => given.get(name));
  if (!text.trim().startsWith("{") || rest.trim() !== "}" || given.size !== 3 || !/^(True|False)$/.test(order ?? ""))
    throw refuse(
      "a dict of descr, fortran_order and shape",
      /descr'?\s*:\s*\[/.test(text) ? "save each field of a structured array as its own" : "the file is torn",
    );
  const [, endian, kind] = /^['"]([<>|=]?)([a-zA-Z]\d*)['"]$/.exec(descr ?? "") ?? [];
  const dtype = [...NAMES].find(([, name]) => name === kind)?.[0];
  if (dtype === undefined)
    throw refuse("numbers or bools of at most 64 bits", ADVICE[kind?.[0] ?? ""] ?? "convert it before saving, as array.astype('float32')");
  const shape = [...(sizes ?? "").matchAll(/\d+/g)].map(Number);
  const count = countOf(shape);
  if (!/^\(\s*(\d+L?\s*,\s*)*(\d+L?)?\s*\)$/.test(sizes ?? "") || count === undefined) throw refuse("a shape");
  return { dtype, isBigEndian: endian === ">", isFortran: order === "True", shape, count };
}

// --- internal helpers ---

const PAIR = /^\s*['"](descr|fortran_order|shape)['"]\s*:\s*('[^']*'|"[^"]*"|True|False|\([\d,L\s]*\))\s*(?:,|(?=\}))/;

const ADVICE: Readonly<Record<string, string>> = {
  O: "objects are pickled, which is code that would have to run: save arrays of numbers",
  U: "text has no place in a tensor: save it apart",
  S: "text has no place in a tensor: save it apart",
  c: "save its real and imaginary parts apart",
};
