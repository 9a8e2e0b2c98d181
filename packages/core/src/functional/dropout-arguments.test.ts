import { describe, expect, test } from "vitest";
import { functional as F, Generator, nn, ones, tensor } from "../index";
import { blindBackend } from "../testing/backends";
import { expectRefusal } from "../testing/refusal";

const FUNCTIONS = ["dropout", "dropout1d", "dropout2d", "dropout3d", "alphaDropout", "featureAlphaDropout"] as const;
const LAYERS = ["Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "AlphaDropout", "FeatureAlphaDropout"] as const;

/** An input whose rank every function takes without a warning. */
const inputFor = (name: string) => ones(name === "dropout1d" ? [2, 3, 4] : name === "dropout3d" ? [2, 3, 1, 2, 2] : [2, 3, 2, 2]);

describe.each(FUNCTIONS)("%s", (name) => {
  const call = (options: unknown, input: unknown = inputFor(name)) => F[name](input as never, options as never);

  test.each([-0.1, 1.1, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -Number.MIN_VALUE, 1 + Number.EPSILON])(
    "refuses p = %s, in training and in eval",
    (p) => {
      for (const training of [true, false]) {
        expectRefusal(() => call({ p, training }), "RangeError", `${name}: expected a drop probability p in [0, 1], got ${p}`);
      }
      expectRefusal(() => call(p), "RangeError", `${name}: expected a drop probability p in [0, 1], got ${p}`);
    },
  );

  test.each([["0.5"], [null], [true], [[0.5]], [5n]])("refuses p = %o, which is no number", (p) => {
    expectRefusal(() => call({ p }), "TypeError", `${name}: expected p to be a number`);
  });

  test.each([[null], [1], [0], ["true"]])("refuses training = %o, as PyTorch refuses what is no bool", (training) => {
    expectRefusal(() => call({ training }), "TypeError", `${name}: expected training to be true or false`);
  });

  test.each([[null], [1], ["yes"]])("refuses inplace = %o", (inplace) => {
    expectRefusal(() => call({ inplace }), "TypeError", `${name}: expected inplace to be true or false`);
  });

  test.each([[[1, 2]], [null], [undefined], [3], ["x"], [new Float32Array(3)]])("refuses the input %o, which is no tensor", (input) => {
    expectRefusal(() => F[name](input as never), "TypeError", `${name}: expected a Tensor, got`, "tensor(data)");
  });

  test.each([[null], ["0.5"], [true]])("refuses the options %o", (options) => {
    expectRefusal(() => call(options), "TypeError", `${name}: expected options as { name: value }`);
  });

  test("refuses a generator that is none", () => {
    for (const generator of [null, 42, {}]) {
      expectRefusal(() => call({ generator }), "TypeError", `${name}: expected generator to be a Generator`);
    }
  });

  test("refuses an elementOffset that is no integer in [0, 2^53 - count]", () => {
    expectRefusal(() => call({ elementOffset: "1" }), "TypeError", `${name}: expected elementOffset to be a number`);
    for (const elementOffset of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, 2 ** 60]) {
      expectRefusal(() => call({ elementOffset, training: true }), "RangeError", `${name}: expected an integer elementOffset in [0, 2^53`);
    }
  });

  test("refuses a disposed tensor, in training and in eval", () => {
    const input = inputFor(name);
    input.dispose();
    for (const training of [true, false])
      expectRefusal(() => F[name](input, { training }), "DisposedError", `${name}: expected a live tensor`);
  });

  test("refuses integers and booleans with 0 < p < 1", () => {
    for (const dtype of ["int32", "bool"] as const) {
      const input = inputFor(name).type(dtype);
      expectRefusal(
        () => F[name](input, { p: 0.5, training: true }),
        "TypeError",
        `${name}: expected a float tensor, got ${dtype}`,
        'x.type("float32")',
      );
    }
  });

  test("takes no call and writes nothing when it refuses", () => {
    const generator = new Generator(1);
    const input = inputFor(name);
    const leaf = inputFor(name);
    leaf.requiresGrad = true;
    const refused = [
      () => F[name](input, { p: 2, generator, inplace: true, training: true }),
      () => F[name](input, { generator, inplace: true, elementOffset: -1, training: true }),
      () => F[name](leaf, { generator, inplace: true, training: true }),
      () => F[name](input.type("int32"), { generator, training: true }),
    ];
    for (const fn of refused) expect(fn).toThrow();
    expect(generator.call).toBe(0n);
    expect(input.dataSync().every((x) => x === 1)).toBe(true);
    expect(leaf.dataSync().every((x) => x === 1)).toBe(true);
  });
});

