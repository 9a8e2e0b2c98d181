/** Files that are torn, wrong, or meant to do harm: refused by name, at once, and without memory that they have no bytes for. */
import { describe, expect, test } from "vitest";
import { bytesOf } from "../../test/files";
import { entry, file, numbers } from "../../test/made";
import { openSafetensors, readSafetensors, describe as table, WeightFileError } from "../index";

const one = (dtype: string, shape: string, offsets: string, data = 4) => file(`{${entry(dtype, shape, offsets)}}`, data);
const two = (first: string, second: string, data = 8) => file(`{${entry("F32", "[1]", first)},${entry("F32", "[1]", second, "b")}}`, data);
const header = (text: string | Uint8Array) => file(text, 4);
const body = (inner: string) => file(`{"a":{${inner}}}`, 4);
const bytes = (text: string, ...more: number[]) => new Uint8Array([...new TextEncoder().encode(text), ...more]);

const FILES: readonly (readonly [what: string, bytes: Uint8Array, says: string])[] = [
  ["nothing", new Uint8Array(0), "the 8 bytes of a header's length, got a file of 0"],
  ["7 bytes", new Uint8Array(7), "the 8 bytes of a header's length, got a file of 7"],
  ["a length of 0", file(""), "a header that begins with {"],
  ["a header that is longer than the file", file("{}", 0, 3n), "a header that lies in the file's 10 bytes, got one of 3"],
  ["a header of 100 MB and a byte", file("{}", 0, 100_000_001n), "a header of at most 100000000 bytes"],
  ["a length of 2^53", file("{}", 0, 2n ** 53n), "a header of at most 100000000 bytes"],
  ["a length of 2^63", file("{}", 0, 2n ** 63n), "a header of at most 100000000 bytes"],
  ["a length of 2^64 - 1", file("{}", 0, 2n ** 64n - 1n), "a header of at most 100000000 bytes"],
  ["a space before {", header(" {}"), "a header that begins with {"],
  ["a mark of byte order", header(bytes("\ufeff{}")), "a header that begins with {"],
  ["an array", header("[]"), "a header that begins with {"],
  ["bytes that are no UTF-8", header(bytes('{"', 0xff)), "a header in UTF-8"],
  ["half a character", header(bytes('{"', 0xe2, 0x82)), "a header in UTF-8"],
  ["a surrogate in UTF-8", header(bytes('{"', 0xed, 0xa0, 0x80)), "a header in UTF-8"],
  ["a header without an end", header("{"), 'expected ", got its end'],
  ["a name without an end", header('{"a'), "a string with an end"],
  ["a name that ends in a slash", header('{"a\\"'), "a string with an end"],
  ["an escape that JSON does not have", header('{"\\x41":1}'), "a string of JSON"],
  ["a line break in a name", header('{"a\n":1}'), "a string of JSON"],
  ["half of a surrogate pair in a name", file(`{${entry("I8", "[0]", "[0,0]").replace('"a"', '"\\ud800"')}}`), "a string of JSON"],
  ["single quotes", header("{'a':1}"), 'expected "'],
  ["a comma at the end", file(`{${entry("I8", "[0]", "[0,0]")},}`), 'expected "'],
  ["no comma", file(`{${entry("I8", "[0]", "[0,0]")}${entry("I8", "[0]", "[0,0]", "b")}}`), "expected }"],
  ["no colon", header('{"a"{}}'), "expected :"],
  ["zeros behind the header", file("{}\0"), "nothing but spaces behind the header"],
  ["a line break behind the header", file("{}\n"), "nothing but spaces behind the header"],
  ["a second object", file("{}{}"), "nothing but spaces behind the header"],
  ["the same name twice", file(`{${entry("F32", "[1]", "[0,4]")},${entry("F32", "[1]", "[0,4]")}}`, 4), "each name once"],
  [
    "the same name twice, once in escapes",
    file(`{${entry("F32", "[1]", "[0,4]")},${entry("F32", "[1]", "[0,4]").replace("a", "\\u0061")}}`, 4),
    "each name once",
  ],
  ["the metadata twice", file('{"__metadata__":{},"__metadata__":{}}'), "each name once"],
  ["a name of metadata twice", file('{"__metadata__":{"a":"1","a":"2"}}'), "each name once"],
  ["metadata that is a number", file('{"__metadata__":{"a":1}}'), 'expected "'],
  ["metadata that is null", file('{"__metadata__":null}'), "expected {"],
  ["metadata of objects", file('{"__metadata__":{"a":{}}}'), 'expected "'],
  ["a tensor that is an array", header('{"a":[]}'), "expected {"],
  ["a tensor that is null", header('{"a":null}'), "expected {"],
  ["no dtype", body('"shape":[1],"data_offsets":[0,4]'), 'dtype, shape and data_offsets of "a", got fewer'],
  ["no shape", body('"dtype":"F32","data_offsets":[0,4]'), "got fewer"],
  ["no offsets", body('"dtype":"F32","shape":[1]'), "got fewer"],
  ["a dtype twice", body('"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]'), "each name once"],
  ["a key of its own", body('"dtype":"F32","shape":[1],"data_offsets":[0,4],"x":1'), 'dtype, shape and data_offsets of "a", got "x"'],
  ["an unknown dtype", one("F33", "[1]", "[0,4]"), 'a dtype of the format for "a", got "F33"'],
  ["a dtype in small letters", one("f32", "[1]", "[0,4]"), "a dtype of the format"],
  ["a dtype that objects have", one("constructor", "[1]", "[0,4]"), "a dtype of the format"],
  ["a dtype that is a number", body('"dtype":1,"shape":[1],"data_offsets":[0,4]'), 'expected "'],
  ["a shape that is a number", one("F32", "1", "[0,4]"), "expected ["],
  ["a negative size", one("F32", "[-1]", "[0,4]"), "an integer of 0 or more"],
  ["a fraction as a size", one("F32", "[1.0]", "[0,4]"), "expected ]"],
  ["an exponent in a size", one("F32", "[1e0]", "[0,4]"), "expected ]"],
  ["a size with a zero before", one("F32", "[01]", "[0,4]"), "expected ]"],
  ["text as a size", one("F32", '["1"]', "[0,4]"), "an integer of 0 or more"],
  ["null as a size", one("F32", "[null]", "[0,4]"), "an integer of 0 or more"],
  ["a size of 2^53", one("F32", "[9007199254740992,0]", "[0,0]", 0), "an integer of 0 or more, below 2^53"],
  ["a size of 2^64", one("F32", "[18446744073709551616]", "[0,4]"), "an integer of 0 or more, below 2^53"],
  ["a product that overflows to 0 in 64 bits", one("U8", "[4294967296,4294967296]", "[0,0]", 0), "a whole number of bytes"],
  ["a product that overflows before a size of 0", one("U8", "[4294967296,4294967296,0]", "[0,0]", 0), "a whole number of bytes"],
  ["bytes that overflow", one("F64", "[9007199254740991]", "[0,4]"), "a whole number of bytes"],
  ["half a byte", one("F4", "[3]", "[0,2]", 2), "a whole number of bytes"],
  ["more bytes than the shape", one("F32", "[1]", "[0,8]", 8), '4 bytes for "a", F32 [1], got 8'],
  ["fewer bytes than the shape", one("F32", "[2]", "[0,4]"), '8 bytes for "a", F32 [2], got 4'],
  ["a scalar without bytes", one("F32", "[]", "[0,0]", 0), '4 bytes for "a"'],
  ["one offset", one("F32", "[1]", "[4]"), "[begin, end]"],
  ["three offsets", one("F32", "[1]", "[0,4,4]"), "[begin, end]"],
  ["offsets the wrong way", one("F32", "[1]", "[4,0]"), "[begin, end]"],
  ["a negative offset", one("F32", "[1]", "[-4,0]"), "an integer of 0 or more"],
  ["a fraction as an offset", one("F32", "[1]", "[0.5,4.5]"), "expected ]"],
  ["an offset that is text", one("F32", "[1]", '["0","4"]'), "an integer of 0 or more"],
  ["a hole at the start", one("F32", "[1]", "[4,8]", 8), "leaves a hole"],
  ["a hole between", two("[0,4]", "[8,12]", 12), "leaves a hole"],
  ["an overlap", two("[0,4]", "[2,6]", 6), "leaves an overlap"],
  ["the same bytes twice", two("[0,4]", "[0,4]", 4), "leaves an overlap"],
  ["an empty tensor in another", file(`{${entry("F32", "[1]", "[0,4]")},${entry("F32", "[0]", "[2,2]", "b")}}`, 4), "leaves an overlap"],
  ["an empty tensor behind the end", file(`{${entry("F32", "[1]", "[0,4]")},${entry("F32", "[0]", "[8,8]", "b")}}`, 4), "leaves a hole"],
  ["a rest", one("F32", "[1]", "[0,4]", 5), "4 bytes of data, got 5"],
  ["a rest without tensors", file("{}", 1), "0 bytes of data, got 1"],
  ["a file that was cut", one("F32", "[1]", "[0,4]", 3), "4 bytes of data, got 3 - the file is torn"],
  ["a tensor of half a PB", one("U8", "[562949953421312]", "[0,562949953421312]"), "the file is torn"],
  ["objects 100,000 deep", header('{"a":'.repeat(100_000)), "dtype, shape and data_offsets"],
  ["arrays 100,000 deep", header(`{"a":{"shape":${"[".repeat(100_000)}`), "an integer of 0 or more"],
];

