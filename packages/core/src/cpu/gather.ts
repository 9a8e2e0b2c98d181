import type { Backend, Operand } from "../backend/backend";
import type { View } from "../backend/kernels";
import type { TypedArray } from "../dtype/dtype";
import { wrongValue } from "../errors/refusal";
import type { Shape } from "../shape/shape";
import { type HostOperand, hostOperand } from "./host-operand";

/** `gather` of the contract on host memory. */
export function referenceGather(view: View): NonNullable<Backend["gather"]> {
  return (x, index, out) => gather(x.shape, host(view, x), host(view, index), out.shape, host(view, out));
}

/** `scatterAdd` of the contract on host memory. */
export function referenceScatterAdd(view: View): NonNullable<Backend["scatterAdd"]> {
  return (index, x, out) => scatterAdd(host(view, index), x.shape, host(view, x), out.shape, host(view, out));
}

/**
 * Copies rows of `row` elements to the start of `to`, one after the other: those at `places`, all of them there, where row i of `from` begins at
 * `start + i * step`. Rows that lie side by side are one.
 */
export function copyRows(from: TypedArray, start: number, step: number, places: Int32Array, row: number, to: TypedArray): void {
  let written = 0;
  for (let i = 0; i < places.length; ) {
    let at = start + (places[i] as number) * step;
    let end = at + row;
    while (++i < places.length && start + (places[i] as number) * step === end) end += row;
    // A view of a short row costs more than its elements.
    if (end - at < 64) while (at < end) to[written++] = from[at++] as number;
    else {
      to.set(from.subarray(at, end), written);
      written += end - at;
    }
  }
}

// --- internal helpers ---

function host(view: View, operand: Operand): HostOperand {
  return hostOperand(view, operand, operand.storage.dtype, operand.shape.length);
}

/** `out[o, j, i] = x[o, index[o, j, i], i]`. Checks all indices before it writes. */
function gather(xShape: Shape, x: HostOperand, index: HostOperand, outShape: Shape, out: HostOperand): void {
  const [, along, inner] = xShape as [number, number, number];
  checkIndices("gather", index, outShape, along);
  forEachIndex(index, outShape, (o, at, i, position) => {
    out.data[out.offset + position] = x.data[x.offset + (o * along + at) * inner + i] as number;
  });
}

/** `out[o, index[o, j, i], i] += x[o, j, i]`, in the order of j. Checks all indices before it writes. */
function scatterAdd(index: HostOperand, xShape: Shape, x: HostOperand, outShape: Shape, out: HostOperand): void {
  const [, along, inner] = outShape as [number, number, number];
  checkIndices("scatterAdd", index, xShape, along);
  forEachIndex(index, xShape, (o, at, i, position) => {
    const target = out.offset + (o * along + at) * inner + i;
    out.data[target] = (out.data[target] as number) + (x.data[x.offset + position] as number);
  });
}

function forEachIndex(index: HostOperand, shape: Shape, visit: (o: number, at: number, i: number, position: number) => void): void {
  const [outer, count, inner] = shape as [number, number, number];
  const [strideO, strideJ, strideI] = index.strides as [number, number, number];
  let position = 0;
  for (let o = 0; o < outer; o++) {
    for (let j = 0; j < count; j++) {
      for (let i = 0; i < inner; i++) {
        visit(o, index.data[index.offset + o * strideO + j * strideJ + i * strideI] as number, i, position++);
      }
    }
  }
}

function checkIndices(op: string, index: HostOperand, shape: Shape, along: number): void {
  forEachIndex(index, shape, (_o, at) => {
    if (at < 0 || at >= along) throw wrongValue(op, `indices in [0, ${along})`, at);
  });
}
