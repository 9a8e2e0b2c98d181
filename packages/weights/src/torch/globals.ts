/** The names that a pickle may call on, and what each stands for. There are no others: nothing is looked up by a name from a file. */
import { WeightFileError } from "../refusal";
import type { WeightDType } from "../weight";
import { float8Table } from "./float8";

/** A type of elements: its bytes in the file, and how they are read. */
export interface ElementType {
  /** What the file calls it. */
  readonly name: string;
  /** How its bytes are read. */
  readonly dtype: WeightDType;
  /** What each byte stands for, where that is a table. */
  readonly table?: Float32Array;
}

/** What a pickle names. */
export class Global {
  constructor(
    readonly name: string,
    readonly does: "call" | "storage" | "pairs" | "size" | "device" | "encode" | "tensor" | "parameter",
    readonly type?: ElementType,
  ) {}
}

/** What a name stands for: a thing to call, a class of storages, or the word for a dtype. */
export function globalOf(op: string, module: string, word: string): Global | string {
  const name = `${module}.${word}`;
  const does = CALLS.get(name);
  if (does !== undefined) return new Global(name, does);
  const storage = module === "torch" ? STORAGES.get(word) : undefined;
  if (storage !== undefined) return new Global(name, "storage", { name: storage, dtype: storage });
  if (name === "torch.storage.UntypedStorage" || name === "torch.UntypedStorage") return new Global(name, "storage");
  if (module === "torch" && DTYPE.test(word)) return name;
  throw refused(op, name);
}

/** How the elements of a dtype are read, by the word that `globalOf` gives. */
export function elementTypeOf(op: string, word: unknown): ElementType {
  const name = typeof word === "string" ? word.replace(/^torch\./, "") : "";
  for (const dtype of [...STORAGES.values(), "uint16", "uint32", "uint64"] as const) if (dtype === name) return { name, dtype };
  const table = float8Table(name);
  if (table === undefined) throw new WeightFileError(op, "a dtype that is read here", name.slice(0, 40) || "none", ADVICE_DTYPE);
  return { name, dtype: "uint8", table };
}

/** What is known, and not taken. */
export function refused(op: string, name: string): WeightFileError {
  const found = /sparse|nested/i.test(name)
    ? "save tensor.to_dense()"
    : /quant|QU?Int|QTensor/i.test(name)
      ? "save tensor.dequantize()"
      : /complex/i.test(name)
        ? "save torch.view_as_real(tensor)"
        : /^numpy|^torch\._(tensor|utils)/.test(name)
          ? "save plain tensors, numbers and strings"
          : "no code in a file is run; a whole module or object is saved here: save its state_dict() instead, torch.save(model.state_dict(), path)";
  return new WeightFileError(op, "tensors and plain values", `a file that names ${name.slice(0, 120)}`, found);
}

// --- internal helpers ---

const ADVICE_DTYPE = "convert it before saving, as tensor.float()";

const DTYPE = /^(float(16|32|64)|bfloat16|u?int(8|16|32|64)|bool|complex(32|64|128)|float8_\w{4,8})$/;

const STORAGES: ReadonlyMap<string, WeightDType> = /* @__PURE__ */ new Map<string, WeightDType>([
  ["FloatStorage", "float32"],
  ["DoubleStorage", "float64"],
  ["HalfStorage", "float16"],
  ["BFloat16Storage", "bfloat16"],
  ["LongStorage", "int64"],
  ["IntStorage", "int32"],
  ["ShortStorage", "int16"],
  ["CharStorage", "int8"],
  ["ByteStorage", "uint8"],
  ["BoolStorage", "bool"],
]);

const CALLS: ReadonlyMap<string, Global["does"]> = /* @__PURE__ */ new Map<string, Global["does"]>([
  ["torch._utils._rebuild_tensor", "tensor"],
  ["torch._utils._rebuild_tensor_v2", "tensor"],
  ["torch._utils._rebuild_tensor_v3", "tensor"],
  ["torch._utils._rebuild_parameter", "parameter"],
  ["collections.OrderedDict", "pairs"],
  ["collections.Counter", "pairs"],
  ["torch.Size", "size"],
  ["torch.device", "device"],
  ["_codecs.encode", "encode"],
]);
