import { describe, expect, test } from "vitest";
import { functional as F, Generator, manualSeed, memory, nn, ones, type Tensor, tensor, tidy, zeros } from "../index";
import { blindBackend, hostBackend } from "../testing/backends";
import { maskAt } from "../testing/stream";

const KINDS = ["Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "AlphaDropout", "FeatureAlphaDropout"] as const;
const shapeFor = (name: string) => (name === "Dropout1d" ? [2, 3, 4] : name === "Dropout3d" ? [2, 3, 1, 2, 2] : [2, 3, 2, 2]);
const maskShapeFor = (name: string) => (/1d|2d|3d|Feature/.test(name) ? shapeFor(name).map((s, i) => (i < 2 ? s : 1)) : shapeFor(name));

describe.each(KINDS)("nn.%s", (name) => {
  const layerWith = (options: nn.DropoutLayerOptions) => new nn[name](options);
  const input = () => ones(shapeFor(name));

  test("has no last mask before its first forward", () => {
    expect(layerWith({}).lastMask()).toBeNull();
  });

  test("tells the mask of its last training forward, in the mask's own shape, as often as asked", () => {
    const generator = new Generator(1);
    const layer = layerWith({ p: 0.5, generator });
    for (const call of [0n, 1n]) {
      layer.forward(input());
      const size = maskShapeFor(name).reduce((a, b) => a * b);
      for (let i = 0; i < 2; i++) {
        const mask = layer.lastMask() as Tensor;
        expect(mask.shape).toEqual(maskShapeFor(name));
        expect(mask.dtype).toBe("bool");
        expect([...mask.dataSync()]).toEqual(maskAt(1n, call, 0.5, size));
      }
    }
    expect(generator.call).toBe(2n);
  });

  test("tells all true for p = 0, all false for p = 1, and null after a forward in eval", () => {
    const layer = layerWith({ p: 0 });
    layer.forward(input());
    expect(layer.lastMask()?.shape).toEqual(maskShapeFor(name));
    expect(
      layer
        .lastMask()
        ?.dataSync()
        .every((bit) => bit === 1),
    ).toBe(true);
    layer.p = 1;
    layer.forward(input());
    expect(layer.lastMask()?.shape).toEqual(maskShapeFor(name));
    expect(
      layer
        .lastMask()
        ?.dataSync()
        .every((bit) => bit === 0),
    ).toBe(true);
    layer.eval().forward(input());
    expect(layer.lastMask()).toBeNull();
    layer.train().forward(input());
    expect(layer.lastMask()).not.toBeNull();
  });

  test("obeys train and eval, and in eval returns its input itself without a call", () => {
    const generator = new Generator(2);
    const layer = layerWith({ p: 0.5, generator });
    const x = input();
    expect(layer.forward(x)).not.toBe(x);
    expect(layer.eval().forward(x)).toBe(x);
    expect(layer.training).toBe(false);
    expect(layer.train().forward(x)).not.toBe(x);
    expect(generator.call).toBe(2n);
  });

  test("draws what the function draws, a fresh mask in every call", () => {
    const generator = new Generator(3);
    const layer = layerWith({ p: 0.5, generator: new Generator(3) });
    const functionName = `${name[0]?.toLowerCase()}${name.slice(1)}` as "dropout";
    const masks = Array.from({ length: 4 }, () => {
      const output = layer.forward(input()).dataSync();
      expect(output).toEqual(F[functionName](input(), { p: 0.5, training: true, generator }).dataSync());
      return output.join();
    });
    expect(new Set(masks).size).toBe(4);
  });

  test("frees all but the mask it returns", () => {
    const layer = layerWith({ p: 0.5 });
    const x = input();
    layer.forward(x).dispose();
    const before = memory().tensors;
    const mask = layer.lastMask();
    expect(memory().tensors).toBe(before + 1);
    mask?.dispose();
  });
});

describe("nn.Dropout", () => {
  test("takes its mask from the seed, the call and nothing else: two layers share the default generator's calls", () => {
    manualSeed(4);
    const [a, b] = [new nn.Dropout(0.5), new nn.Dropout(0.5)];
    a.forward(ones([40]));
    b.forward(ones([40]));
    expect([...(a.lastMask() as Tensor).dataSync()]).toEqual(maskAt(4n, 0n, 0.5, 40));
    expect([...(b.lastMask() as Tensor).dataSync()]).toEqual(maskAt(4n, 1n, 0.5, 40));
  });

  test("keeps a mask by value: reseeding and later draws do not change it", () => {
    const generator = new Generator(5);
    const layer = new nn.Dropout({ p: 0.5, generator });
    layer.forward(ones([40]));
    generator.manualSeed(99);
    F.dropout(ones([40]), { generator });
    expect([...(layer.lastMask() as Tensor).dataSync()]).toEqual(maskAt(5n, 0n, 0.5, 40));
  });

  test("keeps the mask of the p it was drawn with", () => {
    const layer = new nn.Dropout({ p: 0.25, generator: new Generator(5) });
    layer.forward(ones([40]));
    layer.p = 0.9;
    expect([...(layer.lastMask() as Tensor).dataSync()]).toEqual(maskAt(5n, 0n, 0.25, 40));
  });

  test("tells the mask of empty, integer, scalar and float64 inputs, too", () => {
    const layer = new nn.Dropout({ p: 0.5, generator: new Generator(6) });
    layer.forward(zeros([0, 3]));
    expect(layer.lastMask()?.shape).toEqual([0, 3]);
    layer.forward(tensor(1));
    expect(layer.lastMask()?.shape).toEqual([]);
    layer.forward(ones([8], { dtype: "float64" }));
    expect([...(layer.lastMask() as Tensor).dataSync()]).toEqual(maskAt(6n, 1n, 0.5, 8));
    const all = new nn.Dropout(1);
    all.forward(tensor(new Int32Array(3)));
    expect([...(all.lastMask() as Tensor).dataSync()]).toEqual([0, 0, 0]);
  });

  test("with a noiseShape tells the shared mask, which broadcasts", () => {
    const layer = new nn.Dropout({ p: 0.5, noiseShape: [6, 1], generator: new Generator(7) });
    const output = layer.forward(ones([6, 5]));
    const mask = layer.lastMask() as Tensor;
    expect(mask.shape).toEqual([6, 1]);
    expect(output.dataSync()).toEqual(mask.type("float32").mul(2).expand([6, 5]).dataSync());
  });

  test("tells the mask on the backend of its input, also after the input was disposed", async () => {
    for (const backend of [hostBackend(), blindBackend()]) {
      const layer = new nn.Dropout({ p: 0.5, generator: new Generator(8) });
      tidy(() => void layer.forward(ones([20], { backend })));
      const mask = layer.lastMask() as Tensor;
      expect(mask.backend).toBe(backend);
      expect([...(await mask.data())]).toEqual(maskAt(8n, 0n, 0.5, 20));
    }
  });

  test("inside a model is reached by its eval(), unlike the function", () => {
    const model = new nn.Sequential(new nn.Identity(), new nn.Dropout(0.5)).eval();
    const x = ones([100]);
    expect(model.forward(x)).toBe(x);
    expect(F.dropout(x)).not.toBe(x); // the well-known mistake: training is true unless it is passed
    expect(F.dropout(x, { training: model.training })).toBe(x);
  });

  test("passes a probability of its own to each call when p is changed between them", () => {
    const layer = new nn.Dropout({ p: 0, generator: new Generator(9) });
    const x = ones([30]);
    expect(layer.forward(x)).toBe(x);
    layer.p = 0.5;
    expect(layer.forward(x).dataSync()).toEqual(F.dropout(x, { p: 0.5, generator: new Generator(9) }).dataSync());
  });
});
