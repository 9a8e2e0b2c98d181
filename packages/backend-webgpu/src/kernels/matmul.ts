import type { Gpu } from "../gpu/gpu";
import { type Binding, type GpuOperand, run } from "./kernel";
import direct from "./matmul.wgsl";
import common from "./matmul-common.wgsl";
import storeRow from "./matmul-row.wgsl";
import { type Factor, MAX_INNER, product } from "./product";

/** `out[..., m, n] = sum_k a[..., m, k] * b[..., k, n]` (+ bias[n]); ranks 2 or 3, any orientation. */
export function matmul(gpu: Gpu, a: GpuOperand, b: GpuOperand, out: GpuOperand, bias: GpuOperand | null = null): void {
  const batches = out.shape.length === 3 ? (out.shape[0] as number) : 1;
  const [m, n] = out.shape.slice(-2) as [number, number];
  const k = a.shape.at(-1) as number;
  if (batches * m * n === 0) return;
  const sizes = { batches, m, n, k };
  const factors = { a: factorOf(a), b: factorOf(b) };
  if (!isLarge(m, n) || k === 0) small(gpu, factors.a, factors.b, bias, sizes, out);
  else product(gpu, { key: "matrices", ...factors, bias, first: firstOf(bias), ...sizes, length: batches * m * n }, out);
}

/** `out[m, n] = sum_k x[m, k] * weight[n, k] + bias[n]`, all contiguous. */
export function linear(gpu: Gpu, x: GpuOperand, weight: GpuOperand, bias: GpuOperand | null, out: GpuOperand): void {
  const [n, k] = weight.shape as [number, number];
  matmul(gpu, x, { ...weight, shape: [k, n], strides: [1, k] }, out, bias);
}

// --- internal helpers ---

interface Sizes {
  readonly batches: number;
  readonly m: number;
  readonly n: number;
  readonly k: number;
}

/** Whether tiles of 64 x 64 are filled, and are enough of them to keep a device busy. Small products also come faster without barriers in software. */
function isLarge(m: number, n: number): boolean {
  return m * n >= 2 ** 16 && m >= 32 && n >= 32;
}

function factorOf(operand: GpuOperand): Factor {
  const { shape, strides, offset } = operand;
  const rank = shape.length;
  const batch = rank === 3 ? (strides[0] as number) : 0;
  return { operand, offset, batch, row: strides[rank - 2] as number, column: strides[rank - 1] as number };
}

/** What sums begin with. */
function firstOf(bias: GpuOperand | null): string {
  return bias === null
    ? "vec4<f32>()"
    : `vec4<f32>(${["x", "y", "z", "w"].map((c) => `load_bias(p.bias_offset + columns.${c})`).join(", ")})`;
}

/** The side of a group's tile of small products, and how far apart the rows and columns of a thread are. */
const [SIDE, APART] = [32, 8];

function small(gpu: Gpu, a: Factor, b: Factor, bias: GpuOperand | null, { batches, m, n, k }: Sizes, out: GpuOperand): void {
  const tilesM = Math.ceil(m / SIDE);
  const tilesN = Math.ceil(n / SIDE);
  const tiles = batches * tilesM * tilesN;
  const bindings: Binding[] = [
    { name: "a", memory: a.operand.storage.handle, type: "f32" },
    { name: "b", memory: b.operand.storage.handle, type: "f32" },
  ];
  // At least one round, since an empty sum is the bias or 0.
  for (let start = 0; start === 0 || start < k; start += MAX_INNER) {
    const own = start === 0 ? bias : null;
    run(gpu, {
      key: `matmul ${own !== null} ${start > 0}`,
      source: [common, storeRow, direct],
      defines: () =>
        [
          `const APART = ${APART}u;\nconst ACCUMULATE = ${start > 0};\nconst WINDOW = 1u;`,
          `fn first_value(batch: u32, row: u32, columns: vec4<u32>) -> vec4<f32> { return ${firstOf(own)}; }`,
        ].join("\n"),
      bindings: [
        ...bindings,
        ...(own === null ? [] : [{ name: "bias", memory: own.storage.handle, type: "f32" }]),
        { name: "out", memory: out.storage.handle, type: "f32", write: true },
      ],
      params: [
        ...[m, Math.min(MAX_INNER, k - start), n, tilesM, tilesN, tiles],
        ...[a.offset + start * a.column, a.batch, a.row, a.column],
        ...[b.offset + start * b.row, b.batch, b.row, b.column],
        ...[out.offset, bias?.offset ?? 0, batches, MAX_INNER, 0, 0, 0, 0, 0, 0],
      ],
      groups: tiles,
    });
  }
}
