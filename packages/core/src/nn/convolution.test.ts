import { describe, expect, test } from "vitest";
import { functional as F, Generator, manualSeed, nn, ones, type Tensor, tensor } from "../index";
import { hostBackend } from "../testing/backends";
import { expectRefusal } from "../testing/refusal";

const list = (x: Tensor | null) => [...(x as Tensor).dataSync()];
const shapes = (layer: nn.Module) => Object.fromEntries([...layer.namedParameters()].map(([name, { shape }]) => [name, [...shape]]));

describe("Conv1d, Conv2d and Conv3d", () => {
  test("have PyTorch's names and shapes of parameters", () => {
    expect(shapes(new nn.Conv1d(4, 6, 3))).toEqual({ weight: [6, 4, 3], bias: [6] });
    expect(shapes(new nn.Conv2d(4, 6, [3, 2], { groups: 2 }))).toEqual({ weight: [6, 2, 3, 2], bias: [6] });
    expect(shapes(new nn.Conv3d(4, 6, [3], { bias: false }))).toEqual({ weight: [6, 4, 3, 3, 3] });
    expect(shapes(new nn.ConvTranspose1d(4, 6, 3))).toEqual({ weight: [4, 6, 3], bias: [6] });
    expect(shapes(new nn.ConvTranspose2d(4, 6, 3, { groups: 2 }))).toEqual({ weight: [4, 3, 3, 3], bias: [6] });
    expect(Object.keys(new nn.Conv2d(1, 1, 1).stateDict())).toEqual(["weight", "bias"]);
  });

  test.each([
    ["Conv2d", () => new nn.Conv2d(8, 64, 5, { groups: 4, generator: new Generator(1) }), 2 * 25],
    ["ConvTranspose2d", () => new nn.ConvTranspose2d(64, 8, 5, { groups: 4, generator: new Generator(1) }), 2 * 25],
  ] as const)("%s starts uniform in ±1 / sqrt(elements of a window)", (_, make, fan) => {
    const layer = make();
    const bound = 1 / Math.sqrt(fan);
    for (const values of [list(layer.weight), list(layer.bias)]) expect(values.every((x) => Math.abs(x) <= bound + 1e-7)).toBe(true);
    const values = list(layer.weight);
    const variance = values.reduce((sum, x) => sum + x * x, 0) / values.length;
    expect(variance / (bound * bound)).toBeGreaterThan(0.3); // a third, within chance
    expect(variance / (bound * bound)).toBeLessThan(0.37);
  });

  test("take a host call for weight and bias each, and none when they are refused", () => {
    const state = (make: (generator: Generator) => unknown) => {
      const generator = new Generator(3);
      try {
        make(generator);
      } catch {}
      return new DataView(generator.getState().buffer).getBigUint64(16, true);
    };
    expect(state((generator) => new nn.Conv2d(1, 2, 3, { generator }))).toBe(2n);
    expect(state((generator) => new nn.Conv2d(1, 2, 3, { generator, bias: false }))).toBe(1n);
    expect(state((generator) => new nn.Conv2d(1, 2, 3, { generator, padding: -1 }))).toBe(0n);
    expect(state((generator) => new nn.Conv2d(1, 2, 3, { generator, paddingMode: "mirror" as never }))).toBe(0n);
    expect(state((generator) => new nn.ConvTranspose2d(1, 2, 3, { generator, outputPadding: 1 }))).toBe(0n);
    const made = [undefined, hostBackend()].map((backend) => {
      manualSeed(5);
      return list(new nn.Conv1d(2, 3, 4, backend && { backend }).weight);
    });
    expect(made[0]).toEqual(made[1]);
  });

  test("compute the functions of their names", () => {
    const x = ones([2, 4, 6]).mul(tensor([1, 2, 3, 5, 8, 13]));
    const conv = new nn.Conv1d(4, 2, 3, { stride: 2, padding: 2, dilation: 2, groups: 2 });
    expect(list(conv.forward(x))).toEqual(
      list(F.conv1d(x, conv.weight, { bias: conv.bias, stride: 2, padding: 2, dilation: 2, groups: 2 })),
    );
    const same = new nn.Conv1d(4, 2, 4, { padding: "same" });
    expect(list(same.forward(x))).toEqual(list(F.conv1d(x, same.weight, { bias: same.bias, padding: "same" })));
    const back = new nn.ConvTranspose1d(4, 2, 3, { stride: 3, outputPadding: 2, padding: 1 });
    expect(list(back.forward(x))).toEqual(
      list(F.convTranspose1d(x, back.weight, { bias: back.bias, stride: 3, outputPadding: 2, padding: 1 })),
    );
  });

  test.each([
    ["zeros", [0, 0, 1, 2, 3, 0, 0]],
    ["reflect", [3, 2, 1, 2, 3, 2, 1]],
    ["replicate", [1, 1, 1, 2, 3, 3, 3]],
    ["circular", [2, 3, 1, 2, 3, 1, 2]],
  ] as const)("pad with %s", (paddingMode, padded) => {
    const layer = new nn.Conv1d(1, 1, 1, { padding: 2, paddingMode, bias: false });
    layer.loadStateDict({ weight: new Float32Array([1]) });
    const x = tensor([[1, 2, 3]], { requiresGrad: true });
    const y = layer.forward(x);
    expect(list(y)).toEqual(padded);
    y.sum().backward();
    expect(list(x.grad)).toEqual([1, 2, 3].map((value) => padded.filter((p) => p === value).length));
    // Two dimensions, each padded by itself; an even kernel has one more behind.
    const wide = new nn.Conv2d(1, 1, [1, 2], { padding: "same", paddingMode, bias: false });
    wide.loadStateDict({ weight: new Float32Array([0, 1]) });
    expect(list(wide.forward(tensor([[[1, 2, 3]]])))).toEqual([2, 3, { zeros: 0, reflect: 2, replicate: 3, circular: 1 }[paddingMode]]);
  });

  test("refuse more padding than a mode has elements for", () => {
    const forward = (paddingMode: "reflect" | "circular" | "replicate", padding: number) =>
      new nn.Conv1d(1, 1, 4, { padding, paddingMode }).forward(ones([1, 1, 3]));
    expectRefusal(
      () => forward("reflect", 3),
      "ShapeError",
      'conv1d: expected at most 2 places of mode "reflect" beside dimension 2 of [1, 1, 3], got 3',
    );
    expectRefusal(
      () => forward("circular", 4),
      "ShapeError",
      'conv1d: expected at most 3 places of mode "circular" beside dimension 2 of [1, 1, 3], got 4',
    );
    expect(forward("circular", 3).shape).toEqual([1, 1, 6]);
    expect(forward("replicate", 7).shape).toEqual([1, 1, 14]);
  });

  test("refuse wrong sizes and options where they are made, and properties that were set wrong where they run", () => {
    const refuse = (make: () => unknown, name: string, message: string) => expectRefusal(make, name, message);
    refuse(() => new nn.Conv2d(0, 1, 1), "RangeError", "Conv2d: expected inChannels to be a positive integer, got 0");
    refuse(() => new nn.Conv2d(3, 4, 3, { groups: 2 }), "RangeError", "Conv2d: expected inChannels to be a multiple of groups = 2, got 3");
    refuse(() => new nn.Conv2d(4, 3, 3, { groups: 2 }), "RangeError", "Conv2d: expected outChannels to be a multiple of groups = 2, got 3");
    refuse(() => new nn.Conv2d(1, 1, 0), "RangeError", "Conv2d: expected kernelSize to be a positive integer, got 0");
    refuse(
      () => new nn.Conv2d(1, 1, undefined as never),
      "TypeError",
      "Conv2d: expected kernelSize to be an integer or an array of 2, got undefined",
    );
    refuse(
      () => new nn.Conv2d(1, 1, 3, { stride: 2, padding: "same" }),
      "RangeError",
      'Conv2d: expected a stride of 1 beside padding "same"',
    );
    refuse(
      () => new nn.Conv2d(1, 1, 3, { paddingMode: "same" as never }),
      "RangeError",
      "Conv2d: expected paddingMode zeros, reflect, replicate, circular",
    );
    refuse(
      () => new nn.ConvTranspose1d(1, 1, 3, { paddingMode: "reflect" } as never),
      "TypeError",
      "ConvTranspose1d: expected the options",
    );
    refuse(
      () => new nn.ConvTranspose1d(1, 1, 3, { padding: "same" as never }),
      "TypeError",
      "ConvTranspose1d: expected padding to be an integer",
    );
    const layer = new nn.Conv2d(1, 1, 3);
    (layer as { stride: unknown }).stride = undefined;
    refuse(() => layer.forward(ones([1, 4, 4])), "TypeError", "conv2d: expected stride to be an integer or an array of 2, got undefined");
    const other = new nn.Conv2d(1, 1, 3, { paddingMode: "reflect" });
    (other as { padding: unknown }).padding = Number.NaN;
    refuse(() => other.forward(ones([1, 4, 4])), "RangeError", "conv2d: expected padding to be an integer of 0 or more, got NaN");
  });

  test("print what PyTorch prints", () => {
    expect(String(new nn.Conv2d(4, 6, [3, 2], { padding: "same", groups: 2, bias: false }))).toBe(
      "Conv2d(4, 6, kernelSize=[3, 2], stride=[1, 1], padding=same, groups=2, bias=false)",
    );
    expect(String(new nn.Conv1d(4, 6, 3, { stride: 2, padding: 1, dilation: 2, paddingMode: "circular" }))).toBe(
      "Conv1d(4, 6, kernelSize=[3], stride=[2], padding=[1], dilation=[2], paddingMode=circular)",
    );
    expect(String(new nn.ConvTranspose2d(4, 6, 3, { stride: 2, outputPadding: 1, padding: 1, groups: 2, dilation: 2 }))).toBe(
      "ConvTranspose2d(4, 6, kernelSize=[3, 3], stride=[2, 2], padding=[1, 1], dilation=[2, 2], outputPadding=[1, 1], groups=2)",
    );
  });
});

