import { afterEach, describe, expect, test } from "vitest";
import {
  type Backend,
  cpu,
  full,
  Generator,
  getDefaultBackend,
  memory,
  ones,
  rand,
  randn,
  setDefaultBackend,
  tensor,
  zeros,
} from "../index";
import { hostBackend } from "../testing/backends";
import { expectRefusal } from "../testing/refusal";

afterEach(() => setDefaultBackend(cpu));

describe("tensor", () => {
  test.each([
    ["a number", 3, [], "float32", [3]],
    ["a boolean", true, [], "bool", [1]],
    ["numbers", [1, 2.5, -3], [3], "float32", [1, 2.5, -3]],
    [
      "nested arrays",
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
      [2, 3],
      "float32",
      [1, 2, 3, 4, 5, 6],
    ],
    ["four levels", [[[[1]], [[2]]]], [1, 2, 1, 1], "float32", [1, 2]],
    ["booleans", [[true, false]], [1, 2], "bool", [1, 0]],
    ["an empty array", [], [0], "float32", []],
    ["empty rows", [[], []], [2, 0], "float32", []],
    ["a Float32Array", new Float32Array([1.5]), [1], "float32", [1.5]],
    ["a Float64Array", new Float64Array([0.1, 0.2]), [2], "float64", [0.1, 0.2]],
    ["an Int32Array", new Int32Array([-1, 7]), [2], "int32", [-1, 7]],
    ["a Uint8Array", new Uint8Array([0, 1]), [2], "bool", [0, 1]],
  ] as const)("of %s", (_, data, shape, dtype, values) => {
    const x = tensor(data as never);
    expect(x.shape).toEqual(shape);
    expect(x.dtype).toBe(dtype);
    expect([...x.dataSync()]).toEqual(values);
    expect(x).toMatchObject({ requiresGrad: false, isLeaf: true, grad: null, size: values.length });
    expect(x.backend).toBe(cpu);
  });

  test("copies its data", () => {
    const data = new Float32Array([1, 2]);
    const x = tensor(data);
    data[0] = 99;
    expect([...x.dataSync()]).toEqual([1, 2]);
  });

  test("reads a part of a larger buffer", () => {
    expect([...tensor(new Float32Array([1, 2, 3, 4]).subarray(1, 3)).dataSync()]).toEqual([2, 3]);
  });

  test("folds a flat array to a shape", () => {
    expect(
      tensor([1, 2, 3, 4, 5, 6], { shape: [3, 2] })
        .slice(0, 1, 2)
        .dataSync(),
    ).toEqual(new Float32Array([3, 4]));
    expect(tensor(new Int32Array(1), { shape: [] }).shape).toEqual([]);
    const shape = [2];
    const x = tensor([1, 2], { shape });
    shape[0] = 5;
    expect(x.shape).toEqual([2]);
  });

  test.each([
    ["int32", [1.9, -1.9, -0.5, 2147483647.5], [1, -1, 0, 2147483647]],
    ["bool", [0, 2, -0.5, Number.NaN], [0, 1, 1, 1]],
    ["float64", [0.1, 1e300, 0, 1], [0.1, 1e300, 0, 1]],
    ["float32", [0.1, 1e300, 0, 1], [Math.fround(0.1), Number.POSITIVE_INFINITY, 0, 1]],
  ] as const)("converts to %s", (dtype, data, values) => {
    expect([...tensor(data, { dtype }).dataSync()]).toEqual(values);
  });

  test("makes bytes of 0 and 1 bool, and asks what others are: numbers, or true wherever a byte is not 0", () => {
    const pixels = new Uint8Array([0, 1, 7, 255]);
    expect(tensor(new Uint8Array([0, 1])).dtype).toBe("bool");
    expectRefusal(
      () => tensor(pixels),
      "TypeError",
      "tensor: expected a Float32Array, Float64Array, Int32Array, or a Uint8Array of 0 and 1, got a value of type Uint8Array",
      'pass dtype "float32" for numbers such as pixels, "int32" for indices, "bool" for what is not 0',
    );
    expect([...tensor(pixels, { dtype: "bool" }).dataSync()]).toEqual([0, 1, 1, 1]);
    expect([...tensor(pixels, { dtype: "float32" }).dataSync()]).toEqual([0, 1, 7, 255]);
  });

  test.each([
    ["Uint8ClampedArray", new Uint8ClampedArray([1, 2]), "float32"],
    ["Int8Array", new Int8Array([1, 2]), "float32"],
    ["Int16Array", new Int16Array([1, 2]), "float32"],
    ["Uint16Array", new Uint16Array([1, 2]), "float32"],
    ["Uint32Array", new Uint32Array([1, 2]), "float32"],
    ["BigInt64Array", new BigInt64Array([1n, 2n]), "int32"],
  ] as const)("asks what the elements of a %s become, and takes the answer", (kind, data, dtype) => {
    expectRefusal(
      () => tensor(data as never),
      "TypeError",
      "tensor: expected a Float32Array, Float64Array, Int32Array, or a Uint8Array of 0 and 1",
      `got a value of type ${kind} - pass dtype`,
      `"${dtype}" for`,
    );
    expect([...tensor(data as never, { dtype }).dataSync()]).toEqual([1, 2]);
  });

  test("makes numbers of mixed numbers and booleans", () => {
    const x = tensor([true, 2, false]);
    expect([x.dtype, ...x.dataSync()]).toEqual(["float32", 1, 2, 0]);
  });

  test.each([2 ** 31, -(2 ** 31) - 1, Number.NaN, Number.POSITIVE_INFINITY])("refuses %d as int32", (value) => {
    for (const make of [() => tensor([value], { dtype: "int32" }), () => full([1], value, { dtype: "int32" })])
      expectRefusal(make, "RangeError", "expected numbers that fit int32");
  });

  test("refuses an array that holds itself, and nesting without end", () => {
    const loop: unknown[] = [];
    loop[0] = loop;
    let deep: unknown[] = [1];
    for (let i = 0; i < 20_000; i++) deep = [deep];
    for (const data of [loop, deep])
      for (const options of [{}, { dtype: "float32" }] as const)
        expectRefusal(() => tensor(data as never, options), "RangeError", "tensor: expected at most 64 levels of arrays, got more");
  });

  test.each([[[[1, 2], [3]]], [[1, [2]]], [[[1], 2]], [[[], [1]]], [[[[1]], [[1, 2]]]]])("refuses ragged arrays: %j", (data) => {
    expectRefusal(() => tensor(data as never), "ShapeError", "tensor: expected rows of equal length, got ragged arrays");
  });

  test.each([["abc"], [null], [undefined], [{}], [[1, "2"]], [[null]], [new ArrayBuffer(8)], [5n]])(
    "refuses what holds no numbers: %o",
    (data) => {
      expectRefusal(() => tensor(data as never), "TypeError", "tensor: expected numbers, booleans, arrays of them or a typed array");
    },
  );

  test("refuses a typed array whose buffer was transferred, which looks empty", () => {
    for (const data of [new Float32Array(4), new Uint8Array(4), new BigInt64Array(1)]) {
      structuredClone(data.buffer, { transfer: [data.buffer] });
      expectRefusal(() => tensor(data as never), "TypeError", "tensor: expected a typed array, got one whose buffer was transferred");
    }
    expect(tensor(new Float32Array(0)).shape).toEqual([0]);
  });

  test("refuses shapes that do not fit or are none, dtypes that are none, and a gradient for integers, and keeps no memory", () => {
    const before = memory();
    expectRefusal(() => tensor([1, 2, 3], { shape: [2, 2] }), "ShapeError", "tensor: expected 4 elements for shape [2, 2], got 3");
    expectRefusal(() => tensor([1], { shape: 1 as never }), "TypeError", "tensor: expected a shape such as [2, 3], got 1");
    expectRefusal(() => tensor([1], { shape: [-1] }), "RangeError", "tensor: expected sizes that are integers of 0 or more, got -1");
    expectRefusal(
      () => tensor([1], { dtype: "float16" as never }),
      "TypeError",
      'tensor: expected dtype "float32", "float64", "int32" or "bool", got "float16"',
    );
    expect(memory()).toEqual(before);
    expectRefusal(
      () => tensor(new Int32Array(1), { requiresGrad: true }),
      "TypeError",
      "tensor: expected a float dtype with requiresGrad, got int32",
    );
  });
});

