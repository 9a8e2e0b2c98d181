import { type DropoutSpec, isContiguous, sizeOf } from "@dropwise/core/backend";
import type { Gpu } from "../gpu/gpu";
import dropoutSource from "./dropout.wgsl";
import blockSource from "./dropout-block.wgsl";
import sharedSource from "./dropout-shared.wgsl";
import vectorSource from "./dropout-vector.wgsl";
import { floatBits, type GpuOperand, run } from "./kernel";
import philox from "./philox.wgsl";

const TWO_32 = 2 ** 32;

/** The affine select on float data; `x` is contiguous or one value for all, `out` may be `x`. */
export function dropout(gpu: Gpu, spec: DropoutSpec, x: GpuOperand, out: GpuOperand): void {
  const n = sizeOf(spec.shape);
  // A single element counts as contiguous; its strides do not matter.
  const step = isContiguous(x.shape, x.strides) ? 1 : 0;
  const base = Math.floor(spec.elementOffset / 4);
  const residue = spec.elementOffset % 4;
  const plain = spec.shape.length === 1 && spec.maskStrides[0] === 1;
  const vector = plain && residue === 0 && out.offset % 4 === 0 && (step === 0 || x.offset % 4 === 0);
  // In vector form a value that stands for all is read alone, as an array of floats.
  const wide = vector && step === 1;
  const kind = vector ? (wide ? "vector" : "vector-one") : plain ? "block" : "shared";
  const rank = spec.shape.length;
  const type = vector ? "vec4<f32>" : "f32";
  const inPlace = step === 1 && x.offset === out.offset;
  run(gpu, {
    key: `dropout ${kind} ${rank}`,
    source: [philox, dropoutSource, vector ? vectorSource : plain ? blockSource : sharedSource],
    defines: `const RANK = ${rank}u;\n${kind === "vector-one" ? "fn load_x(i: u32) -> vec4<f32> { return vec4<f32>(load_value(p.x_offset)); }" : ""}`,
    bindings: [
      kind === "vector-one"
        ? { name: "value", memory: x.storage.handle, type: "f32" }
        : { name: "x", memory: x.storage.handle, type, inPlace },
      { name: "out", memory: out.storage.handle, type, write: true },
    ],
    params: [
      ...spec.shape.flatMap((size, d) => [size, spec.maskStrides[d] as number, 0, 0]),
      ...[spec.seedLo, spec.seedHi, spec.callLo, spec.callHi, base % TWO_32, Math.floor(base / TWO_32), residue, spec.threshold],
      ...[floatBits(spec.keepScale), floatBits(spec.keepShift), floatBits(spec.dropValue), 0, n, x.offset, step, out.offset],
    ],
    threads: Math.ceil((n + residue) / 4),
  });
}
