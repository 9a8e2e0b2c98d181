import { mergeDims } from "@dropwise/core/backend";
import type { Gpu } from "../gpu/gpu";
import { type GpuOperand, run, typeOf } from "./kernel";
import source from "./transpose.wgsl";

/** A copy as transpositions of matrices: where x and out have their elements side by side along different dimensions. */
interface Transposition {
  readonly rows: number;
  readonly columns: number;
  readonly xColumn: number;
  readonly outRow: number;
  /** Size and strides of x and out for each other dimension. */
  readonly batch: readonly (readonly [size: number, x: number, out: number])[];
}

/** Copies by tiles, with `op` and the `files` it needs as in `elementwise`. False, and nothing done, for what is no transposition of some size. */
export function transposed(gpu: Gpu, op: { key: string; files: readonly string[]; text: string }, x: GpuOperand, out: GpuOperand): boolean {
  const found = transpositionOf(x, out);
  if (found === null) return false;
  const { rows, columns, batch } = found;
  const [down, across] = [Math.ceil(rows / SIDE), Math.ceil(columns / SIDE)];
  const tiles = batch.reduce((product, [size]) => product * size, down * across);
  const four = (part: 0 | 1 | 2): number[] => [0, 1, 2, 3].map((d) => batch[d]?.[part] ?? (part === 0 ? 1 : 0));
  run(gpu, {
    key: `transpose ${op.key}`,
    source: [...op.files, source],
    defines: () => `alias T = ${typeOf(out.storage.dtype)};\n${op.text}`,
    bindings: [
      { name: "x", memory: x.storage.handle, type: typeOf(x.storage.dtype) },
      { name: "out", memory: out.storage.handle, type: typeOf(out.storage.dtype), write: true },
    ],
    params: [
      ...[...four(0), ...four(1), ...four(2)],
      ...[rows, columns, found.xColumn, found.outRow, x.offset, out.offset, down, across, tiles],
    ],
    groups: tiles,
  });
  return true;
}

// --- internal helpers ---

const SIDE = 32;

/** Below, the tiles are mostly empty. */
const LEAST_SIDE = 8;

function transpositionOf(x: GpuOperand, out: GpuOperand): Transposition | null {
  const { shape, strides } = mergeDims(out.shape, [x.strides, out.strides]);
  const [xStrides, outStrides] = strides as [number[], number[]];
  const last = shape.length - 1;
  const row = xStrides.indexOf(1);
  if (outStrides[last] !== 1 || row < 0 || row === last || shape.length > 6) return null;
  const [rows, columns] = [shape[row] as number, shape[last] as number];
  if (rows < LEAST_SIDE || columns < LEAST_SIDE) return null;
  const others = shape.map((size, d) => [size, xStrides[d] as number, outStrides[d] as number] as const);
  const batch = others.filter((_, d) => d !== row && d !== last);
  return { rows, columns, xColumn: xStrides[last] as number, outRow: outStrides[row] as number, batch };
}
