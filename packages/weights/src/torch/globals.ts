/** The names that a pickle may call on, and what each stands for. There are no others: nothing is looked up by a name from a file. */
import { WeightFileError } from "../refusal";
import { BYTES, type WeightDType } from "../weight";
import { STORAGES } from "./storages";

/** What a pickle names. */
export class Global {
  constructor(
    readonly name: string,
    readonly does: "call" | "storage" | "pairs" | "size" | "device" | "encode" | "tensor" | "parameter",
    readonly dtype?: WeightDType,
  ) {}
}

/** What a name stands for: a thing to call, a class of storages, or the word for a dtype. */
export function globalOf(op: string, module: string, word: string): Global | string {
  const name = `${module}.${word}`;
  const does = CALLS.get(name);
  if (does !== undefined) return new Global(name, does);
  if (module === "torch") for (const [dtype, storage] of STORAGES) if (storage === word) return new Global(name, "storage", dtype);
  if (name === "torch.storage.UntypedStorage" || name === "torch.UntypedStorage") return new Global(name, "storage");
  if (module === "torch" && DTYPE.test(word)) return name;
  throw refused(op, name);
}

/** The dtype of the word that `globalOf` gives. */
export function dtypeOf(op: string, word: unknown): WeightDType {
  const name = typeof word === "string" ? word.replace(/^torch\./, "") : "";
  if (Object.hasOwn(BYTES, name)) return name as WeightDType;
  throw new WeightFileError(op, "a dtype that is read here", name.slice(0, 40) || "none", "convert it before saving, as tensor.float()");
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

const DTYPE = /^(float(16|32|64)|bfloat16|u?int(8|16|32|64)|bool|complex(32|64|128)|float8_\w{4,8})$/;

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