describe("zeros, ones and full", () => {
  test("fill their shape", () => {
    expect([...zeros([2, 2]).dataSync()]).toEqual([0, 0, 0, 0]);
    expect([...ones([3], { dtype: "int32" }).dataSync()]).toEqual([1, 1, 1]);
    expect([...full([2], -2.5, { dtype: "float64" }).dataSync()]).toEqual([-2.5, -2.5]);
    expect(ones([]).itemSync()).toBe(1);
    expect(zeros([2, 0, 3]).size).toBe(0);
    expect(ones([2], { requiresGrad: true }).requiresGrad).toBe(true);
  });

  test("fill memory that was used before", () => {
    const old = full([100], 7);
    old.dispose();
    expect(
      zeros([100])
        .dataSync()
        .every((x) => x === 0),
    ).toBe(true);
  });

  test.each([2, 256, 0.5, -1, Number.NaN])("make bool true from %s, which is not 0", (value) => {
    expect([...full([2], value, { dtype: "bool" }).dataSync()]).toEqual([1, 1]);
  });

  test("refuse what is no shape or number", () => {
    expectRefusal(() => zeros(3 as never), "TypeError", "zeros: expected a shape such as [2, 3], got 3 - put the sizes in brackets");
    expectRefusal(() => ones([1.5]), "RangeError", "ones: expected sizes that are integers of 0 or more, got 1.5");
    expectRefusal(() => ones([2 ** 30, 2 ** 30]), "RangeError", "ones: expected fewer than 2^53 elements");
    expectRefusal(() => full([1], "1" as never), "TypeError", 'full: expected a value that is a number, got "1"');
    expectRefusal(() => rand([Number.NaN]), "RangeError", "rand: expected sizes");
    expectRefusal(() => randn([2], { generator: 3 as never }), "TypeError", "randn: expected generator to be a Generator, got 3");
  });
});