describe("a file that is not what it says", () => {
  test.each(FILES)("%s: is refused", async (_, bytes, says) => {
    const refused = expect(readSafetensors(bytes)).rejects;
    await refused.toThrow(WeightFileError);
    await refused.toThrow(says);
    await refused.toThrow(/^readSafetensors: expected [\s\S]{1,300}$/);
    await expect(openSafetensors(bytes)).rejects.toThrow(WeightFileError);
  });

  test("has a message that stays short, whatever its names", async () => {
    const error = await readSafetensors(file(`{"${"x".repeat(100_000)}":1}`)).catch((thrown: Error) => thrown);
    expect((error as Error).message.length).toBeLessThan(300);
  });

  test("is refused in time that grows with its size alone", async () => {
    // Quotes behind slashes, names by the ten thousand, sizes by the hundred thousand.
    await expect(readSafetensors(file(`{"${'\\"'.repeat(300_000)}`))).rejects.toThrow("a string with an end");
    const many = Array.from({ length: 20_000 }, (_, i) => entry("I8", "[0]", "[0,0]", `n${i}`));
    expect(Object.keys(await readSafetensors(file(`{${many}}`)))).toHaveLength(20_000);
    const ones = await readSafetensors(file(`{${entry("I8", `[${"1,".repeat(200_000)}1]`, "[0,1]")}}`, 1));
    expect(ones.a?.shape).toHaveLength(200_001);
  });
});

