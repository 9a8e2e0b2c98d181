import { isContiguous, mergeDims } from "@dropwise/core/backend";
import type { GpuOperand } from "./kernel";

/** True when `operand` is contiguous and starts where `out` starts: then element i of one is element i of the other. */
export function samePlace(operand: GpuOperand, out: GpuOperand): boolean {
  return operand.offset === out.offset && isContiguous(operand.shape, operand.strides);
}

/** The dimensions that operands share, merged where that changes nothing, as strided.wgsl wants them: four words each, the size and up to three strides. */
export function dimsOf(shape: readonly number[], operands: readonly (readonly number[])[]): { rank: number; words: number[] } {
  const merged = mergeDims(shape, operands);
  const words = merged.shape.flatMap((size, d) => [size, ...[0, 1, 2].map((k) => merged.strides[k]?.[d] ?? 0)]);
  return { rank: merged.shape.length, words };
}