describe("the default backend", () => {
  test("is cpu until another is set, and then holds new tensors only", () => {
    expect(getDefaultBackend()).toBe(cpu);
    const before = ones([1]);
    const other = hostBackend();
    setDefaultBackend(other);
    expect(getDefaultBackend()).toBe(other);
    for (const x of [tensor([1]), zeros([1]), rand([1]), randn([1])]) expect(x.backend).toBe(other);
    expect(ones([1], { backend: cpu }).backend).toBe(cpu);
    expect(before.backend).toBe(cpu);
  });

  test("cannot be the promise of one: the message says to await it", () => {
    const promise = Promise.resolve(cpu) as unknown as Backend;
    expectRefusal(() => setDefaultBackend(promise), "TypeError", "setDefaultBackend: expected a backend such as cpu", "await the factory");
  });

  test("stays when it is set to what is no backend", () => {
    expectRefusal(() => setDefaultBackend("wasm" as never), "TypeError", 'setDefaultBackend: expected a backend such as cpu, got "wasm"');
    expect(getDefaultBackend()).toBe(cpu);
  });

  test("gives the same random numbers as any other", () => {
    const draw = (backend: Backend) => [
      ...rand([5], { backend, generator: new Generator(1) }).dataSync(),
      ...randn([5], { backend, generator: new Generator(2) }).dataSync(),
    ];
    expect(draw(hostBackend())).toEqual(draw(cpu));
  });
});
