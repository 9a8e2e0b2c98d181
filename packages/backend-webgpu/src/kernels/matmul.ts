import type { Gpu } from "../gpu/gpu";
import { type Binding, type GpuOperand, operandOf, run } from "./kernel";
import direct from "./matmul.wgsl";
import common from "./matmul-common.wgsl";
import storeRow from "./matmul-row.wgsl";
import storeVector from "./matmul-row-vector.wgsl";
import slice from "./matmul-slice.wgsl";
import tiled from "./matmul-tiled.wgsl";
import { reduce } from "./reduce";

/** `out[..., m, n] = sum_k a[..., m, k] * b[..., k, n]` (+ bias[n]); ranks 2 or 3, any orientation. */
export function matmul(gpu: Gpu, a: GpuOperand, b: GpuOperand, out: GpuOperand, bias: GpuOperand | null = null): void {
  const batches = out.shape.length === 3 ? (out.shape[0] as number) : 1;
  const [m, n] = out.shape.slice(-2) as [number, number];
  const k = a.shape.at(-1) as number;
  if (batches * m * n === 0) return;
  const product = { gpu, a: matrixOf(a), b: matrixOf(b), bias, batches, m, n, k };
  if (!isLarge(m, n)) {
    inDispatches(product, DIRECT, out);
    return;
  }
  const chunks = chunksOf(batches * Math.ceil(m / TILED) * Math.ceil(n / TILED), k);
  if (chunks === 1) {
    inDispatches(product, TILED, out);
    return;
  }
  const parts = gpu.allocator.scratch(chunks * batches * m * n);
  inDispatches(product, TILED, operandOf(parts, [chunks, batches, m, n], []), chunks);
  reduce(gpu, "sum", operandOf(parts, [], []), out, 1, chunks, batches * m * n);
  gpu.allocator.reuse(parts);
}

/** `out[m, n] = sum_k x[m, k] * weight[n, k] + bias[n]`, all contiguous. */
export function linear(gpu: Gpu, x: GpuOperand, weight: GpuOperand, bias: GpuOperand | null, out: GpuOperand): void {
  const [n, k] = weight.shape as [number, number];
  matmul(gpu, x, { ...weight, shape: [k, n], strides: [1, k] }, out, bias);
}

// --- internal helpers ---

/** The longest inner dimension of one dispatch. Some drivers end a loop after 65,535 rounds, and systems reset a GPU that is busy for seconds. */
const MAX_INNER = 2 ** 15;

/** The sides of a group's tile in the two kernels. */
const [DIRECT, TILED] = [32, 64];

/** Groups that fill a large device, and the shortest part of an inner dimension that is worth a group of its own. */
const [FILLING, SHORTEST] = [128, 128];

/** A matrix, or a batch of them, in memory. */
interface Matrix {
  readonly operand: GpuOperand;
  readonly offset: number;
  readonly batch: number;
  readonly row: number;
  readonly column: number;
}

interface Product {
  readonly gpu: Gpu;
  readonly a: Matrix;
  readonly b: Matrix;
  readonly bias: GpuOperand | null;
  readonly batches: number;
  readonly m: number;
  readonly n: number;
  readonly k: number;
}

function matrixOf(operand: GpuOperand): Matrix {
  const { shape, strides, offset } = operand;
  const rank = shape.length;
  const batch = rank === 3 ? (strides[0] as number) : 0;
  return { operand, offset, batch, row: strides[rank - 2] as number, column: strides[rank - 1] as number };
}

/** Whether tiles of 64 x 64 are filled, and are enough of them to keep a device busy. Small products also come faster without barriers in software. */
function isLarge(m: number, n: number): boolean {
  return m * n >= 2 ** 16 && m >= 32 && n >= 32;
}

/** How many parts of a long inner dimension are computed side by side, where the tiles alone leave most of a large device idle. They are added in a fixed order. */
function chunksOf(tiles: number, k: number): number {
  if (k > MAX_INNER) return 1;
  return Math.max(1, Math.min(Math.floor(FILLING / tiles), Math.floor(k / SHORTEST)));
}