describe("pooling layers, Unfold and Fold", () => {
  const x = tensor(
    Float32Array.from({ length: 96 }, (_, i) => Math.sin(i)),
    { shape: [2, 2, 4, 6] },
  );

  test("compute the functions of their names", () => {
    const options = { stride: [2, 1], padding: 1, ceilMode: true };
    const pairs: [nn.TensorModule, Tensor, Tensor?][] = [
      [new nn.MaxPool2d(3, { ...options, dilation: 1 }), F.maxPool2d(x, { kernelSize: 3, ...options })],
      [new nn.MaxPool1d(2), F.maxPool1d(x.reshape([2, 2, 24]), { kernelSize: 2 }), x.reshape([2, 2, 24])],
      [
        new nn.MaxPool3d(2, { dilation: 2, stride: 1 }),
        F.maxPool3d(x.reshape([2, 4, 3, 4]), { kernelSize: 2, dilation: 2, stride: 1 }),
        x.reshape([2, 4, 3, 4]),
      ],
      [
        new nn.AvgPool1d([3], { countIncludePad: false, padding: 1 }),
        F.avgPool1d(x.reshape([4, 24]), { kernelSize: 3, countIncludePad: false, padding: 1 }),
        x.reshape([4, 24]),
      ],
      [new nn.AvgPool2d(3, { ...options, divisorOverride: 2 }), F.avgPool2d(x, { kernelSize: 3, ...options, divisorOverride: 2 })],
      [new nn.AvgPool3d([1, 2, 3]), F.avgPool3d(x, { kernelSize: [1, 2, 3] })],
      [new nn.AdaptiveAvgPool1d(5), F.adaptiveAvgPool1d(x.reshape([4, 24]), { outputSize: 5 }), x.reshape([4, 24])],
      [new nn.AdaptiveAvgPool2d([null, 4]), F.adaptiveAvgPool2d(x, { outputSize: [4, 4] })],
      [new nn.AdaptiveMaxPool2d(3), F.adaptiveMaxPool2d(x, { outputSize: 3 })],
      [
        new nn.Unfold(2, { stride: 2, dilation: [1, 3], padding: [1, 0] }),
        F.unfold(x, { kernelSize: 2, stride: 2, dilation: [1, 3], padding: [1, 0] }),
      ],
      [
        new nn.Fold([3, 4], 2, { padding: 1, stride: 2 }),
        F.fold(ones([4, 6]), { outputSize: [3, 4], kernelSize: 2, padding: 1, stride: 2 }),
        ones([4, 6]),
      ],
    ];
    for (const [layer, expected, input = x] of pairs) {
      const got = layer.forward(input);
      expect([...got.shape], String(layer)).toEqual([...expected.shape]);
      expect(list(got), String(layer)).toEqual(list(expected));
      expect([...layer.parameters()]).toEqual([]);
    }
  });

  test("print what PyTorch prints", () => {
    expect(String(new nn.MaxPool2d(3, { stride: 2, padding: 1, dilation: 2, ceilMode: true }))).toBe(
      "MaxPool2d(kernelSize=3, stride=2, padding=1, dilation=2, ceilMode=true)",
    );
    expect(String(new nn.AvgPool2d([3, 2], { stride: 2 }))).toBe("AvgPool2d(kernelSize=[3, 2], stride=2, padding=0)");
    expect(String(new nn.AdaptiveAvgPool2d([null, 3]))).toBe("AdaptiveAvgPool2d(outputSize=[null, 3])");
    expect(String(new nn.Unfold(3))).toBe("Unfold(kernelSize=3, dilation=1, padding=0, stride=1)");
    expect(String(new nn.Fold([4, 5], 3))).toBe("Fold(outputSize=[4, 5], kernelSize=3, dilation=1, padding=0, stride=1)");
  });

  test("refuse wrong options where they are made, and properties that were set wrong where they run", () => {
    expectRefusal(
      () => new nn.MaxPool2d(2, { padding: 2 }),
      "RangeError",
      "MaxPool2d: expected padding of at most half the kernelSize, got 2",
    );
    expectRefusal(() => new nn.MaxPool2d(2, { kernelSize: 3 } as never), "TypeError", "MaxPool2d: expected the options stride");
    expectRefusal(() => new nn.MaxPool2d(2, 2 as never), "TypeError", "MaxPool2d: expected options as { name: value }, got 2");
    expectRefusal(() => new nn.AvgPool1d(2, { divisorOverride: 2 } as never), "TypeError", "AvgPool1d: expected the options");
    expectRefusal(() => new nn.AvgPool2d(2, { divisorOverride: 0 }), "RangeError", "AvgPool2d: expected divisorOverride");
    expectRefusal(() => new nn.AdaptiveAvgPool2d(0), "RangeError", "AdaptiveAvgPool2d: expected outputSize");
    expectRefusal(() => new nn.Fold(0, 1), "RangeError", "Fold: expected outputSize to be a positive integer, got 0");
    for (const [name, value] of Object.entries({
      stride: undefined,
      padding: Number.NaN,
      ceilMode: undefined,
      divisorOverride: undefined,
    })) {
      const layer = new nn.AvgPool2d(2);
      (layer as unknown as Record<string, unknown>)[name] = value;
      expect(() => layer.forward(x), name).toThrow(`avgPool2d: expected ${name}`);
    }
  });
});
