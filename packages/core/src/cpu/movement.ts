import type { TypedArray } from "../dtype/dtype";
import { wrongValue } from "../errors/refusal";
import type { Shape } from "../shape/shape";
import { forEachRow, type HostOperand } from "./host-operand";

/** Copies x into out, any strides on both, converting dtypes: to bool by `!= 0`, to int32 by truncation. */
export function copy(shape: Shape, x: HostOperand, out: HostOperand): void {
  const { data: from } = x;
  const { data: to } = out;
  const toBool = to instanceof Uint8Array && !(from instanceof Uint8Array);
  forEachRow(shape, [x, out], (length, [stepX, stepOut], [startX, startOut]) => {
    let i = startX as number;
    let k = startOut as number;
    if (stepX === 1 && stepOut === 1 && !toBool) {
      to.set(from.subarray(i, i + length), k);
      return;
    }
    for (let n = 0; n < length; n++) {
      const value = from[i] as number;
      to[k] = toBool ? Number(value !== 0) : value;
      i += stepX as number;
      k += stepOut as number;
    }
  });
}

/** `out[o, j, i] = x[o, index[o, j, i], i]`. Checks all indices before it writes. */
export function gather(xShape: Shape, x: HostOperand, index: HostOperand, outShape: Shape, out: HostOperand): void {
  const [, along, inner] = xShape as [number, number, number];
  checkIndices("gather", index, outShape, along);
  forEachIndex(index, outShape, (o, at, i, position) => {
    out.data[out.offset + position] = x.data[x.offset + (o * along + at) * inner + i] as number;
  });
}

/** `out[o, index[o, j, i], i] += x[o, j, i]`, in the order of j. Checks all indices before it writes. */
export function scatterAdd(index: HostOperand, xShape: Shape, x: HostOperand, outShape: Shape, out: HostOperand): void {
  const [, along, inner] = outShape as [number, number, number];
  checkIndices("scatterAdd", index, xShape, along);
  forEachIndex(index, xShape, (o, at, i, position) => {
    const target = out.offset + (o * along + at) * inner + i;
    out.data[target] = (out.data[target] as number) + (x.data[x.offset + position] as number);
  });
}

/** Sets `length` elements from `offset` on. */
export function fill(out: TypedArray, offset: number, length: number, value: number): void {
  out.fill(value, offset, offset + length);
}

// --- internal helpers ---

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
