import { type DropoutSpec, isContiguous, sizeOf } from "@dropwise/core/backend";
import type { Gpu } from "../gpu/gpu";
import dropoutSource from "./dropout.wgsl";
import apartSource from "./dropout-apart.wgsl";
import blockSource from "./dropout-block.wgsl";
import columnsSource from "./dropout-columns.wgsl";
import { type Draws, drawsByLayout } from "./dropout-layout";
import ownSource from "./dropout-own.wgsl";
import placeSource from "./dropout-place.wgsl";
import sharedSource from "./dropout-shared.wgsl";
import vectorSource from "./dropout-vector.wgsl";
import { floatBits, type GpuOperand, run } from "./kernel";
import philox from "./philox.wgsl";

const TWO_32 = 2 ** 32;

/** The affine select on float data; `x` is contiguous or one value for all, `out` may be `x`. */
export function dropout(gpu: Gpu, spec: DropoutSpec, x: GpuOperand, out: GpuOperand): void {
  // A single element counts as contiguous; its strides do not matter.
  inParts(gpu, spec, x, out, isContiguous(x.shape, x.strides) ? 1 : 0);
}

// --- internal helpers ---

/** Shaders count mask elements in 32 bits, from the first one of a dispatch on. */
const MAX_REACH = 2 ** 31;

/** A mask that reaches further is drawn in parts: its data is little, or it would not fit, but lies far apart in a larger mask. */
function inParts(gpu: Gpu, spec: DropoutSpec, x: GpuOperand, out: GpuOperand, step: 0 | 1): void {
  const { shape, maskStrides, elementOffset } = spec;
  const n = sizeOf(shape);
  const reach = shape.reduce((sum, size, d) => sum + (size - 1) * (maskStrides[d] as number), 0);
  if (n === 0) return;
  if (reach < MAX_REACH) {
    whole(gpu, spec, x, out, step, n);
    return;
  }
  // The halves of the first dimension; of one that is 1, what it holds.
  const [size, ...inner] = shape as [number, ...number[]];
  const [stride, ...innerStrides] = maskStrides as [number, ...number[]];
  if (size === 1) {
    inParts(gpu, { ...spec, shape: inner, maskStrides: innerStrides }, x, out, step);
    return;
  }
  const half = Math.floor(size / 2);
  const done = (n / size) * half;
  const rest = { ...spec, shape: [size - half, ...inner], elementOffset: elementOffset + half * stride };
  inParts(gpu, { ...spec, shape: [half, ...inner] }, x, out, step);
  inParts(gpu, rest, { ...x, offset: x.offset + step * done }, { ...out, offset: out.offset + done }, step);
}

function whole(gpu: Gpu, spec: DropoutSpec, x: GpuOperand, out: GpuOperand, step: 0 | 1, n: number): void {
  const residue = spec.elementOffset % 4;
  const rank = spec.shape.length;
  const draws = spec.layout === undefined ? own(spec, residue) : drawsByLayout(spec.layout, spec, n);
  const plain = rank === 1 && spec.maskStrides[0] === 1;
  const columns = plain ? draws.columns : 0;
  const vector = plain && columns === 0 && residue === 0 && out.offset % 4 === 0 && (step === 0 || x.offset % 4 === 0);
  // In vector form a value that stands for all is read alone, as an array of floats.
  const one = vector && step === 0;
  const [kind, ...main] = entryPoint(columns > 0, vector, plain, draws.isApart);
  const type = vector ? "vec4<f32>" : "f32";
  const inPlace = step === 1 && x.offset === out.offset;
  run(gpu, {
    key: `dropout ${kind}${one ? "-one" : ""} ${rank}${draws.key}`,
    source: [philox, ...draws.source, dropoutSource, ...main],
    defines: () =>
      `const RANK = ${rank}u;\n${draws.defines}${one ? "fn load_x(i: u32) -> vec4<f32> { return vec4<f32>(load_value(p.x_offset)); }" : ""}`,
    bindings: [
      one ? { name: "value", memory: x.storage.handle, type: "f32" } : { name: "x", memory: x.storage.handle, type, inPlace },
      { name: "out", memory: out.storage.handle, type, write: true },
    ],
    params: [
      ...spec.shape.flatMap((size, d) => [size, spec.maskStrides[d] as number, 0, 0]),
      ...[spec.seedLo, spec.seedHi, ...draws.params],
      ...[floatBits(spec.keepScale), floatBits(spec.keepShift), floatBits(spec.dropValue), 0, n, x.offset, step, out.offset],
      ...draws.more,
    ],
    threads: columns || Math.ceil((n + residue) / 4),
  });
}

/** The name and the WGSL files of an entry point. */
function entryPoint(byColumns: boolean, vector: boolean, plain: boolean, isApart: boolean): [name: string, ...source: string[]] {
  if (byColumns) return ["columns", columnsSource];
  if (vector) return ["vector", vectorSource];
  if (plain) return ["block", blockSource];
  return isApart ? ["apart", placeSource, apartSource] : ["shared", placeSource, sharedSource];
}

/** Draws by the default stream. */
function own({ callLo, callHi, elementOffset, threshold }: DropoutSpec, residue: number): Draws {
  const base = Math.floor(elementOffset / 4);
  const params = [callLo, callHi, base % TWO_32, Math.floor(base / TWO_32), residue, threshold];
  return { key: "", source: [ownSource], defines: "", params, more: [], isApart: false, columns: 0 };
}