describe("a file with bytes changed at random", () => {
  const rounds = process.env.DROPWISE_FUZZ === "long" ? 1_000_000 : 20_000;
  const seeds = ["all-dtypes", "model", "odd", "unheld"].map((name) => bytesOf(`${name}.safetensors`));
  const tokens = [
    '"',
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "0",
    "9",
    "-",
    "e",
    ".",
    " ",
    "\\",
    "null",
    "F32",
    "[0,4]",
    "__proto__",
    "9007199254740993",
  ];

  /** One to six changes, most of them in the header. */
  function changed(next: () => number): Uint8Array {
    const pick = (limit: number) => Math.floor(next() * limit);
    let bytes = (seeds[pick(seeds.length)] as Uint8Array).slice();
    for (let changes = 1 + pick(6); changes > 0; changes--) {
      const length = Math.min(bytes.length, 8 + Number(new DataView(bytes.buffer).getUint16(0, true)));
      const at = pick(next() < 0.1 ? bytes.length : length);
      switch (pick(5)) {
        case 0:
          bytes[at] = pick(256);
          break;
        case 1:
          bytes[at] = (bytes[at] as number) ^ (1 << pick(8));
          break;
        case 2:
          bytes = new Uint8Array([
            ...bytes.subarray(0, at),
            ...new TextEncoder().encode(tokens[pick(tokens.length)]),
            ...bytes.subarray(at),
          ]);
          break;
        case 3:
          bytes = new Uint8Array([...bytes.subarray(0, at), ...bytes.subarray(at + 1 + pick(8))]);
          break;
        default:
          bytes = bytes.slice(0, 8 + pick(bytes.length - 7));
      }
      // Often with a length that fits what was put in, so that the parser is reached.
      if (bytes.length >= 8 && next() < 0.5) new DataView(bytes.buffer).setBigUint64(0, BigInt(pick(bytes.length - 7)), true);
      if (bytes.length < 9) break;
    }
    return bytes;
  }

  test("is read or refused by name, and never takes more memory than it has bytes", { timeout: 3_600_000 }, async () => {
    const next = numbers(20261128);
    const tally = { read: 0, refused: 0 };
    for (let i = 0; i < rounds; i++) {
      const bytes = changed(next);
      try {
        const weights = await readSafetensors(bytes);
        let held = 0;
        for (const { data, shape } of Object.values(weights)) {
          expect(shape.reduce((product, size) => product * size, 1)).toBe(data.length);
          held += data.byteLength;
        }
        // Four bytes of float32 for one of float8.
        expect(held).toBeLessThanOrEqual(4 * bytes.length);
        await table(bytes);
        tally.read++;
      } catch (error) {
        if (!(error instanceof WeightFileError)) throw new Error(`at ${i}: ${Buffer.from(bytes).toString("base64")}`, { cause: error });
        tally.refused++;
      }
    }
    expect(tally.refused).toBeGreaterThan(rounds / 2);
    expect(tally.read).toBeGreaterThan(0);
  });
});
