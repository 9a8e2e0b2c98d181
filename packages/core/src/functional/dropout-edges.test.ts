import { describe, expect, test } from "vitest";
import { defaultGenerator, functional as F, Generator, manualSeed, ones, tensor, zeros } from "../index";
import { scaleOf } from "../random/threshold";
import { maskAt } from "../testing/stream";

const FUNCTIONS = ["dropout", "dropout1d", "dropout2d", "dropout3d", "alphaDropout", "featureAlphaDropout"] as const;
const shapeFor = (name: string) => (name === "dropout1d" ? [2, 3, 4] : name === "dropout3d" ? [2, 3, 1, 2, 2] : [2, 3, 2, 2]);
const isPlusZero = (x: number) => Object.is(x, 0);

describe.each(FUNCTIONS)("%s", (name) => {
  test("returns its input itself for p = 0, in eval and for an empty tensor, and takes no call", () => {
    const generator = new Generator(1);
    const input = ones(shapeFor(name), { requiresGrad: true });
    const empty = zeros(shapeFor(name).map((size, i) => (i === 1 ? 0 : size)));
    for (const inplace of [false, true]) {
      expect(F[name](input, { p: 0, training: true, inplace, generator })).toBe(input);
      expect(F[name](input, { p: 0.5, training: false, inplace, generator })).toBe(input);
      expect(F[name](input, { p: 1, training: false, inplace, generator })).toBe(input);
      expect(F[name](empty, { p: 0.5, training: true, inplace, generator })).toBe(empty);
      expect(F[name](empty, { p: 1, training: true, inplace, generator })).toBe(empty);
    }
    expect(generator.call).toBe(0n);
  });

  test("gives a new tensor of +0 for p = 1, whatever the input, with gradient +0, and takes no call", () => {
    const generator = new Generator(1);
    const shape = shapeFor(name);
    const size = shape.reduce((a, b) => a * b);
    const strange = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, -1, 5];
    const input = tensor(
      Float32Array.from({ length: size }, (_, i) => strange[i % 6] as number),
      { shape, requiresGrad: true },
    );
    const output = F[name](input, { p: 1, training: true, generator });
    expect(output).not.toBe(input);
    expect(output.dataSync().every(isPlusZero)).toBe(true);
    output.backward(ones(shape).mul(-3));
    expect(input.grad?.dataSync().every(isPlusZero)).toBe(true);
    expect(generator.call).toBe(0n);
    const plain = ones(shape);
    expect(F[name](plain, { p: 1, training: true, inplace: true, generator })).toBe(plain);
    expect(plain.dataSync().every(isPlusZero)).toBe(true);
  });

  test("takes one call for each mask it draws, of whatever size", () => {
    const generator = new Generator(1);
    const input = ones(shapeFor(name));
    F[name](input, { p: 0.5, training: true, generator });
    F[name](input, { p: 0.01, training: true, inplace: true, generator });
    expect(generator.call).toBe(2n);
    expect(generator.offset).toBe(8n);
  });

  test("draws from the default generator when none is given", () => {
    manualSeed(8);
    const first = F[name](ones(shapeFor(name)), { p: 0.5, training: true }).dataSync();
    expect(defaultGenerator().call).toBe(1n);
    expect(F[name](ones(shapeFor(name)), { p: 0.5, training: true, generator: new Generator(8) }).dataSync()).toEqual(first);
  });

  test(
    name.toLowerCase().includes("alpha")
      ? "does nothing by default: training is false, as in PyTorch"
      : "drops by default: training is true, as in PyTorch",
    () => {
      const input = ones(shapeFor(name));
      expect(F[name](input) === input).toBe(name.toLowerCase().includes("alpha"));
    },
  );
});

