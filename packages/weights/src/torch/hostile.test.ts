import { describe, expect, it } from "vitest";
import { archive, bytesOf, dict, file, int, name, type Step, storage, tensor, text, tuple } from "../../test/pickles";
import { bytesOfFile } from "../../test/torch-files";
import { readTorch, type TorchValue, WeightFileError } from "../index";

const good = (value: Step = tensor(storage(), int(0), [2, 2], [2, 1])) => file(dict(value));

/** A file of which some bytes are others: those at the nth place of a signature. */
function changed(bytes: Uint8Array, signature: number, offset: number, values: readonly number[], nth = 0): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const places = Array.from({ length: bytes.length - 3 }, (_, at) => at).filter((at) => view.getUint32(at, true) === signature);
  bytes.set(values, (places.at(nth) as number) + offset);
  return bytes;
}

const LOCAL = 0x04034b50;
const LISTED = 0x02014b50;
const LAST = 0x06054b50;
const FAR = 0x06064b50;
const FF = [255, 255, 255, 255];

it("reads the file that those below spoil", async () => {
  expect((await readTorch(good())).a).toEqual({ shape: [2, 2], dtype: "float32", data: new Float32Array(4) });
});

describe("readTorch refuses archives with", () => {
  it.each<[string, Uint8Array, RegExp]>([
    ["nothing in them", new Uint8Array(0), /last record/],
    ["other bytes", new Uint8Array(1000), /last record/],
    ["their end cut off", good().slice(0, -30), /last record/],
    ["bytes behind their end", Uint8Array.from([...good(), 0]), /last record/],
    ["their beginning cut off", good().slice(40), /list of entries within the file|entry of the list/],
    ["a list beyond the file", changed(good(), LAST, 16, FF), /list of entries within the file/],
    ["a list larger than the file", changed(good(), LAST, 12, FF), /list of entries within the file/],
    ["more entries than the list has room for", changed(good(), LAST, 10, [255, 255]), /list of entries within the file/],
    ["an entry too many", changed(good(), LAST, 10, [3, 0]), /list of entries within the file|an entry of the list/],
    ["entries with names beyond the list", changed(good(), LISTED, 28, [255, 255]), /an entry of the list/],
    ["entries beyond the file", changed(good(), LISTED, 42, [255, 255, 255, 127], 1), /apart from each other/],
    ["entries larger than the file", changed(good(), LISTED, 20, [255, 255, 255, 127]), /apart from each other/],
    ["entries that overlap", changed(good(), LISTED, 42, [0, 0, 0, 0], 1), /apart from each other/],
    ["entries that reach into others", changed(good(), LISTED, 20, [255, 0, 0, 0]), /apart from each other/],
    ["sizes of 64 bits that are not there", changed(good(), LISTED, 24, FF), /the place of the entry/],
    ["compressed entries", changed(changed(good(), LISTED, 10, [8, 0]), LOCAL, 8, [8, 0]), /stored entries, got "data.pkl" compressed/],
    ["entries that say they unpack to more", changed(good(), LISTED, 24, [255, 255, 0, 0]), /stored entries/],
    ["passwords", changed(good(), LISTED, 8, [1, 0]), /without a password/],
    ["entries of another name than the list's", changed(good(), LOCAL, 30, [98]), /where the list says it is/],
    ["entries of another method than the list's", changed(good(), LOCAL, 8, [8, 0]), /where the list says it is/],
    ["entries that are none", changed(good(), LOCAL, 0, [1]), /where the list says it is/],
    ["entries that begin behind their end", changed(good(), LOCAL, 28, [255, 255]), /where the list says it is/],
    ["an entry twice", archive(["a/data.pkl", bytesOf("N.")], ["a/data.pkl", bytesOf("N.")]), /each entry once/],
    ["no pickle", archive(["data.pkl.txt", bytesOf("N.")]), /data\.pkl in a folder/],
    ["a program of TorchScript", archive(["a/data.pkl", bytesOf("N.")], ["a/constants.pkl", bytesOf("N.")]), /torch\.jit\.save/],
    ["another order of bytes", archive(["a/data.pkl", bytesOf("N.")], ["a/byteorder", bytesOf("big")]), /little-endian/],
    [
      "the last record of 64 bits beyond the file",
      changed(Uint8Array.from(bytesOfFile("model.pt")), 0x07064b50, 8, FF),
      /within the file|last record/,
    ],
    [
      "a list of 64 bits beyond the file",
      changed(Uint8Array.from(bytesOfFile("model.pt")), FAR, 48, [...FF, ...FF]),
      /list of entries within the file/,
    ],
  ])("%s", refused);
});