function inDispatches({ gpu, a, b, bias, batches, m, n, k }: Product, side: number, out: GpuOperand, chunks = 1): void {
  const isTiled = side === TILED;
  const tilesM = Math.ceil(m / side);
  const tilesN = Math.ceil(n / side);
  const formA = isTiled ? formOf(a.column, a.row, [a.offset, a.batch], k, m) : ELEMENTS;
  const formB = isTiled ? formOf(b.row, b.column, [b.offset, b.batch], k, n) : ELEMENTS;
  const storesVectors = isTiled && n % 4 === 0 && out.offset % 4 === 0;
  const typeOf = (isVector: boolean) => (isVector ? "vec4<f32>" : "f32");
  const bindings: Binding[] = [
    { name: "a", memory: a.operand.storage.handle, type: typeOf(formA !== ELEMENTS) },
    { name: "b", memory: b.operand.storage.handle, type: typeOf(formB !== ELEMENTS) },
  ];
  const output: Binding = { name: "out", memory: out.storage.handle, type: typeOf(storesVectors), write: true };
  const tiles = chunks * batches * tilesM * tilesN;
  const chunk = Math.ceil(k / chunks / STEP) * STEP;
  // At least one round, since an empty sum is the bias or 0.
  for (let start = 0; start === 0 || start < k; start += MAX_INNER) {
    const withBias = bias !== null && start === 0;
    const biasBinding: Binding[] = withBias ? [{ name: "bias", memory: bias.storage.handle, type: "f32" }] : [];
    const first = withBias ? `vec4<f32>(${["x", "y", "z", "w"].map((c) => `load_bias(p.bias_offset + ${c})`).join(", ")})` : "vec4<f32>()";
    run(gpu, {
      key: `matmul ${side} ${formA}${formB}${storesVectors} ${withBias} ${start > 0}`,
      source: [common, storesVectors ? storeVector : storeRow, isTiled ? tiled : direct],
      defines: [
        `const APART = ${isTiled ? 1 : 8}u;\nconst ACCUMULATE = ${start > 0};`,
        `fn first_value(x: u32, y: u32, z: u32, w: u32) -> vec4<f32> { return ${first}; }`,
        ...(isTiled ? [SLICES, sliceOf("a", formA), sliceOf("b", formB)] : []),
      ].join("\n"),
      bindings: [...bindings, ...biasBinding, output],
      params: [
        ...[m, Math.min(MAX_INNER, k - start), n, tilesM, tilesN, tiles],
        ...[a.offset + start * a.column, a.batch, a.row, a.column],
        ...[b.offset + start * b.row, b.batch, b.row, b.column],
        ...[out.offset, bias?.offset ?? 0, batches, chunks === 1 ? MAX_INNER : chunk],
      ],
      groups: tiles,
    });
  }
}

/** Forms in which a slice is read: element by element, in vectors along the side, or along the depth. */
const [ELEMENTS, SIDE_VECTORS, DEEP_VECTORS] = [0, 1, 2];

/** Depth of a slice. */
const STEP = 16;

/** Constants that both slices have. Their rows lie one vector further apart than they are long, so that threads which fill a column write to different banks. */
const SLICES = `const SIDE = 64u;\nconst STEP = ${STEP}u;\nconst ROW = SIDE / 4u + 1u;\nconst SIDE_VECTORS = ${SIDE_VECTORS}u;\nconst DEEP_VECTORS = ${DEEP_VECTORS}u;`;

/** How an operand is read: vectors must be whole, and begin where vectors do. */
function formOf(deepStep: number, sideStep: number, places: readonly number[], depth: number, size: number): number {
  const fits = (length: number, step: number) => [length, step, ...places].every((count) => count % 4 === 0);
  if (deepStep === 1 && fits(depth, sideStep)) return DEEP_VECTORS;
  return sideStep === 1 && fits(size, deepStep) ? SIDE_VECTORS : ELEMENTS;
}

/** matmul-slice.wgsl for one of the operands. */
function sliceOf(name: "a" | "b", form: number): string {
  const isVector = form !== ELEMENTS;
  const access = [
    `fn vector_${name}(i: u32) -> vec4<f32> { return ${isVector ? `load_${name}(i / 4u)` : "vec4<f32>()"}; }`,
    `fn element_${name}(i: u32) -> f32 { return ${isVector ? "0.0" : `load_${name}(i)`}; }`,
    `const ${name.toUpperCase()}_FORM = ${form}u;`,
  ];
  return [...access, slice.replaceAll("_operand", `_${name}`).replaceAll("OPERAND", name.toUpperCase())].join("\n");
}
