/** A machine that reads pickles and can do nothing but build plain values and notes on tensors. Each step takes at least a byte of the file. */
import { u16, u32 } from "../bytes";
import { WeightFileError } from "../refusal";
import { Global, globalOf } from "./globals";
import { type Raw, StorageRef, TensorRef } from "./refs";

/** What a pickle says. */
export interface Unpickled {
  readonly value: Raw;
  /** All tensors it speaks of. */
  readonly tensors: readonly TensorRef[];
  /** All memory it speaks of, by key. */
  readonly storages: ReadonlyMap<string, StorageRef>;
  /** Where it ends. */
  readonly end: number;
}

/** Reads a pickle from `start`; nothing (undefined) where the bytes end before it does. */
export function unpickle(op: string, bytes: Uint8Array, start = 0): Unpickled | undefined {
  try {
    return run(op, bytes, start);
  } catch (error) {
    if (error === ENDS) return undefined;
    throw error;
  }
}

// --- internal helpers ---

const ENDS = /* @__PURE__ */ Symbol("the bytes end");

function run(op: string, bytes: Uint8Array, start: number): Unpickled {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const stack: Raw[] = [];
  const marks: number[] = [];
  const memo = new Map<number, Raw>();
  const storages = new Map<string, StorageRef>();
  const tensors: TensorRef[] = [];
  let at = start;
  // What is copied of values that the file has once, which must not grow beyond the file.
  let copied = 0;

  const bad = (expected: string, got: string) =>
    new WeightFileError(op, expected, `${got} at byte ${at} of the pickle`, "the file is torn or no file of tensors");
  const take = (size: number): number => {
    if (size > bytes.length - at) throw ENDS;
    at += size;
    return at - size;
  };
  const byte = () => bytes[take(1)] as number;
  const short = () => u16(bytes, take(2));
  const long = () => u32(bytes, take(4));
  const part = (size: number) => bytes.subarray(take(size), at);
  const text = (size: number): string => {
    const said = part(size);
    try {
      return decoder.decode(said);
    } catch {
      throw bad("text", "bytes that are none");
    }
  };
  const line = () => {
    const end = bytes.indexOf(10, at);
    if (end < 0) throw ENDS;
    const said = text(end - at);
    at++;
    return said;
  };
  const pop = (): Raw => {
    if (stack.length <= (marks.at(-1) ?? 0)) throw bad("a value on the stack", "none");
    return stack.pop() as Raw;
  };
  const popMark = (): Raw[] => {
    const mark = marks.pop();
    if (mark === undefined) throw bad("a mark on the stack", "none");
    return stack.splice(mark);
  };
  const top = (): Raw => {
    const value = pop();
    stack.push(value);
    return value;
  };
  const words = (count: number): Raw[] => {
    const taken: Raw[] = [];
    while (count-- > 0) taken.unshift(pop());
    return taken;
  };
  const recall = (index: number): Raw => {
    const value = memo.get(index);
    if (value === undefined) throw bad("a value that was kept", `number ${index}`);
    return value;
  };
  const copy = (count: number) => {
    copied += count;
    if (copied > bytes.length) throw bad("values no larger than the file", "the same ones over and over");
  };
  const put = (pairs: readonly Raw[]) => {
    const dict = top();
    if (!(dict instanceof Map) || pairs.length % 2 !== 0) throw bad("a dict for its pairs", "something else");
    for (let i = 0; i < pairs.length; i += 2) {
      const key = pairs[i];
      if (typeof key === "object" && key !== null) throw bad("keys that are strings or numbers", "another key");
      dict.set(key, pairs[i + 1] as Raw);
    }
  };
  const add = (items: readonly Raw[]) => {
    const list = top();
    if (!Array.isArray(list)) throw bad("a list for its items", "something else");
    for (const item of items) list.push(item);
  };

  /** What a call of one of the allowed names gives. */
  const call = (callee: Raw, args: Raw): Raw => {
    if (!(callee instanceof Global) || !Array.isArray(args)) throw bad("a call of a name", "something else");
    const [first, second] = args as [Raw?, Raw?];
    switch (callee.does) {
      case "tensor": {
        const isTyped = !callee.name.endsWith("v3");
        const told = args[isTyped ? 6 : 7];
        if (told instanceof Map && told.size > 0) throw bad("tensors as they are", "one that is conjugated or negated");
        const tensor = new TensorRef(first, second, args[2], args[3], isTyped ? undefined : args[6]);
        tensors.push(tensor);
        return tensor;
      }
      case "parameter":
        if (first instanceof TensorRef) return first;
        break;
      case "pairs": {
        if (first === undefined) return new Map();
        // Of a Counter, which has a dict of its own.
        if (first instanceof Map) return first;
        if (!Array.isArray(first)) break;
        copy(first.length);
        stack.push(new Map());
        for (const pair of first) {
          if (!Array.isArray(pair) || pair.length !== 2) throw bad("pairs for a dict", "something else");
          put(pair);
        }
        return stack.pop() as Raw;
      }
      case "size":
        if (Array.isArray(first)) return first;
        break;
      case "device":
        if (typeof first !== "string" || !/^[a-z:0-9]{1,20}$/.test(first)) break;
        return typeof second === "number" ? `${first}:${second}` : first;
      case "encode": {
        // How pickles of protocol 2 write bytes.
        if (typeof first !== "string") break;
        copy(first.length);
        return Uint8Array.from(first, (letter) => letter.charCodeAt(0));
      }
    }
    throw bad(`what ${callee.name} takes`, "something else");
  };

  /** The memory that a pickle points to. */
  const storageOf = (id: Raw): StorageRef => {
    const [word, kind, key, , count, view] = Array.isArray(id) ? id : [];
    const isKey = typeof key === "string" || typeof key === "number";
    if (
      word !== "storage" ||
      !(kind instanceof Global) ||
      kind.does !== "storage" ||
      !isKey ||
      !Number.isSafeInteger(count) ||
      (count as number) < 0
    )
      throw bad("a storage", "something else");
    if (view !== undefined && view !== null) throw bad("whole storages", "a part of one, as PyTorch before 0.4 wrote them");
    const known = storages.get(String(key));
    if (known !== undefined) {
      if (known.dtype !== kind.dtype || known.count !== count) throw bad("one size and type for a storage", "two");
      return known;
    }
    const storage = new StorageRef(String(key), kind.dtype, count as number);
    storages.set(storage.key, storage);
    return storage;
  };

  for (;;) {
    const code = byte();
    switch (code) {
      case 0x80: // PROTO
        if (byte() > 5) throw bad("protocol 2 to 5", "another one");
        break;
      case 0x95: // FRAME
        take(8);
        break;
      case 0x2e: // STOP
        return { value: pop(), tensors, storages, end: at };
      case 0x28: // MARK
        marks.push(stack.length);
        break;
      case 0x4e: // NONE
        stack.push(null);
        break;
      case 0x88: // NEWTRUE
      case 0x89: // NEWFALSE
        stack.push(code === 0x88);
        break;
      case 0x4b: // BININT1
        stack.push(byte());
        break;
      case 0x4d: // BININT2
        stack.push(short());
        break;
      case 0x4a: // BININT
        stack.push(long() | 0);
        break;
      case 0x8a: // LONG1
        stack.push(integerOf(part(byte())));
        break;
      case 0x47: // BINFLOAT
        stack.push(view.getFloat64(take(8)));
        break;
      case 0x58: // BINUNICODE
      case 0x54: // BINSTRING
        stack.push(text(long()));
        break;
      case 0x8c: // SHORT_BINUNICODE
      case 0x55: // SHORT_BINSTRING
        stack.push(text(byte()));
        break;
      case 0x42: // BINBYTES
        stack.push(part(long()).slice());
        break;
      case 0x43: // SHORT_BINBYTES
        stack.push(part(byte()).slice());
        break;
      case 0x7d: // EMPTY_DICT: no pickle has so many that each is told in less
        copy(2);
        stack.push(new Map());
        break;
      case 0x5d: // EMPTY_LIST
      case 0x29: // EMPTY_TUPLE
        stack.push([]);
        break;
      case 0x74: // TUPLE
        stack.push(popMark());
        break;
      case 0x85: // TUPLE1
      case 0x86: // TUPLE2
      case 0x87: // TUPLE3
        stack.push(words(code - 0x84));
        break;
      case 0x61: // APPEND
        add(words(1));
        break;
      case 0x65: // APPENDS
        add(popMark());
        break;
      case 0x73: // SETITEM
        put(words(2));
        break;
      case 0x75: // SETITEMS
        put(popMark());
        break;
      case 0x71: // BINPUT
        memo.set(byte(), top());
        break;
      case 0x72: // LONG_BINPUT
        memo.set(long(), top());
        break;
      case 0x94: // MEMOIZE
        memo.set(memo.size, top());
        break;
      case 0x68: // BINGET
        stack.push(recall(byte()));
        break;
      case 0x6a: // LONG_BINGET
        stack.push(recall(long()));
        break;
      case 0x63: // GLOBAL
        stack.push(globalOf(op, line(), line()));
        break;
      case 0x93: {
        // STACK_GLOBAL
        const [module, name] = words(2);
        if (typeof module !== "string" || typeof name !== "string") throw bad("the words of a name", "something else");
        stack.push(globalOf(op, module, name));
        break;
      }
      case 0x52: {
        // REDUCE
        const [callee, args] = words(2);
        stack.push(call(callee as Raw, args as Raw));
        break;
      }
      case 0x51: // BINPERSID
        stack.push(storageOf(pop()));
        break;
      case 0x62: // BUILD: what a state dict says of versions, which nothing here asks for
        pop();
        if (!(top() instanceof Map)) throw bad("a dict that has attributes", "something else");
        break;
      default:
        throw bad("steps of a file of tensors", `step 0x${code.toString(16)}`);
    }
  }
}

const decoder = /* @__PURE__ */ new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A whole number in bytes, the last of which has the sign. */
function integerOf(bytes: Uint8Array): number | bigint {
  let value = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i] as number);
  value = BigInt.asIntN(8 * bytes.length, value);
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