describe("readTorch refuses pickles with", () => {
  const self = (...steps: Step[]) => file(...steps);
  it.each<[string, Uint8Array, RegExp]>([
    ["names of code", file(name("os", "system"), tuple(text("true")), "R"), /names os\.system/],
    ["names of code on the stack", file(text("builtins"), text("eval"), [0x93]), /names builtins\.eval/],
    ["names that objects of JavaScript have", file(name("__proto__", "constructor")), /names __proto__\.constructor/],
    [
      "an allowed name that is not called",
      file(dict(name("torch._utils", "_rebuild_tensor_v2"))),
      /names torch\._utils\._rebuild_tensor_v2/,
    ],
    ["calls of what is no name", file(text("a"), ")R"), /a call of a name/],
    ["calls with other things than arguments", file(name("collections", "OrderedDict"), text("a"), "R"), /a call of a name/],
    ["an end too early", archive(["a/data.pkl", bytesOf([0x80, 2], "}")]), /a whole pickle/],
    ["text beyond the file", file("X", FF), /a whole pickle/],
    ["text that is none", file("X", [1, 0, 0, 0, 255]), /text, got bytes/],
    ["nothing on the stack", file(), /a value on the stack/],
    ["values from behind a mark", file("N(", [0x85]), /a value on the stack/],
    ["no mark", file("Nt"), /a mark on the stack/],
    ["values that were not kept", file("h", [7]), /a value that was kept, got number 7/],
    ["unknown steps", file("i"), /steps of a file of tensors, got step 0x69/],
    ["steps that make objects", file("N", [0x81]), /step 0x81/],
    ["protocols to come", archive(["a/data.pkl", bytesOf([0x80, 9], "N.")]), /protocol 2 to 5/],
    ["items for what is no list", file("}Na"), /a list for its items/],
    ["pairs for what is no dict", file("](NNu"), /a dict for its pairs/],
    ["half a pair", file("}(NNNu"), /a dict for its pairs/],
    ["keys that are tuples", file("}", tuple(), "Ns"), /keys that are strings or numbers/],
    ["attributes of what has none", file("]Nb"), /a dict that has attributes/],
    ["a dict that holds itself", self("}q", [0], text("a"), "h", [0], "s"), /one that holds itself/],
    ["lists that hold each other", self("]q", [0], "]q", [1], "h", [0], "aa"), /one that holds itself/],
    ["great depth", file("]".repeat(5000), "a".repeat(4999)), /at most 100 deep/],
    [
      "great depth in parts",
      file("]q", [0], ...Array.from({ length: 300 }, (_, i) => bytesOf("]h", [i % 250], "aq", [(i + 1) % 250]))),
      /100 deep/,
    ],
    [
      "values that grow when they are gone through",
      file(
        "]q",
        [0],
        ...Array.from({ length: 20 }, (_, i) => bytesOf("](", ...Array.from({ length: 10 }, () => bytesOf("h", [i])), "eq", [i + 1])),
      ),
      /no larger than the file/,
    ],
    [
      "the same bytes made over and over",
      file(
        text("x".repeat(1000)),
        "q",
        [0],
        "](",
        ...Array.from({ length: 100 }, () => bytesOf(name("_codecs", "encode"), "h", [0], text("latin1"), [0x86], "R")),
        "e",
      ),
      /no larger than the file/,
    ],
    ["a storage alone", file(dict(storage())), /a storage alone/],
    ["points to what is no storage", file(tuple(text("module"), "N"), "Q"), /a storage, got/],
    ["storages below nothing", good(tensor(storage(-1), int(0), [1], [1])), /a storage, got/],
    [
      "one storage of two sizes",
      good(bytesOf(tensor(storage(4), int(0), [1], [1]), tensor(storage(5), int(0), [1], [1]), [0x86])),
      /one size and type/,
    ],
    [
      "parameters of what is no tensor",
      file(name("torch._utils", "_rebuild_parameter"), tuple("N", [0x88], "N"), "R"),
      /_rebuild_parameter takes/,
    ],
    ["devices that are none", file(name("torch", "device"), tuple(text("x y")), "R"), /torch\.device takes/],
    [
      "conjugated tensors",
      file(name("torch._utils", "_rebuild_tensor_v2"), tuple(storage(), int(0), ")", ")", "N", "N", dict("N")), "R"),
      /conjugated/,
    ],
  ])("%s", refused);
});

