import type { Gpu } from "../gpu/gpu";
import { type Binding, type GpuOperand, operandOf, run } from "./kernel";
import common from "./matmul-common.wgsl";
import storeRow from "./matmul-row.wgsl";
import storeVector from "./matmul-row-vector.wgsl";
import slice from "./matmul-slice.wgsl";
import tiled from "./matmul-tiled.wgsl";
import { reduce } from "./reduce";

/** One of the two operands: a batch of matrices by strides, or by a function. */
export interface Factor {
  readonly operand: GpuOperand;
  readonly offset: number;
  readonly batch: number;
  readonly row: number;
  readonly column: number;
  /** WGSL that gives an element, of `batch`, a place `i` along its side (rows of a, columns of b) and a depth `k`, where strides do not. */
  readonly element?: string;
}

/** `out[batch, i, j] = sum_k a[batch, i, k] b[batch, k, j]`, as tiles of 64 x 64. */
export interface Product {
  /** Names what is special: the functions of the factors and the next two. */
  readonly key: string;
  readonly a: Factor;
  readonly b: Factor;
  readonly bias: GpuOperand | null;
  /** WGSL of what the sums of four columns of a row begin with: `bias` is there if there is one. */
  readonly first: string;
  /** WGSL with `store_row`, where results do not lie as a matrix does. */
  readonly store?: string;
  readonly files?: readonly string[];
  /** What these read as `p.window`. */
  readonly window?: readonly number[];
  readonly batches: number;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  /** Elements of the result. */
  readonly length: number;
}

/** The longest inner dimension of one pass. Some drivers end a loop after 65,535 rounds, and systems reset a GPU that is busy for seconds. */
export const MAX_INNER = 2 ** 15;

/** Computes it in one dispatch; in two where the tiles alone would leave most of a large device idle, or a long inner dimension asks for parts: these are added in a fixed order. */
export function product(gpu: Gpu, work: Product, out: GpuOperand): void {
  const { batches, m, n, k, length } = work;
  const tiles = batches * Math.ceil(m / SIDE) * Math.ceil(n / SIDE);
  const chunks = Math.max(1, Math.ceil(k / MAX_INNER), Math.min(Math.floor(FILLING / tiles), Math.floor(k / SHORTEST)));
  if (chunks === 1) {
    dispatch(gpu, work, tiles, 1, out);
    return;
  }
  const parts = gpu.allocator.scratch(chunks * length);
  dispatch(gpu, work, tiles, chunks, operandOf(parts, [chunks * length], [1]));
  reduce(gpu, "sum", operandOf(parts, [chunks * length], [1]), out, 1, chunks, length);
  gpu.allocator.reuse(parts);
}

// --- internal helpers ---

const SIDE = 64;

/** Depth of a slice. */
const STEP = 16;

/** Groups that fill a large device, and the shortest part of an inner dimension that is worth a group of its own. */
const [FILLING, SHORTEST] = [128, 128];

function dispatch(gpu: Gpu, work: Product, tiles: number, chunks: number, out: GpuOperand): void {
  const { a, b, bias, batches, m, n, k, window = [0, 0, 0, 0] } = work;
  const formA = formOf(a, a.column, a.row, k, m);
  const formB = formOf(b, b.row, b.column, k, n);
  const storesVectors = work.store === undefined && n % 4 === 0 && out.offset % 4 === 0;
  const typeOf = (isVector: boolean) => (isVector ? "vec4<f32>" : "f32");
  const bindings: Binding[] = [
    { name: "a", memory: a.operand.storage.handle, type: typeOf(formA !== ELEMENTS) },
    { name: "b", memory: b.operand.storage.handle, type: typeOf(formB !== ELEMENTS) },
  ];
  if (bias !== null) bindings.push({ name: "bias", memory: bias.storage.handle, type: "f32" });
  const factor = ({ offset, batch, row, column }: Factor): number[] => [offset, batch, row, column];
  run(gpu, {
    key: `product ${work.key} ${formA}${formB}${storesVectors} ${bias !== null}`,
    source: [common, ...(work.files ?? []), work.store ?? (storesVectors ? storeVector : storeRow), tiled],
    defines: () =>
      [
        `const APART = 1u;\nconst ACCUMULATE = false;\nconst WINDOW = ${window.length / 4}u;`,
        `fn first_value(batch: u32, row: u32, columns: vec4<u32>) -> vec4<f32> { return ${work.first}; }`,
        `${SLICES}\n${sliceOf("a", a, formA)}\n${sliceOf("b", b, formB)}`,
      ].join("\n"),
    bindings: [...bindings, { name: "out", memory: out.storage.handle, type: typeOf(storesVectors), write: true }],
    params: [
      ...[m, k, n, Math.ceil(m / SIDE), Math.ceil(n / SIDE), chunks * tiles, ...factor(a), ...factor(b)],
      ...[out.offset, bias?.offset ?? 0, batches, chunks === 1 ? k : Math.ceil(k / chunks / STEP) * STEP, 0, 0, ...window],
    ],
    groups: chunks * tiles,
  });
}

/** Forms in which a slice is read: element by element, in vectors along the side, or along the depth. */
const [ELEMENTS, SIDE_VECTORS, DEEP_VECTORS] = [0, 1, 2];

/** Constants that both slices have. Their rows lie one vector further apart than they are long, so that threads which fill a column write to different banks. */
const SLICES = `const SIDE = ${SIDE}u;\nconst STEP = ${STEP}u;\nconst ROW = SIDE / 4u + 1u;\nconst SIDE_VECTORS = ${SIDE_VECTORS}u;\nconst DEEP_VECTORS = ${DEEP_VECTORS}u;`;

/** How a factor is read: vectors must be whole, and begin where vectors do. */
function formOf({ element, offset, batch }: Factor, deepStep: number, sideStep: number, depth: number, size: number): number {
  if (element !== undefined) return ELEMENTS;
  const fits = (length: number, step: number) => [length, step, offset, batch].every((count) => count % 4 === 0);
  if (deepStep === 1 && fits(depth, sideStep)) return DEEP_VECTORS;
  return sideStep === 1 && fits(size, deepStep) ? SIDE_VECTORS : ELEMENTS;
}

/** matmul-slice.wgsl for one of the factors. */
function sliceOf(name: "a" | "b", { element }: Factor, form: number): string {
  const isVector = form !== ELEMENTS;
  const [side, deep] = name === "a" ? ["row", "column"] : ["column", "row"];
  const plain = `load_${name}(p.${name}_offset + batch * p.${name}_batch + i * p.${name}_${side} + k * p.${name}_${deep})`;
  return [
    `fn vector_${name}(i: u32) -> vec4<f32> { return ${isVector ? `load_${name}(i / 4u)` : "vec4<f32>()"}; }`,
    `fn element_${name}(batch: u32, i: u32, k: u32) -> f32 { ${isVector ? "return 0.0;" : (element ?? `return ${plain};`)} }`,
    `const ${name.toUpperCase()}_FORM = ${form}u;`,
    slice.replaceAll("_operand", `_${name}`).replaceAll("OPERAND", name.toUpperCase()),
  ].join("\n");
}
