import type { Gpu } from "../gpu/gpu";
import { type Binding, type GpuOperand, run } from "./kernel";
import direct from "./matmul.wgsl";
import common from "./matmul-common.wgsl";
import tiled from "./matmul-tiled.wgsl";

/** `out[..., m, n] = sum_k a[..., m, k] * b[..., k, n]` (+ bias[n]); ranks 2 or 3, any orientation. */
export function matmul(gpu: Gpu, a: GpuOperand, b: GpuOperand, out: GpuOperand, bias: GpuOperand | null = null): void {
  const batches = out.shape.length === 3 ? (out.shape[0] as number) : 1;
  const [m, n] = out.shape.slice(-2) as [number, number];
  const k = a.shape.at(-1) as number;
  if (batches * m * n === 0) return;
  const { name, source, side, apart } = isLarge(m, n, gpu.session.limits) ? TILED : DIRECT;
  const tilesM = Math.ceil(m / side);
  const tilesN = Math.ceil(n / side);
  const bindings: Binding[] = [
    { name: "a", memory: a.storage.handle, type: "f32" },
    { name: "b", memory: b.storage.handle, type: "f32" },
  ];
  const output: Binding = { name: "out", memory: out.storage.handle, type: "f32", write: true };
  const [aOffset, aBatch, aRow, aColumn] = matrix(a);
  const [bOffset, bBatch, bRow, bColumn] = matrix(b);
  // At least one round, since an empty sum is the bias or 0.
  for (let start = 0; start === 0 || start < k; start += MAX_INNER) {
    const withBias = bias !== null && start === 0;
    const biasBinding: Binding[] = withBias ? [{ name: "bias", memory: bias.storage.handle, type: "f32" }] : [];
    const first = withBias ? `vec4<f32>(${["x", "y", "z", "w"].map((c) => `load_bias(p.bias_offset + ${c})`).join(", ")})` : "vec4<f32>()";
    run(gpu, {
      key: `matmul ${name} ${withBias} ${start > 0}`,
      source: [common, source],
      defines: `const APART = ${apart}u;\nconst ACCUMULATE = ${start > 0};\nfn first_value(x: u32, y: u32, z: u32, w: u32) -> vec4<f32> { return ${first}; }`,
      bindings: [...bindings, ...biasBinding, output],
      params: [
        ...[m, Math.min(MAX_INNER, k - start), n, tilesM, tilesN, batches * tilesM * tilesN],
        ...[aOffset + start * aColumn, aBatch, aRow, aColumn],
        ...[bOffset + start * bRow, bBatch, bRow, bColumn],
        ...[out.offset, bias?.offset ?? 0],
      ],
      groups: batches * tilesM * tilesN,
    });
  }
}

/** `out[m, n] = sum_k x[m, k] * weight[n, k] + bias[n]`, all contiguous. */
export function linear(gpu: Gpu, x: GpuOperand, weight: GpuOperand, bias: GpuOperand | null, out: GpuOperand): void {
  const [n, k] = weight.shape as [number, number];
  matmul(gpu, x, { ...weight, shape: [k, n], strides: [1, k] }, out, bias);
}

// --- internal helpers ---

/** The longest inner dimension of one dispatch. Some drivers end a loop after 65,535 rounds, and systems reset a GPU that is busy for seconds. */
const MAX_INNER = 2 ** 15;

/** The two kernels: the side of a group's tile in elements, and how far apart the rows and columns of one thread are. */
const DIRECT = { name: "direct", source: direct, side: 32, apart: 8 };
const TILED = { name: "tiled", source: tiled, side: 64, apart: 1 };

/**
 * Whether tiles of 64 x 64 are filled, and are enough of them to keep a device busy, which must have groups of 256 threads. Small products also come
 * faster without barriers in software.
 */
function isLarge(m: number, n: number, limits: Gpu["session"]["limits"]): boolean {
  return m * n >= 2 ** 16 && m >= 32 && n >= 32 && limits.maxComputeInvocationsPerWorkgroup >= 256;
}

/** Offset, and strides of batch, row and column. */
function matrix({ shape, strides, offset }: GpuOperand): [number, number, number, number] {
  const rank = shape.length;
  return [offset, rank === 3 ? (strides[0] as number) : 0, strides[rank - 2] as number, strides[rank - 1] as number];
}