describe("readTorch refuses tensors", () => {
  const plain = (...args: [Step, Step, readonly (number | bigint)[], readonly (number | bigint)[]]) => good(tensor(...args));
  it.each<[string, Uint8Array, RegExp]>([
    ["without a storage", plain("N", int(0), [1], [1]), /with a storage/],
    ["beyond their storage", plain(storage(), int(0), [5], [1]), /within their storage/],
    ["that begin beyond their storage", plain(storage(), int(4), [1], [1]), /within their storage/],
    ["with steps out of their storage", plain(storage(), int(0), [2, 2], [3, 1]), /within their storage/],
    ["with an offset below 0", plain(storage(), int(-1), [1], [1]), /shape, strides and an offset/],
    ["with strides below 0", plain(storage(), int(3), [2], [-1]), /shape, strides and an offset/],
    ["with sizes below 0", plain(storage(), int(0), [-1], [1]), /shape, strides and an offset/],
    ["with other strides than sizes", plain(storage(), int(0), [2, 2], [1]), /shape, strides and an offset/],
    ["with numbers that wrap around", plain(storage(), int(0), [2 ** 31, 2 ** 31, 4], [2 ** 33, 4, 1]), /shape, strides and an offset/],
    ["with strides that wrap around", plain(storage(), int(0), [2], [2n ** 64n]), /shape, strides and an offset/],
    ["with strides as large as numbers are", plain(storage(), int(0), [2], [2 ** 53 - 1]), /within their storage/],
    ["of more than 64 sizes", plain(storage(), int(0), Array(65).fill(1), Array(65).fill(1)), /shape, strides and an offset/],
    ["with an offset that is text", plain(storage(), text("0"), [1], [1]), /shape, strides and an offset/],
    ["that repeat one element without end", plain(storage(), int(0), [2 ** 40], [0]), /copies of tensors in at most \d+ bytes.*maxBytes/],
    [
      "that each repeat it too often",
      good(bytesOf("(", ...Array.from({ length: 100 }, () => tensor(storage(), int(0), [10_000], [0])), "t")),
      /copies of tensors in at most/,
    ],
    ["in a storage that is not there", plain(storage(4, "1"), int(0), [1], [1]), /the entry "data\/1", got none/],
    ["in a storage named as a way out", plain(storage(4, "../data.pkl"), int(0), [1], [1]), /the entry "data\/\.\.\/data\.pkl", got none/],
    [
      "in a storage that is larger than it is",
      plain(storage(1e15), int(0), [1], [1]),
      /a storage of 4000000000000000 bytes, got one of 16/,
    ],
    ["in a storage that is smaller than it is", plain(storage(3), int(0), [1], [1]), /a storage of 12 bytes, got one of 16/],
    [
      "of bools that are neither",
      archive(["a/data.pkl", bytesOf(dict(tensor(storage(1, "0", "BoolStorage"), int(0), [], [])), ".")], ["a/data/0", Uint8Array.of(2)]),
      /bools of 0 and 1/,
    ],
    [
      "of dtypes that are read nowhere",
      file(name("torch._utils", "_rebuild_tensor_v3"), tuple(storage(), int(0), ")", ")", "N", "N", name("torch", "complex64")), "R"),
      /a dtype that is read here, got complex64/,
    ],
  ])("%s", refused);

  it("that repeat elements beyond the limit that is given, and only these", async () => {
    const expanded = plain(storage(), int(0), [1000], [0]);
    expect((await readTorch(expanded, { maxBytes: 4000 })).a?.data).toEqual(new Float32Array(1000));
    await expect(readTorch(expanded, { maxBytes: 3999 })).rejects.toThrow(/at most 3999 bytes/);
    expect((await readTorch(good(), { maxBytes: 0 })).a?.data).toEqual(new Float32Array(4));
    await expect(readTorch(good(), { maxBytes: Number.NaN })).rejects.toThrow(/maxBytes of at least 0/);
    await expect(readTorch(good(), { max: 1 } as never)).rejects.toThrow(TypeError);
  });
});

describe("readTorch refuses files of the form before", () => {
  const legacy = () => bytesOfFile("views-legacy.pt");
  it.each<[string, Uint8Array, RegExp]>([
    ["that end early", legacy().slice(0, 200), /four pickles/],
    ["without their last storage", legacy().slice(0, -100), /a storage of/],
    ["of another version", legacy().fill(0, 18, 19), /version 1001/],
  ])("%s", refused);
});

it("takes a dict of any names", async () => {
  const value = (await readTorch<TorchValue>(file("}", text("__proto__"), "}", text("polluted"), [0x88], "ss"))) as Record<string, unknown>;
  expect(Object.keys(value)).toEqual(["__proto__"]);
  expect("polluted" in {}).toBe(false);
});

async function refused(_: string, bytes: Uint8Array, message: RegExp): Promise<void> {
  const refusal = readTorch(bytes);
  await expect(refusal).rejects.toThrow(message);
  await expect(refusal).rejects.toBeInstanceOf(WeightFileError);
}
