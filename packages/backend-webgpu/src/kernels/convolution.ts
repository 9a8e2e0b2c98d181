import { type ConvolutionSpec, sizeOf } from "@dropwise/core/backend";
import type { Gpu } from "../gpu/gpu";
import source from "./convolution.wgsl";
import store from "./convolution-store.wgsl";
import type { GpuOperand } from "./kernel";
import { type Factor, product } from "./product";
import { windowOf } from "./window";
import windowSource from "./window.wgsl";

/** `convolution` of the contract: for each group of channels the product of the weights with patches of all images. */
export function convolution(
  gpu: Gpu,
  spec: ConvolutionSpec,
  x: GpuOperand,
  weight: GpuOperand,
  bias: GpuOperand | null,
  out: GpuOperand,
): void {
  const call = callOf(spec, x, out, weight);
  const { images, channels, results, groups, volume, places } = call;
  const k = channels * volume;
  product(
    gpu,
    {
      key: "convolution",
      a: { operand: weight, offset: weight.offset, batch: results * k, row: k, column: 1 },
      b: { ...by(x), element: fromImage("i / result().w", "i % result().w", "k / kernel().w", "k % kernel().w") },
      ...withBias(bias),
      ...shared(call, "result().w"),
      ...{ batches: groups, m: results, n: images * places, k, length: sizeOf(out.shape) },
    },
    out,
  );
}

/** `convolutionGradInput` of the contract: its transpose. */
export function convolutionGradInput(
  gpu: Gpu,
  spec: ConvolutionSpec,
  grad: GpuOperand,
  weight: GpuOperand,
  bias: GpuOperand | null,
  out: GpuOperand,
): void {
  const call = callOf(spec, out, grad, weight);
  const { images, channels, results, groups, volume } = call;
  const element =
    "return load_a(p.a_offset + ((batch * p.window[6].y + k / kernel().w) * p.window[6].x + i) * kernel().w + k % kernel().w);";
  const grads = [
    "let at = in_result(i % image().w, k % kernel().w);",
    "if (at == OUTSIDE) { return 0.0; }",
    "return load_b(p.b_offset + plane(i / image().w, batch, k / kernel().w, p.window[6].y) * result().w + at);",
  ];
  product(
    gpu,
    {
      key: "convolutionGradInput",
      a: { ...by(weight), element },
      b: { ...by(grad), element: grads.join(" ") },
      ...withBias(bias),
      ...shared(call, "image().w"),
      ...{ batches: groups, m: channels, n: images * sizeOf(out.shape.slice(2)), k: results * volume, length: sizeOf(out.shape) },
    },
    out,
  );
}

/** `convolutionGradWeight` of the contract: for each group the product of the gradients with the patches, over all places of all images. */
export function convolutionGradWeight(gpu: Gpu, spec: ConvolutionSpec, x: GpuOperand, grad: GpuOperand, out: GpuOperand): void {
  const call = callOf(spec, x, grad, out);
  const { images, channels, results, groups, volume, places } = call;
  product(
    gpu,
    {
      key: "convolutionGradWeight",
      a: {
        ...by(grad),
        element: "return load_a(p.a_offset + plane(k / result().w, batch, i, p.window[6].y) * result().w + k % result().w);",
      },
      b: { ...by(x), element: fromImage("k / result().w", "k % result().w", "i / kernel().w", "i % kernel().w") },
      ...{ bias: null, first: "vec4<f32>()", files: [windowSource, source], window: call.window },
      ...{ batches: groups, m: results, n: channels * volume, k: images * places, length: sizeOf(out.shape) },
    },
    out,
  );
}

// --- internal helpers ---

interface Call {
  readonly images: number;
  /** Of a group, in the images and in the results. */
  readonly channels: number;
  readonly results: number;
  readonly groups: number;
  /** Elements of a kernel, and places of a result. */
  readonly volume: number;
  readonly places: number;
  /** As in convolution.wgsl. */
  readonly window: readonly number[];
}

function callOf(spec: ConvolutionSpec, image: GpuOperand, result: GpuOperand, weight: GpuOperand): Call {
  const { groups, kernel } = spec;
  const [images, ...rest] = image.shape as [number, ...number[]];
  const channels = (rest[0] as number) / groups;
  const results = (weight.shape[0] as number) / groups;
  const outSizes = result.shape.slice(2);
  const [volume, places] = [sizeOf(kernel), sizeOf(outSizes)];
  const window = [...windowOf(spec, image.shape.slice(2), outSizes), channels, results, groups, images];
  return { images, channels, results, groups, volume, places, window };
}

/** A factor whose elements a function gives. */
function by(operand: GpuOperand): Omit<Factor, "element"> {
  return { operand, offset: operand.offset, batch: 0, row: 0, column: 0 };
}

/** The element of patches: of an image, a place of the result, a channel of the group and an element of its window. */
function fromImage(image: string, place: string, channel: string, element: string): string {
  return [
    `let at = in_image(${place}, ${element});`,
    "if (at == OUTSIDE) { return 0.0; }",
    `return load_b(p.b_offset + plane(${image}, batch, ${channel}, p.window[6].x) * image().w + at);`,
  ].join(" ");
}

function withBias(bias: GpuOperand | null) {
  return { bias, first: bias === null ? "vec4<f32>()" : "vec4<f32>(load_bias(p.bias_offset + batch * p.m + min(row, p.m - 1u)))" };
}

/** What results that are images have in common. */
function shared({ window }: Call, planeSize: string) {
  return { files: [windowSource, source], store: `fn plane_size() -> u32 { return ${planeSize}; }\n${store}`, window };
}