describe.each(LAYERS)("new nn.%s", (name) => {
  const make = (options: unknown) => new (nn[name] as new (options: unknown) => nn.Module)(options);

  test.each([-0.1, 1.1, Number.NaN, Number.POSITIVE_INFINITY])("refuses p = %s, NaN included, where the layer is made", (p) => {
    expectRefusal(() => make({ p }), "RangeError", `${name}: expected a drop probability p in [0, 1], got ${p}`);
    expectRefusal(() => make(p), "RangeError", `${name}: expected a drop probability p in [0, 1], got ${p}`);
  });

  test("refuses a p, inplace or generator of the wrong type", () => {
    expectRefusal(() => make({ p: "0.5" }), "TypeError", `${name}: expected p to be a number, got "0.5"`);
    expectRefusal(() => make({ p: null }), "TypeError", `${name}: expected p to be a number, got null`);
    expectRefusal(() => make({ inplace: 1 }), "TypeError", `${name}: expected inplace to be true or false, got 1`);
    expectRefusal(() => make({ generator: null }), "TypeError", `${name}: expected generator to be a Generator, got null`);
  });

  test("refuses options that are neither a number nor an object", () => {
    for (const options of ["0.5", null, true]) {
      expectRefusal(() => make(options), "TypeError", `${name}: expected options as { name: value }`);
    }
  });

  test("has p = 0.5, no inplace, no state, and says so as PyTorch does", () => {
    const layer = make(undefined);
    expect(layer).toMatchObject({ p: 0.5, inplace: false, training: true });
    expect([...layer.parameters(), ...layer.namedBuffers()]).toEqual([]);
    expect(layer.stateDict()).toEqual({});
    expect(String(layer)).toBe(`${name}(p=0.5, inplace=false)`);
    expect(String(make({ p: 0.25, inplace: true }))).toBe(`${name}(p=0.25, inplace=true)`);
    expect(make(1)).toMatchObject({ p: 1 });
  });

  test("checks p again when it was changed", () => {
    const layer = make(0.5) as nn.Dropout;
    layer.p = 2;
    expectRefusal(() => layer.forward(inputFor(name.toLowerCase())), "RangeError", "expected a drop probability p in [0, 1], got 2");
  });
});

describe("noiseShape", () => {
  test.each([
    [
      [3, 4],
      [2, 4],
    ],
    [
      [3, 4],
      [3, 4, 1],
    ],
    [
      [3, 4],
      [1, 3, 4],
    ],
    [[], [1]],
    [
      [1, 4],
      [3, 4],
    ],
  ])("for an input of shape %j, %j is refused: it does not broadcast to it", (shape, noiseShape) => {
    expectRefusal(() => F.dropout(ones(shape), { noiseShape }), "ShapeError", "dropout: expected a noiseShape that broadcasts to");
  });

  test("of the wrong type or with sizes that are none is refused, by the function and the layer", () => {
    expectRefusal(
      () => F.dropout(ones([2]), { noiseShape: 2 as never }),
      "TypeError",
      "dropout: expected noiseShape to be an array such as [null, 1, 4], got 2",
    );
    expectRefusal(
      () => F.dropout(ones([2]), { noiseShape: [1.5] }),
      "RangeError",
      "dropout: expected sizes that are integers of 0 or more",
    );
    expectRefusal(() => new nn.Dropout({ noiseShape: [-2] }), "RangeError", "Dropout: expected sizes that are integers of 0 or more");
    expectRefusal(() => new nn.Dropout({ noiseShape: "all" as never }), "TypeError", "Dropout: expected noiseShape to be an array");
  });
});

describe("dtypes and backends", () => {
  test("integers pass through where nothing is drawn, and become zeros of their dtype with p = 1", () => {
    const input = tensor(new Int32Array([1, -2, 3]));
    for (const options of [{ p: 0 }, { p: 0.5, training: false }]) expect(F.dropout(input, options)).toBe(input);
    const dropped = F.dropout(input, { p: 1 });
    expect(dropped.dtype).toBe("int32");
    expect([...dropped.dataSync()]).toEqual([0, 0, 0]);
    expect([...input.dataSync()]).toEqual([1, -2, 3]);
    expect([...F.dropout(tensor([true, true]), { p: 1 }).dataSync()]).toEqual([0, 0]);
    expect(F.dropout(input, { p: 1, inplace: true })).toBe(input);
    expect([...input.dataSync()]).toEqual([0, 0, 0]);
  });

  test("an empty tensor is the identity in every dtype, as in PyTorch", () => {
    for (const data of [new Float32Array(0), new Int32Array(0), new Uint8Array(0)]) {
      const input = tensor(data);
      expect(F.dropout(input, 0.5)).toBe(input);
    }
  });

  test("a backend without views gives the same mask", async () => {
    const options = { p: 0.3, generator: new Generator(4) };
    const output = F.dropout(ones([50], { backend: blindBackend() }), options);
    expect(await output.data()).toEqual(F.dropout(ones([50]), { p: 0.3, generator: new Generator(4) }).dataSync());
  });
});