describe("values", () => {
  const P = 0.3;
  const mask = maskAt(5n, 0n, P, 64);
  const generator = () => new Generator(5);
  const f32 = Math.fround;

  test.each([
    ["NaN", Number.NaN],
    ["Infinity", Number.POSITIVE_INFINITY],
    ["-Infinity", Number.NEGATIVE_INFINITY],
    ["-0", -0],
    ["a negative", -2.5],
    ["a subnormal", 1e-42],
    ["the largest", 3.4028234663852886e38],
  ])("%s is scaled where kept and +0 where dropped", (_, x) => {
    const output = F.dropout(tensor(new Float32Array(64).fill(x)), { p: P, generator: generator() }).dataSync();
    mask.forEach((bit, i) => {
      expect(Object.is(output[i], bit === 1 ? f32(f32(x) * scaleOf(P)) : 0), `element ${i}: ${output[i]}`).toBe(true);
    });
  });

  test("of a NaN that alphaDropout drops are its constant, like those of any other", () => {
    const drop = (x: number) =>
      F.alphaDropout(tensor(new Float32Array(64).fill(x)), { p: P, training: true, generator: generator() }).dataSync();
    const [odd, even] = [drop(Number.NaN), drop(1)];
    mask.forEach((bit, i) => {
      if (bit === 1) expect(odd[i]).toBeNaN();
      else expect(odd[i]).toBe(even[i]);
    });
  });

  test("in float64 have the mask and the float32 scale of float32, multiplied in double", () => {
    const x = Array.from({ length: 64 }, (_, i) => 0.1 + i / 7);
    const output = F.dropout(tensor(new Float64Array(x)), { p: P, generator: generator() });
    expect(output.dtype).toBe("float64");
    expect([...output.dataSync()]).toEqual(x.map((value, i) => (mask[i] === 1 ? value * scaleOf(P) : 0)));
  });

  test("in float64 of alphaDropout use the float32 constants, too", () => {
    const wide = F.alphaDropout(ones([64], { dtype: "float64" }), { p: P, training: true, generator: generator() }).dataSync();
    const single = F.alphaDropout(ones([64]), { p: P, training: true, generator: generator() }).dataSync();
    mask.forEach((bit, i) => {
      if (bit === 0) expect(wide[i]).toBe(single[i]);
      else expect(Math.abs((wide[i] as number) - (single[i] as number))).toBeLessThan(1e-7);
    });
  });

  test("of alphaDropout are those PyTorch prints for p = 0.5, kept and dropped", () => {
    // From torch 2.13: x = 1 dropped is bf477941; x = 0.5 kept is 3f9c777c, as float32 bits.
    const bits = (x: number) => new Uint32Array(Float32Array.of(x).buffer)[0]?.toString(16);
    const output = F.alphaDropout(ones([64]).mul(0.5), { p: 0.5, training: true, generator: generator() }).dataSync();
    const half = maskAt(5n, 0n, 0.5, 64);
    half.forEach((bit, i) => {
      expect(bits(output[i] as number)).toBe(bit === 1 ? "3f9c777c" : "bf477941");
    });
  });

  test.each([1e-10, 2 ** -24, 2 ** -25, 1 - 2 ** -24, 1 - 2 ** -53])("hold for p = %s, at the edge of float32", (p) => {
    const input = ones([4096]);
    const output = F.dropout(input, { p, generator: generator() }).dataSync();
    const scale = scaleOf(p);
    maskAt(5n, 0n, p, 4096).forEach((bit, i) => {
      expect(output[i]).toBe(bit === 1 ? f32(scale) : 0);
    });
    expect(output.some((x) => x !== 0)).toBe(p < 0.5);
  });

  test("of a scalar keep its shape", () => {
    const output = F.dropout(tensor(3), { p: 0.5, generator: new Generator(0) });
    expect(output.shape).toEqual([]);
    expect(output.itemSync()).toBe(6); // seed 0 keeps its first element
  });
});

describe("strided and expanded inputs", () => {
  const data = Float32Array.from({ length: 24 }, (_, i) => i + 1);
  const drop = (x: ReturnType<typeof ones>) => F.dropout(x, { p: 0.5, generator: new Generator(6) });

  test("take the mask by logical index, whatever their strides", () => {
    const x = tensor(data, { shape: [4, 6] });
    const views = [x.transpose(0, 1), x.slice(1, 1, 6, 2), x.slice(0, 2), x.reshape([2, 3, 4]).permute([2, 0, 1])];
    for (const view of views) {
      const plain = tensor(view.dataSync(), { shape: view.shape });
      expect([...drop(view).dataSync()]).toEqual([...drop(plain).dataSync()]);
      expect(drop(view).isContiguous()).toBe(true);
    }
  });

  test("that repeat one value are written out, each place with its own decision", () => {
    for (const view of [tensor(2).expand([5, 7]), tensor([[2]]).expand([5, 7]), tensor([2, 2, 2, 2, 2, 2, 2]).expand([5, 7])]) {
      expect([...drop(view).dataSync()]).toEqual(maskAt(6n, 0n, 0.5, 35).map((bit) => bit * 4));
    }
  });
});
